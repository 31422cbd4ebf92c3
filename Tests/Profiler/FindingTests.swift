import Martlet
import MartletProfiler
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Programs with one thing wrong, and whether a profile shows it, at the right line.
struct FindingTests {
  private func profile(steps: Int = 6, _ body: () -> Void) -> Profile {
    let profiler = Profiler(schedule: .init(warmupSteps: 2), machine: MachineFacts(name: "none"))
    for _ in 0..<steps + 2 { profiler.step(body) }
    return profiler.profile()
  }

  /// The innermost line of a file below which nearly all of the time is spent, by the code view.
  private func slowestLine(of file: String, in profile: Profile) throws -> Int? {
    let rows = try profile.view(.code).rows
    let slow = rows.filter { row in
      let frame = row.frame.map { profile.frames[$0] }
      return frame?.file.hasSuffix(file) == true && row.total(.micros) > 0.8 * rows[0].total(.micros)
    }
    return slow.max { $0.level < $1.level }?.frame.map { profile.frames[$0].line }
  }

  /// Whether a call on a line of this file led to something.
  private func isAt(_ line: Int, _ stack: Int?, _ profile: Profile) -> Bool {
    guard let stack else { return false }
    for frame in profile.stacks[stack] {
      let place = profile.frames[frame]
      if place.line == line, place.file.hasSuffix("FindingTests.swift") { return true }
    }
    return false
  }

  @Test func `a slow line is found`() throws {
    let small = Tensor.normal([8, 8], seed: 1)
    let large = Tensor.normal([512, 512], seed: 2)
    try evaluate(small, large)
    var slow: UInt = 0
    let recorded = profile {
      let quick = matmul(small, small)
      slow = #line + 1
      let result = matmul(large, large).sum()
      _ = (quick.sum() + result).scalar
    }
    #expect(try slowestLine(of: "FindingTests.swift", in: recorded) == Int(slow))
  }

  @Test func `a line is found through a gradient, an optimizer and a generic layer`() throws {
    struct Wrapper<Inner: Layer>: Layer {
      let inner: Inner
      func callAsFunction(_ x: Tensor) -> Tensor { inner(x) }
    }
    let model = Wrapper(
      inner: Sequential {
        Dense(256, 256)
        Activation.relu
        Dense(256, 4)
      })
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    let x = Tensor.normal([64, 256], seed: 1)
    var line: UInt = 0
    let recorded = profile {
      line = #line + 1
      let (loss, gradients) = valueAndGradient { model(x).sum() }
      optimizer.update(with: gradients)
      _ = loss.scalar
    }
    let products = recorded.programs.flatMap(\.operations).filter { operation in
      operation.type == "matmul" && isAt(Int(line), operation.stack, recorded)
    }
    #expect(products.filter { $0.phase == .backward }.count >= 2)
    #expect(products.filter { $0.phase == .forward }.count >= 2)
    #expect(Set(products.map(\.layerPath)) == ["inner/0", "inner/2"])
  }

  @Test func `results that are kept at every step are found`() throws {
    var kept: [Tensor] = []
    let x = Tensor.normal([64, 64], seed: 1)
    var line: UInt = 0
    let recorded = profile {
      line = #line + 1
      let result = matmul(x, x)
      _ = try? result.evaluated()
      kept.append(result)
      _ = (result.sum() * 2).scalar
    }
    let report = try MemoryReport(recorded)
    #expect(report.stillHeld.count == 1, "\(report.stillHeld)")
    #expect(report.stillHeld.first?.bytes == Double(kept.suffix(6).count * 64 * 64 * 4))
    #expect("\(report)".contains("leak"))
    let places = recorded.memory.allocations.map(\.stack)
    #expect(places.contains { isAt(Int(line), $0, recorded) })
  }

  @Test func `a loader that starves the loop is found`() throws {
    let profiler = Profiler(schedule: .init(warmupSteps: 2), machine: MachineFacts(name: "none"))
    let x = Tensor.normal([16, 16], seed: 1)
    for _ in 0..<8 {
      usleep(5000)
      profiler.step { _ = matmul(x, x).sum().scalar }
    }
    let advice = profiler.profile().advice([.input])
    #expect(advice.count == 1)
    #expect((advice.first?.largestGain ?? 0) > 0.5)
    guard case .prefetch? = advice.first?.proposal else {
      Issue.record("prefetching is what helps")
      return
    }
  }

  @Test func `an array of another layout that is copied at every step is found`() throws {
    let images = Tensor.normal([4, 64, 64, 16], seed: 1)
    let recorded = profile {
      // A sort needs its axis last, so this is copied.
      _ = images.transposed([0, 3, 1, 2]).sorted(axis: -1).sum().scalar
    }
    let copies = recorded.programs.flatMap(\.operations).filter { $0.type == "copy" }
    #expect(!copies.isEmpty)
  }

  @Test func `advice that does not hold is dropped, and advice that does is confirmed`() throws {
    let x = Tensor.normal([256, 256], seed: 1)
    func run(_ repeats: Int) -> TrialRun {
      TrialRun {
        for _ in 0..<repeats { _ = matmul(x, x).sum().scalar }
        return 1
      }
    }
    let advice = try #require(
      profile { _ = matmul(x, x).sum().scalar }.advice([.expensiveOperation]).first)
    var compiling = advice
    compiling.proposal = .compileStep
    let good = try confirmed([compiling]) { $0 == nil ? run(8) : run(2) }
    #expect(good.outcome == .confirmed, "\(good)")
    #expect(good.gain > 0.4 && good.resultChange == 0)
    let useless = try AdviceVerification { $0 == nil ? run(2) : run(3) }.verify([compiling])
    #expect(useless[0].outcome == .refuted)
    let unknown = try AdviceVerification { $0 == nil ? run(1) : nil }.verify([compiling, advice])
    #expect(unknown.allSatisfy { if case .untried = $0.outcome { true } else { false } })
  }
}
