import Martlet
import MartletKernels
public import MartletProfiling

/// A piece of work that can be done again, as it is or with a change, to see what the change brings.
public struct TrialRun {
  /// Examples in a step, by which times are divided.
  public var itemsPerStep: Int
  /// Does one step to its end, and returns a number that says whether the work is still the same, such as the loss.
  public var step: () throws -> Double?

  public init(itemsPerStep: Int = 1, step: @escaping () throws -> Double?) {
    (self.itemsPerStep, self.step) = (itemsPerStep, step)
  }
}

/// Advice that was tried, and what came of it.
public struct VerifiedAdvice: Sendable {
  public enum Outcome: Sendable, Hashable {
    /// It saves time, and not by chance.
    case confirmed
    /// It saves nothing that could be measured.
    case refuted
    /// It could not be tried, for this reason.
    case untried(String)
  }

  public var advice: Advice
  public var outcome: Outcome
  /// The part of the time per item that it saves, the median over all rounds: 0.2 is a fifth; 0 if it was not tried.
  public var gain = 0.0
  /// The smallest and the largest gain of a round.
  public var range = 0.0...0.0
  /// The bytes that a step needs more at its peak, and the relative change of what the last step returned.
  public var memoryChange: Int?
  public var resultChange: Double?
}

/// Tries advice in runs of its own, beside runs without the change.
public struct AdviceVerification {
  /// Rounds of steps with and without the change, one after the other.
  public var rounds = 7
  /// Steps in a round, and before the first.
  public var stepsPerRound = 3

  private let makeRun: (Proposal?) throws -> TrialRun?

  /// - Parameter makeRun: Sets the work up anew, with a change if one is given; nil if it does not know how.
  ///   Threads are set without its help.
  public init(_ makeRun: @escaping (Proposal?) throws -> TrialRun?) { self.makeRun = makeRun }

  /// Tries each piece of advice that comes with a change that can be tried.
  public func verify(_ advice: [Advice]) throws -> [VerifiedAdvice] {
    try advice.map { advice in
      if advice.proposal == .inspect { return VerifiedAdvice(advice: advice, outcome: .untried("there is no change")) }
      return try verify(advice)
    }
  }

  private func verify(_ advice: Advice) throws -> VerifiedAdvice {
    var threads: Int?
    if case .threads(let count) = advice.proposal { threads = count }
    guard let base = try makeRun(nil), let changed = try makeRun(threads == nil ? advice.proposal : nil) else {
      return VerifiedAdvice(advice: advice, outcome: .untried("this program does not know how"))
    }
    let usual = martlet_pool_threads()
    defer { martlet_pool_set_threads(usual) }
    var before = Trial(base, threads: usual)
    var after = Trial(changed, threads: threads ?? usual)
    try before.run(stepsPerRound)
    try after.run(stepsPerRound)
    (before.seconds, after.seconds) = ([], [])
    for _ in 0..<rounds {
      try before.run(stepsPerRound)
      try after.run(stepsPerRound)
    }
    return judge(advice, before, after)
  }

  private func judge(_ advice: Advice, _ before: Trial, _ after: Trial) -> VerifiedAdvice {
    let gains = zip(before.seconds, after.seconds).map { 1 - $1 / $0 }.sorted()
    let median = (gains[gains.count / 2] + gains[(gains.count - 1) / 2]) / 2
    // What saves less than a hundredth is no reason to change a program; and chance must be an unlikely explanation.
    let isLikely = MannWhitney(before.seconds, after.seconds).probability < 0.05
    var result = VerifiedAdvice(advice: advice, outcome: median > 0.01 && isLikely ? .confirmed : .refuted)
    (result.gain, result.range) = (median, gains[0]...gains[gains.count - 1])
    if let old = before.result, let new = after.result {
      result.resultChange = old == new ? 0 : abs(new - old) / max(abs(old), 1e-30)
    }
    if let old = before.peakBytes, let new = after.peakBytes { result.memoryChange = new - old }
    return result
  }
}

/// Steps of one of the two runs.
private struct Trial {
  private let run: TrialRun
  private let threads: Int
  /// Seconds per item, a number a round.
  var seconds: [Double] = []
  private(set) var result: Double?
  private(set) var peakBytes: Int?

  init(_ run: TrialRun, threads: Int) { (self.run, self.threads) = (run, threads) }

  mutating func run(_ steps: Int) throws {
    martlet_pool_set_threads(threads)
    if peakBytes == nil { try measureMemory() }
    let start = ContinuousClock.now
    for _ in 0..<steps { result = try run.step() }
    Recorder.current.finishFlight()
    let time = ContinuousClock.now - start
    let components = time.components
    let elapsed = Double(components.seconds) + 1e-18 * Double(components.attoseconds)
    seconds.append(elapsed / Double(steps * max(run.itemsPerStep, 1)))
  }

  /// One step that is recorded, for its peak.
  private mutating func measureMemory() throws {
    let profiler = Profiler(schedule: .init(warmupSteps: 0), machine: MachineFacts(name: "not measured"))
    _ = try run.step()
    try profiler.record { _ = try run.step() }
    peakBytes = profiler.profile().peakBytes
  }
}

extension VerifiedAdvice: CustomStringConvertible {
  /// The advice, and a line that says what came of it.
  public var description: String {
    func percent(_ part: Double) -> String { "\((part * 1000).rounded() / 10) %" }
    switch outcome {
    case .untried(let reason): return "\(advice)  Not tried: \(reason).\n"
    case .confirmed, .refuted:
      var text = outcome == .confirmed ? "  Confirmed" : "  Dropped"
      text += ": it saves \(percent(gain)) of the time (\(percent(range.lowerBound)) to \(percent(range.upperBound)))"
      if let memoryChange { text += ", needs \(memoryChange >> 10) KiB more at the peak" }
      if let resultChange { text += ", changes the result by \(resultChange)" }
      return "\(advice)\(text).\n"
    }
  }
}
