/// Whether two profiles are of the same work.
enum WorkComparison {
  /// What a comparison of times must not be without: the same operations on the same shapes in the same batches.
  static func differences(_ before: Profile, _ after: Profile) -> [String] {
    var result: [String] = []
    if before.steps.isEmpty || after.steps.isEmpty { result.append("a profile has no steps") }
    let (first, second) = (work(before), work(after))
    for key in Set(first.keys).union(second.keys).sorted() where first[key] ?? 0 != second[key] ?? 0 {
      result.append("\(key): \(first[key] ?? 0) in an average step before, \(second[key] ?? 0) after")
    }
    if result.count > 10 { result = result.prefix(10) + ["\(result.count - 10) more"] }
    for (name, path) in [("examples", \StepRecord.examples), ("tokens", \StepRecord.tokens)] {
      let (a, b) = (before.steps.map { Double($0[keyPath: path]) }, after.steps.map { Double($0[keyPath: path]) })
      if Statistics.median(a) != Statistics.median(b) {
        result.append("\(Int(Statistics.median(a))) \(name) in a step before, \(Int(Statistics.median(b))) after")
      }
    }
    return result
  }

  /// What may explain a difference without being work.
  static func conditions(_ before: MachineFacts, _ after: MachineFacts) -> [String] {
    var result: [String] = []
    if before.name != after.name { result.append("machine \(before.name) before, \(after.name) after") }
    if before.threads != after.threads { result.append("\(before.threads) threads before, \(after.threads) after") }
    return result
  }

  /// For each program how often it runs in a hundred steps, and for each of its operations with its shapes how many.
  private static func work(_ profile: Profile) -> [String: Int] {
    var counts: [String: Int] = [:]
    let usage = ProgramUsage.of(profile, steps: profile.steps)
    for (i, program) in profile.programs.enumerated() where usage[i].runs > 0 {
      let runs = usage[i].runs * 100 / max(profile.steps.count, 1)
      for operation in program.operations {
        let shapes = operation.results.map(\.description).joined(separator: ", ")
        counts["\(operation.type) to \(shapes)", default: 0] += runs
      }
    }
    return counts.mapValues { $0 / 100 }
  }
}

/// Ranges by drawing from samples again and again.
enum Resampling {
  /// The range that holds 95 % of the ratios of medians; the same samples always give the same range.
  static func ratioOfMedians(_ first: [Double], _ second: [Double]) -> ClosedRange<Double> {
    guard !first.isEmpty, !second.isEmpty else { return 1...1 }
    var generator = SplitMix(state: 2024)
    var ratios: [Double] = []
    for _ in 0..<2000 {
      let denominator = Statistics.median(draw(first, &generator))
      if denominator > 0 { ratios.append(Statistics.median(draw(second, &generator)) / denominator) }
    }
    guard !ratios.isEmpty else { return 1...1 }
    return Statistics.quantile(ratios, 0.025)...Statistics.quantile(ratios, 0.975)
  }

  private static func draw(_ sample: [Double], _ generator: inout SplitMix) -> [Double] {
    sample.map { _ in sample[Int.random(in: sample.indices, using: &generator)] }
  }

  /// The generator of Steele, Lea and Flood (2014).
  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      return z ^ z >> 31
    }
  }
}
