#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import Martlet
import MartletCPU
import MartletKernels
public import MartletProfiling

/// A piece of work that can be done again, as it is or with a change, to see what the change brings.
public struct TrialRun {
  /// Examples in a step, by which times are divided.
  public var itemsPerStep: Int
  /// Gets what the next step needs, such as its batch; called before each step, and takes part in its time.
  public var prepare: () throws -> Void
  /// Does one step to its end, and returns a number that says whether the work is still the same, such as the loss.
  public var step: () throws -> Double?

  public init(
    itemsPerStep: Int = 1, prepare: @escaping () throws -> Void = {}, step: @escaping () throws -> Double?
  ) {
    (self.itemsPerStep, self.prepare, self.step) = (itemsPerStep, prepare, step)
  }
}

/// Tries advice in runs of its own, beside runs without the change.
public struct AdviceVerification {
  /// Rounds of steps with and without the change, one after the other; up to four times as many if that is not clear.
  public var rounds = 9
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
    let usual = martlet_pool_threads()
    defer { martlet_pool_set_threads(usual) }
    guard var before = try Trial(threads: usual, { try makeRun(nil) }),
      var after = try Trial(
        threads: threads ?? usual, { try makeRun(threads == nil ? advice.proposal : nil) })
    else { return VerifiedAdvice(advice: advice, outcome: .untried("this program does not know how")) }
    try before.run(stepsPerRound)
    try after.run(stepsPerRound)
    (before.seconds, after.seconds) = ([], [])
    var result: VerifiedAdvice
    repeat {
      for _ in 0..<rounds {
        try before.run(stepsPerRound)
        try after.run(stepsPerRound)
      }
      result = judge(advice, before, after)
      // Others may have disturbed the rounds: what looks like a gain, but is not certain, gets more of them.
    } while result.gain > 0.01 && result.outcome != .confirmed && before.seconds.count < 4 * rounds
    return result
  }

  /// The lower end of the range that holds the median with 95 %, by the chance that so few of the rounds lie below it.
  ///
  /// - Parameter gains: In ascending order.
  static func certainGain(_ gains: [Double]) -> Double {
    var (below, chance, term) = (0, 0.0, exp2(-Double(gains.count)))
    while below < gains.count {
      chance += term
      if chance > 0.05 { break }
      below += 1
      term *= Double(gains.count - below + 1) / Double(below)
    }
    return gains[max(below - 1, 0)]
  }

  private func judge(_ advice: Advice, _ before: Trial, _ after: Trial) -> VerifiedAdvice {
    let gains = zip(before.seconds, after.seconds).map { 1 - $1 / $0 }.sorted()
    let median = (gains[gains.count / 2] + gains[(gains.count - 1) / 2]) / 2
    // What saves less than a hundredth is no reason to change a program; and chance must be an unlikely explanation.
    let isLikely = MannWhitney(before.seconds, after.seconds).probability < 0.05
    let memoryChange = after.peakBytes - before.peakBytes
    // What promises memory, or to be right, need not be faster.
    let promised = max(0, AdviceVerification.certainGain(gains))
    let isFaster = median > 0.01 && promised > 0 && isLikely
    let holds = advice.largestGain == nil ? memoryChange < 0 && median > -0.05 : isFaster
    var result = VerifiedAdvice(advice: advice, outcome: holds ? .confirmed : .refuted)
    result.memoryChange = memoryChange
    (result.gain, result.range) = (median, gains[0]...gains[gains.count - 1])
    result.promisedGain = promised
    if let old = before.result, let new = after.result {
      result.resultChange = old == new ? 0 : abs(new - old) / max(abs(old), 1e-30)
    }
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
  /// What it holds between steps, and what a step needs beside that at most.
  private(set) var peakBytes: Int

  /// Nil if there is no such run.
  init?(threads: Int, _ makeRun: () throws -> TrialRun?) throws {
    martlet_pool_set_threads(threads)
    let before = LiveMemory.measured().bytes
    guard let run = try makeRun() else { return nil }
    (self.run, self.threads) = (run, threads)
    try run.prepare()
    _ = try run.step()
    try run.prepare()
    // One step that is recorded, for its peak.
    let profiler = Profiler(schedule: .init(warmupSteps: 0), machine: MachineFacts(name: "not measured"))
    try profiler.record { _ = try run.step() }
    var profile = profiler.profile()
    profile.memory.allocations.removeAll { $0.kind != .output }
    peakBytes = LiveMemory.measured().bytes - before + profile.peakBytes
  }

  mutating func run(_ steps: Int) throws {
    martlet_pool_set_threads(threads)
    let start = ContinuousClock.now
    for _ in 0..<steps {
      try run.prepare()
      result = try run.step()
    }
    Recorder.current.finishFlight()
    seconds.append((ContinuousClock.now - start).inSeconds / Double(steps * max(run.itemsPerStep, 1)))
  }
}
