import Martlet
import MartletGraph
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct EvaluationTests {
  @Test func `tensors evaluated together are one program, and each has its value`() throws {
    let counting = CountingEngine()
    try counting.whileUsed {
      let x = Tensor([1.0, 2, 3])
      let shared = exp(x)
      let (a, b, c) = (shared.sum(), shared * 2, x + 1)
      try evaluate(a, b, c, a)
      #expect(counting.runs == 1)
      #expect(abs(a.scalar - 30.1928748506) < 1e-8)
      #expect(b.scalars().map { (v: Double) in v > 0 } == [true, true, true])
      #expect(c.scalars() == [2.0, 3, 4])
      // All is known by now.
      try Tensor.evaluate([a, b, c, x])
      #expect(counting.runs == 1)
    }
  }

  @Test func `tensors of several threads are evaluated by one call`() async throws {
    let parts = await withTaskGroup(of: (Int, Tensor).self) { group in
      for i in 0..<4 { group.addTask { (i, Tensor([Double(i)]) + 1) } }
      return await group.reduce(into: [Int: Tensor]()) { $0[$1.0] = $1.1 }
    }
    try Tensor.evaluate(Array(parts.values))
    for i in 0..<4 { #expect(parts[i]!.scalar == Double(i + 1)) }
  }

  @Test func `recordings of many thousand operations keep what a derivative needs`() {
    let x = Tensor([1.0, 2, 3])
    // Operations from before, which nothing needs any more, make room at the next opportunity.
    for _ in 0..<3000 { _ = x + 1 }
    for count in [1000, 2000, 5000] {
      let (value, gradient) = valueAndGradient(at: x) { x in
        var y = x * x
        // What was read is known, and its history is needed all the same.
        #expect(y.sum().scalar == 14)
        for _ in 0..<count { y = y + x }
        return y.sum()
      }
      #expect(value.scalar == Double(14 + count * 6))
      #expect(gradient.scalars() == [2.0, 4, 6].map { $0 + Double(count) })
    }
  }

  @Test func `nothing at all is evaluated without a program`() throws { try Tensor.evaluate([]) }

  @Test func `what only values show is thrown`() {
    let bad = Tensor([1, 2, 3]).gathered(at: Tensor([7]), axis: 0)
    #expect(throws: ExecutionError.self) { try evaluate(Tensor([1.0]) + 1, bad) }
  }
}

/// The usual engine, and how often it ran a program.
private final class CountingEngine: Engine, @unchecked Sendable {
  // Unchecked because only the test's own thread uses it.
  let name = "cpu (counted)"
  private(set) var runs = 0

  func compile(_ program: Program) throws(GraphError) -> any Executable {
    Counted(executable: try defaultEngine.compile(program), engine: self)
  }

  func allocate(byteCount: Int) throws(ExecutionError) -> Buffer { try defaultEngine.allocate(byteCount: byteCount) }

  func whileUsed(_ body: () throws -> Void) rethrows {
    let recorder = Recorder.current
    let usual = recorder.engine
    recorder.engine = self
    defer { recorder.engine = usual }
    try body()
  }

  private struct Counted: Executable {
    let executable: any Executable
    let engine: CountingEngine

    func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
      engine.runs += 1
      return try executable.run(inputs: inputs, scalars: scalars)
    }
  }
}
