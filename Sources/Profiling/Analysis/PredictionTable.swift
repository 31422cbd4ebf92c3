#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the cost model expected of each operation beside what it took.
public struct PredictionTable: Sendable {
  /// One operation.
  public struct Row: Sendable {
    /// Its name.
    public var name: String
    /// Its kind.
    public var type: String
    /// What one run of its program was expected to spend on it.
    public var predictedNanoseconds: Double
    /// What one run spent on it, on average.
    public var measuredNanoseconds: Double

    /// Measured divided by predicted.
    public var ratio: Double { measuredNanoseconds / predictedNanoseconds }
    /// How far the prediction is off, as a part of what was measured.
    public var error: Double { abs(predictedNanoseconds - measuredNanoseconds) / max(measuredNanoseconds, 1e-3) }
  }

  /// The operations, those with the most time mispredicted first.
  public let rows: [Row]
  /// The kernels that ran, those with the most time mispredicted first.
  public let kernels: [Row]
  /// Operations that ran without a prediction.
  public let unpredictedCount: Int

  /// The predictions for all steps, or one.
  public init(_ profile: Profile, step: Int = -1) throws(ProfileError) {
    let table = try OperationTable(profile, step: step)
    let usage = ProgramUsage.of(profile, steps: try profile.steps(numbered: step))
    var rows: [Row] = []
    var unpredicted = 0
    for entry in table.entries {
      let record = profile.programs[entry.program].operations[entry.index]
      guard entry.measures.nanoseconds > 0 else { continue }
      guard let predicted = record.predictedNanoseconds, predicted > 0 else {
        unpredicted += 1
        continue
      }
      let runs = Double(usage[entry.program].runs) / Double(max(table.stepCount, 1))
      rows.append(
        Row(
          name: record.name, type: record.type, predictedNanoseconds: predicted,
          measuredNanoseconds: entry.measures.nanoseconds / max(runs, 1e-9)))
    }
    self.rows = PredictionTable.sorted(rows)
    kernels = PredictionTable.sorted(PredictionTable.kernels(profile, usage))
    unpredictedCount = unpredicted
  }

  private static func kernels(_ profile: Profile, _ usage: [ProgramUsage]) -> [Row] {
    var rows: [Row] = []
    for (program, usage) in zip(profile.programs, usage) {
      for (index, kernel) in program.kernels.enumerated() where usage.kernelRuns[index] > 0 {
        let predicted = kernel.parts.reduce(0) { $0 + (program.operations[$1.operation].predictedNanoseconds ?? 0) }
        guard predicted > 0, let main = kernel.parts.max(by: { $0.share < $1.share }) else { continue }
        rows.append(
          Row(
            name: kernel.name, type: program.operations[main.operation].type, predictedNanoseconds: predicted,
            measuredNanoseconds: usage.kernelNanoseconds[index] / Double(usage.kernelRuns[index])))
      }
    }
    return rows
  }

  private static func sorted(_ rows: [Row]) -> [Row] {
    rows.sorted { a, b in
      abs(a.measuredNanoseconds - a.predictedNanoseconds) > abs(b.measuredNanoseconds - b.predictedNanoseconds)
    }
  }

  /// All measured divided by all predicted time; nil without predictions.
  public var overallRatio: Double? {
    let predicted = rows.reduce(0) { $0 + $1.predictedNanoseconds }
    return predicted > 0 ? rows.reduce(0) { $0 + $1.measuredNanoseconds } / predicted : nil
  }

  /// The kernels that together take 99 % of the time, the longest first: of the others nobody can tell a microsecond from
  /// the clock.
  public var mainKernels: [Row] {
    let all = kernels.reduce(0) { $0 + $1.measuredNanoseconds }
    var sum = 0.0
    return kernels.sorted { $0.measuredNanoseconds > $1.measuredNanoseconds }.prefix { row in
      defer { sum += row.measuredNanoseconds }
      return sum <= 0.99 * all
    }
  }

  /// The error of the prediction of which half of ``mainKernels`` have a smaller one; nil without predictions.
  public var medianError: Double? { kernels.isEmpty ? nil : Statistics.median(mainKernels.map(\.error)) }

  /// The error below which the kernels lie that take half of the time; nil without predictions.
  public var medianErrorByTime: Double? {
    let half = kernels.reduce(0) { $0 + $1.measuredNanoseconds } / 2
    var sum = 0.0
    for row in kernels.sorted(by: { $0.error < $1.error }) {
      sum += row.measuredNanoseconds
      if sum >= half { return row.error }
    }
    return nil
  }

  /// By what factor a prediction is usually wrong, whether too much or too little; nil without predictions.
  public var typicalFactor: Double? {
    rows.isEmpty ? nil : exp(Statistics.median(rows.map { abs(log($0.ratio)) }))
  }
}

extension PredictionTable: CustomStringConvertible {
  /// A table, the greatest errors first.
  public var description: String {
    var text = "  predicted    measured     ratio  operation\n"
    for row in rows {
      text += Units.time(nanoseconds: row.predictedNanoseconds).padded(toWidth: 11)
      text += Units.time(nanoseconds: row.measuredNanoseconds).padded(toWidth: 12)
      text += Units.fixed(row.ratio).padded(toWidth: 10) + "  \(row.name) (\(row.type))\n"
    }
    if let overallRatio, let typicalFactor {
      text += "\nAll in all \(Units.fixed(overallRatio)) times the prediction; "
      text += "usually off by a factor of \(Units.fixed(typicalFactor)).\n"
    }
    if let medianError, let medianErrorByTime {
      text += "Median error of the \(mainKernels.count) kernels with 99% of the time: \(Units.percent(medianError)); "
      text += "of those that take half of the time at most \(Units.percent(medianErrorByTime)).\n"
    }
    if unpredictedCount > 0 { text += "\(unpredictedCount) operations ran without a prediction.\n" }
    return text
  }
}
