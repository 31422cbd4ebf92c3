/// How long steps take, how much that varies, and which of them are unlike the others.
public struct StepStatistics: Sendable {
  /// A step that took much longer or shorter than most.
  public struct Outlier: Sendable, Hashable {
    /// The number of the step.
    public var step: Int
    /// How long it took.
    public var nanoseconds: Double
    /// How many times the usual spread it is away from the median.
    public var deviations: Double
    /// What took longer or shorter than usual, the greatest difference first.
    public var differences: [Difference]
  }

  /// Something that took another time than usual.
  public struct Difference: Sendable, Hashable {
    /// What: a wait, the run of a program, a kernel or the rest.
    public var name: String
    /// How much longer than in the median step.
    public var nanoseconds: Double
  }

  /// How many steps there are.
  public let count: Int
  /// The median time of a step.
  public let medianNanoseconds: Double
  /// The median distance of steps from the median.
  public let deviationNanoseconds: Double
  /// The shortest and longest step.
  public let range: ClosedRange<Double>
  /// Nine in ten steps are not longer.
  public let ninetiethNanoseconds: Double
  /// Steps that are unlike the others, the farthest first.
  public let outliers: [Outlier]

  /// The statistics of all recorded steps.
  ///
  /// An outlier is farther from the median than five times the usual spread, and than a twentieth of the median: the
  /// spread of a handful of steps is no measure when they are nearly the same.
  public init(_ profile: Profile) {
    let times = profile.steps.map { Double($0.nanoseconds) }
    let median = Statistics.median(times)
    // For the normal distribution the standard deviation is 1.4826 median deviations.
    let deviation = Statistics.medianDeviation(times)
    let spread = max(1.4826 * deviation, median / 100)
    (count, medianNanoseconds, deviationNanoseconds) = (times.count, median, deviation)
    range = (times.min() ?? 0)...(times.max() ?? 0)
    ninetiethNanoseconds = Statistics.quantile(times, 0.9)
    let parts = profile.steps.map { profile.parts(of: $0) }
    let usual = StepStatistics.medians(parts)
    var outliers: [Outlier] = []
    for (i, step) in profile.steps.enumerated() where times.count >= 3 && abs(times[i] - median) > 5 * spread {
      outliers.append(
        Outlier(
          step: step.index, nanoseconds: times[i], deviations: (times[i] - median) / spread,
          differences: StepStatistics.differences(parts[i], usual)))
    }
    self.outliers = outliers.sorted { abs($0.deviations) > abs($1.deviations) }
  }

  private static func medians(_ parts: [[String: Double]]) -> [String: Double] {
    var result: [String: Double] = [:]
    for name in Set(parts.flatMap(\.keys)) { result[name] = Statistics.median(parts.map { $0[name] ?? 0 }) }
    return result
  }

  private static func differences(_ parts: [String: Double], _ usual: [String: Double]) -> [Difference] {
    let names = Set(parts.keys).union(usual.keys)
    let all = names.map { Difference(name: $0, nanoseconds: (parts[$0] ?? 0) - (usual[$0] ?? 0)) }
    return all.filter { $0.nanoseconds != 0 }.sorted { a, b in
      abs(a.nanoseconds) != abs(b.nanoseconds) ? abs(a.nanoseconds) > abs(b.nanoseconds) : a.name < b.name
    }.prefix(5).map { $0 }
  }

  /// One line: `10 steps: median 1.20ms, median deviation 0.02ms, …`.
  public var summary: String {
    func time(_ value: Double) -> String { Units.time(nanoseconds: value) }
    var text = "\(count) steps: median \(time(medianNanoseconds)), median deviation \(time(deviationNanoseconds)), "
    text += "\(time(range.lowerBound)) to \(time(range.upperBound)), nine in ten within \(time(ninetiethNanoseconds))"
    guard !outliers.isEmpty else { return text }
    return text + "; unlike the others: \(outliers.prefix(5).map { "step \($0.step)" }.joined(separator: ", "))"
  }
}

extension Profile {
  /// What the time of a step went to, by name.
  func parts(of step: StepRecord) -> [String: Double] {
    var parts: [String: Double] = [:]
    var known = 0.0
    for wait in step.waits {
      let idle = Double(step.idleNanoseconds(wait))
      parts["wait: \(wait.kind.rawValue)", default: 0] += idle
      known += idle
    }
    for run in step.runs {
      let program = programs[run.program]
      known += Double(run.endNanoseconds - run.startNanoseconds)
      if run.kernels.isEmpty {
        parts["program: \(program.name)", default: 0] += Double(run.endNanoseconds - run.startNanoseconds)
      }
      for time in run.kernels {
        parts["kernel: \(program.kernels[time.kernel].name)", default: 0] += Double(time.nanoseconds)
      }
    }
    parts["everything else"] = max(0, Double(step.nanoseconds) - known)
    return parts
  }
}
