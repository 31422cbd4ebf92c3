import Martlet
import MartletKernels
import MartletProfiler
import MartletTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Programs with one thing wrong, which advice finds at its line, proves, and whose remedy then saves what was promised.
@Suite(.serialized, .endsAtZero) struct PlantedTests {
  @Test func `a small network that is recorded anew at every step`() throws {
    var line: UInt = 0
    try check(.recording, at: { line }) {
      let weights = (0..<24).map { Parameter(Tensor.normal([8, 8], standardDeviation: 0.3, seed: UInt64($0))) }
      let x = Tensor.normal([4, 8], seed: 99)
      try evaluate(x)
      return TrainingTrial(
        Weights(weights: weights), batchSize: 4, optimizer: { SGD($0, learningRate: 1e-3) }, batches: { _ in { [x] } },
        loss: { batch in
          line = #line + 1
          return weights.reduce(batch[0]) { tanh(matmul($0, $1.tensor)) }.sum()
        })
    }
  }

  @Test(.enabled(if: isQuiet, needsQuiet)) func `values that are read in the middle of a step`() throws {
    let x = Tensor.normal([32, 32], seed: 1)
    try evaluate(x)
    var line: UInt = 0
    try check(.reads, at: { line }) { proposal in
      let isReading = if case .readLess = proposal { false } else { true }
      return TrialRun {
        var sum = Tensor.zeros([])
        for turn in 0..<30 {
          let value = (matmul(x, x) * Double(turn)).sum()
          line = #line + 1
          if isReading { _ = value.scalar }
          sum = sum + value
        }
        return sum.scalar
      }
    }
  }

  @Test func `pictures in another order than a convolution needs`() throws {
    let channelsFirst = Tensor.normal([8, 16, 96, 96], seed: 1)
    let channelsLast = channelsFirst.transposed([0, 2, 3, 1]) + 0
    let filter = Tensor.normal([1, 1, 16, 4], seed: 2)
    try evaluate(channelsFirst, channelsLast, filter)
    var line: UInt = 0
    try check(.copies, at: { line }) { proposal in
      let isOrdered = if case .removeCopies = proposal { true } else { false }
      return TrialRun {
        line = #line + 1
        let x = isOrdered ? channelsLast : channelsFirst.transposed([0, 2, 3, 1])
        return conv2D(x, filter).sum().scalar
      }
    }
  }

  @Test func `a loader that keeps the program waiting`() throws {
    let x = Tensor.normal([256, 256], seed: 1)
    try evaluate(x)
    try check(.input) { proposal in
      if case .prefetch(let count) = proposal {
        let ready = Stock(count)
        return TrialRun {
          ready.take()
          return matmul(matmul(x, x), x).sum().scalar
        }
      }
      // What the program does between steps is not inside of what is recorded as one.
      return TrialRun(prepare: { usleep(2000) }, step: { matmul(matmul(x, x), x).sum().scalar })
    }
  }

  @Test(.enabled(if: isQuiet, needsQuiet)) func `one thread where there are more processors`() throws {
    guard martlet_core_count() > 1 else { return }
    let x = Tensor.normal([512, 512], seed: 1)
    try evaluate(x)
    martlet_pool_set_threads(1)
    defer { martlet_pool_set_threads(0) }
    try check(.threads) { _ in TrialRun { matmul(matmul(x, x), x).sum().scalar } }
  }

  @Test func `batches too small for the machine`() throws {
    try check(.batchSize) {
      let weight = Parameter(Tensor.normal([512, 512], standardDeviation: 0.05, seed: 1))
      return TrainingTrial(
        Weights(weights: [weight]), batchSize: 2, optimizer: { SGD($0, learningRate: 1e-6) },
        batches: { plan in
          let x = Tensor.normal([plan.size, 512], seed: 2)
          try evaluate(x)
          return { [x] }
        }, loss: { batch in tanh(matmul(batch[0], weight.tensor)).sum() })
    }
  }

  @Test func `padding`() throws {
    let weight = Tensor.normal([64, 64], seed: 1)
    try evaluate(weight)
    // Lengths of examples as they come, and sorted: a batch is padded to its longest.
    let lengths = (0..<64).map { 8 + $0 * 37 % 64 * 4 }
    try check(.padding, padding: (tokens: 4 * 260, padded: 4 * 120)) { proposal in
      let isSorted = if case .bucketByLength = proposal { true } else { false }
      let order = isSorted ? lengths.sorted() : lengths
      // A step goes through all examples: sorted, batches differ in length from one end to the other.
      return TrialRun(itemsPerStep: lengths.count) {
        var total = 0.0
        for next in stride(from: 0, to: lengths.count, by: 4) {
          let x = Tensor.ones([4, order[next..<next + 4].max()!, 64])
          total += matmul(tanh(matmul(x, weight)), weight).sum().scalar
        }
        return total
      }
    }
  }

