/// What several checkers need to know of a profile.
struct AdviceContext {
  let profile: Profile
  let table: OperationTable
  let roofline: Roofline
  let memory: MemoryReport
  /// The time of all steps.
  let total: Double
  let stepCount: Double

  /// Nil without a recorded step.
  init?(_ profile: Profile) {
    guard !profile.steps.isEmpty, let table = try? OperationTable(profile), let roofline = try? Roofline(profile),
      let memory = try? MemoryReport(profile)
    else { return nil }
    (self.profile, self.table, self.roofline, self.memory) = (profile, table, roofline, memory)
    total = profile.steps.reduce(0) { $0 + Double($1.nanoseconds) }
    stepCount = Double(profile.steps.count)
    guard total > 0 else { return nil }
  }

  /// What one checker finds.
  func advice(_ checker: AdviceChecker) -> [Advice] {
    switch checker {
    case .acceleratorUtilization: acceleratorUtilization()
    case .operation: operationForms()
    case .expensiveOperation: expensiveOperations()
    case .job: job()
    case .recompilation: recompilation()
    case .recording: recording()
    case .reads: reads()
    case .tinyOperations: tinyOperations()
    case .copies: copies()
    case .elementType: elementTypes()
    case .parameters: parameters()
    case .padding: padding()
    case .input: input()
    case .threads: threads()
    case .batchSize: batchSize()
    case .checkpointing: checkpointing()
    case .counts: counts()
    }
  }

  /// The time of all waits of a kind.
  func waited(_ kind: Wait.Kind) -> Double {
    profile.steps.reduce(0) { sum, step in
      sum + step.waits.reduce(0) { $0 + ($1.kind == kind ? Double($1.nanoseconds) : 0) }
    }
  }

  /// The time of all waits of a kind during which no program ran.
  func idled(_ kind: Wait.Kind) -> Double {
    profile.steps.reduce(0) { sum, step in
      sum + step.waits.reduce(0) { $0 + ($1.kind == kind ? Double(step.idleNanoseconds($1)) : 0) }
    }
  }

  /// Evidence that is a part of something.
  func share(_ name: String, _ value: Double) -> Advice.Evidence {
    Advice.Evidence(name: name, value: value, text: Units.percent(value))
  }

  /// Evidence that is a number of things.
  func count(_ name: String, _ value: Double) -> Advice.Evidence {
    Advice.Evidence(name: name, value: value, text: Units.count(value))
  }

  /// Evidence that is a time, in nanoseconds.
  func time(_ name: String, _ value: Double) -> Advice.Evidence {
    Advice.Evidence(name: name, value: value, text: Units.time(nanoseconds: value))
  }

  /// Evidence that is a size.
  func bytes(_ name: String, _ value: Double) -> Advice.Evidence {
    Advice.Evidence(name: name, value: value, text: Units.bytes(value))
  }

  /// The innermost line of the program in a stack; one of the library's functions and layers if there is no other.
  func place(_ stack: Int?) -> String {
    guard let stack else { return "(no source line)" }
    let frames = profile.stacks[stack].map { profile.frames[$0] }
    let own = frames.first { !$0.file.contains("Sources/Martlet/") }
    return (own ?? frames.first)?.label ?? "(no source line)"
  }

  /// Names by their sums, the largest first.
  func ranked(_ sums: [String: Double]) -> [(name: String, value: Double)] {
    sums.map { (name: $0.key, value: $0.value) }.sorted { ($0.value, $1.name) > ($1.value, $0.name) }
  }
}
