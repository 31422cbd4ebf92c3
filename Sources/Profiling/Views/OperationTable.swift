/// Every operation of every program, with what it took in the chosen steps.
struct OperationTable: Sendable {
  /// One operation.
  struct Entry: Sendable {
    /// The index of its program.
    var program: Int
    /// Its index in the program.
    var index: Int
    /// What it took.
    var measures: Measures
  }

  let profile: Profile
  private(set) var entries: [Entry] = []
  /// Where the entries of each program begin.
  let starts: [Int]
  /// How many steps the measures are the average of.
  let stepCount: Int

  /// Gathers measures.
  ///
  /// - Parameter step: The number of a step, or -1 for the average of all.
  /// - Throws: ``ProfileError`` if there is no such step.
  init(_ profile: Profile, step: Int = -1) throws(ProfileError) {
    self.profile = profile
    let steps = try profile.steps(numbered: step)
    stepCount = steps.count
    var starts: [Int] = []
    var total = 0
    for program in profile.programs {
      starts.append(total)
      total += program.operations.count
    }
    self.starts = starts
    let usage = ProgramUsage.of(profile, steps: steps)
    entries.reserveCapacity(total)
    var seen: Set<String> = []
    for (i, program) in profile.programs.enumerated() {
      let cost = ProgramCost(program, usage[i], stepCount: stepCount, isStatic: profile.steps.isEmpty)
      for (j, operation) in program.operations.enumerated() {
        var measures = cost.measures(of: j)
        // A variable that several programs read is counted once.
        if operation.parameters > 0 {
          let key = operation.variable.map { "\($0)" } ?? operation.name
          if seen.insert(key).inserted { measures[.parameters] = Double(operation.parameters) }
        }
        entries.append(Entry(program: i, index: j, measures: measures))
      }
    }
  }

  /// The record of an entry.
  func record(_ entry: Int) -> OperationRecord {
    profile.programs[entries[entry].program].operations[entries[entry].index]
  }

  /// The types by which an operation can be picked: its kind, its device and what the user added.
  func types(of entry: Int) -> [String] {
    let record = record(entry)
    return [record.type, record.device] + record.userTypes
  }
}

extension Profile {
  /// The recorded steps with a number, or all for -1.
  func steps(numbered step: Int) throws(ProfileError) -> [StepRecord] {
    if step == -1 { return steps }
    let chosen = steps.filter { $0.index == step }
    guard chosen.isEmpty else { return chosen }
    let known = steps.isEmpty ? "no step was" : "steps \(Profile.ranges(steps.map(\.index))) were"
    throw ProfileError(.noSuchStep, "step", "step \(step) was not recorded; \(known)")
  }

  /// Numbers as text, with runs of them joined: `0-4, 7`.
  static func ranges(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, number <= last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(number, last.upperBound)
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: ", ")
  }
}

/// How often a program and its kernels ran, and for how long.
struct ProgramUsage: Sendable {
  var runs = 0
  /// For each kernel, how often it ran.
  var kernelRuns: [Int]
  /// For each kernel, all its time.
  var kernelNanoseconds: [Double]

  /// The usage of each program in some steps.
  static func of(_ profile: Profile, steps: [StepRecord]) -> [ProgramUsage] {
    var usage = profile.programs.map { program in
      ProgramUsage(
        kernelRuns: [Int](repeating: 0, count: program.kernels.count),
        kernelNanoseconds: [Double](repeating: 0, count: program.kernels.count))
    }
    for step in steps {
      for run in step.runs {
        usage[run.program].runs += 1
        for time in run.kernels {
          usage[run.program].kernelRuns[time.kernel] += 1
          usage[run.program].kernelNanoseconds[time.kernel] += Double(time.nanoseconds)
        }
      }
    }
    return usage
  }
}