  @Test func `a parameter that nothing reads`() throws {
    func makeWeights(_ hasDead: Bool) throws -> Weights {
      let sizes = hasDead ? [64, 1024] : [64]
      let weights = sizes.map { Parameter(Tensor.normal([$0, $0], seed: 1)) }
      for weight in weights { try evaluate(weight.tensor) }
      return Weights(weights: weights)
    }
    func makeRun(_ proposal: Proposal?) throws -> TrialRun? {
      let isRemoved = if case .removeParameters = proposal { true } else { false }
      let model = try makeWeights(!isRemoved)
      return TrialRun { matmul(Tensor.ones([8, 64]), model.weights[0].tensor).sum().scalar }
    }
    let model = try makeWeights(true)
    let profiler = Profiler(model, schedule: .init(warmupSteps: 0), machine: MachineFacts(name: "none"))
    for _ in 0..<3 { profiler.step { _ = matmul(Tensor.ones([8, 64]), model.weights[0].tensor).sum().scalar } }
    let advice = profiler.profile().advice([.parameters])
    #expect(advice.map(\.proposal) == [.removeParameters(["weights.1"])])
    #expect(advice.first?.places == ["weights.1"])
    let verified = try confirmed(advice, makeRun)
    #expect(verified.outcome == .confirmed, "\(verified)")
    #expect(verified.memoryChange ?? 0 < -1024 * 1024 * 4 * 95 / 100)
  }

  @Test func `of a sound program nothing is claimed that does not hold`() throws {
    let weight = Parameter(Tensor.normal([768, 768], standardDeviation: 0.03, seed: 1))
    let x = Tensor.normal([768, 768], seed: 2)
    try evaluate(x)
    func makeRun(_ proposal: Proposal?) throws -> TrialRun? {
      try TrainingTrial(
        Weights(weights: [weight]), batchSize: 768, readsLoss: false, optimizer: { SGD($0, learningRate: 1e-9) },
        batches: { _ in { [x] } }, loss: { matmul(tanh(matmul($0[0], weight.tensor)), weight.tensor).sum() }
      ).run(proposal)
    }
    let advice = try record(try #require(try makeRun(nil))).advice()
    let claims = try AdviceVerification(makeRun).verify(advice).filter { $0.outcome == .confirmed }
    for claim in claims {
      #expect(try gain(of: claim.advice.proposal, makeRun) > 0, "\(claim)")
    }
  }
}

// MARK: - Checking

extension PlantedTests {
  private struct Weights: Module {
    let weights: [Parameter]
  }

  /// Finds the fault, proves the advice, applies it once more and compares with what was promised.
  private func check(
    _ checker: AdviceChecker, at line: () -> UInt = { 0 }, padding: (tokens: Int, padded: Int) = (0, 0),
    _ makeRun: (Proposal?) throws -> TrialRun?
  ) throws {
    let advice = try record(try #require(try makeRun(nil)), padding: padding).advice([checker])
    try #require(!advice.isEmpty, "\(checker) finds nothing")
    if line() > 0 {
      #expect(advice[0].places.contains { $0.contains("PlantedTests.swift:\(line())") }, "\(advice[0])")
    }
    // What follows compares times.
    guard isQuiet else { return }
    try withoutActuallyEscaping(makeRun) { makeRun in
      let verified = try AdviceVerification(makeRun).verify(advice)
      let confirmed = try #require(verified.first { $0.outcome == .confirmed }, "\(verified)")
      #expect(confirmed.promisedGain > 0)
      let gain = try gain(of: confirmed.advice.proposal, makeRun)
      #expect(gain >= 0.8 * confirmed.promisedGain, "\(confirmed) \(gain)")
    }
  }

  private func check(
    _ checker: AdviceChecker, at line: () -> UInt = { 0 }, _ training: () throws -> TrainingTrial
  ) throws {
    try check(checker, at: line) { try training().run($0) }
  }

  /// A profile of some steps.
  private func record(_ run: TrialRun, padding: (tokens: Int, padded: Int) = (0, 0)) throws -> Profile {
    let profiler = Profiler(schedule: .init(warmupSteps: 5))
    for _ in 0..<20 {
      try run.prepare()
      try profiler.step(examples: run.itemsPerStep, tokens: padding.tokens, paddedTokens: padding.padded) {
        _ = try run.step()
      }
    }
    return profiler.profile()
  }

  /// The part of the time that a change saves, measured with rounds of this test's own.
  private func gain(of proposal: Proposal, _ makeRun: (Proposal?) throws -> TrialRun?) throws -> Double {
    var threads: Int?
    if case .threads(let count) = proposal { threads = count }
    let usual = martlet_pool_threads()
    let before = try #require(try makeRun(nil))
    let after = try #require(try makeRun(threads == nil ? proposal : nil))
    func seconds(_ run: TrialRun, _ threads: Int) throws -> Double {
      martlet_pool_set_threads(threads)
      defer { martlet_pool_set_threads(usual) }
      let start = ContinuousClock.now
      for _ in 0..<4 {
        try run.prepare()
        _ = try run.step()
      }
      Recorder.current.finishFlight()
      return (ContinuousClock.now - start).inSeconds / Double(run.itemsPerStep)
    }
    var gains: [Double] = []
    for _ in 0..<16 {
      let (old, new) = (try seconds(before, usual), try seconds(after, threads ?? usual))
      // The first round is one of warming up.
      gains.append(1 - new / old)
    }
    return gains.dropFirst().sorted()[7]
  }
}

/// Things that a thread prepares ahead, two milliseconds each.
private final class Stock: Sendable {
  private let monitor = Monitor()
  nonisolated(unsafe) private var count = 0
  nonisolated(unsafe) private var isOver = false

  init(_ limit: Int) {
    _ = startThread { [weak self] in
      while true {
        usleep(2000)
        guard let self, !self.isOver else { return }
        self.monitor.locked {
          self.count = min(self.count + 1, limit)
          self.monitor.notifyAll()
        }
      }
    }
  }

  deinit { isOver = true }

  func take() {
    monitor.locked {
      while count == 0 { monitor.wait() }
      count -= 1
    }
  }
}
