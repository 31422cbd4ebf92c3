import Martlet
import MartletGraph
import MartletTestSupport
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What happens while the program of a step is running, and when it fails.
@Suite(.endsAtZero) struct StepTests {
  @Test func `recording goes on while a step runs, and a read waits`() {
    let gate = Gate()
    let weight = Parameter(Tensor([1, 2] as [Float]))
    let optimizer = SGD([weight], learningRate: 0.5)
    optimizer.update(with: valueAndGradient { gate.passed(weight.tensor).sum() }.gradients)
    // The program cannot have ended, for the gate is closed; and this thread is here.
    #expect(!gate.isOpen)
    let next = weight.tensor * 10
    gate.open()
    #expect(next.scalars(as: Float.self) == [5, 15])
    #expect(weight.tensor.scalars(as: Float.self) == [0.5, 1.5])
  }

  @Test func `steps that overlap give what single ones give`() {
    func trained(reading: Bool) -> [UInt64] {
      let model = Dense(8, 4, seed: 2)
      let optimizer = Adam(model.parameters, learningRate: 0.05)
      let x = Tensor.normal([16, 8], seed: 4)
      for _ in 0..<20 {
        let (loss, gradients) = valueAndGradient { power(slow(model(x)), 2).mean() }
        optimizer.update(with: gradients)
        if reading { _ = loss.scalar }
      }
      return (model.variables + optimizer.states).flatMap { $0.tensor.words }
    }
    #expect(trained(reading: false) == trained(reading: true))
  }

  @Test func `more nodes than are kept are recorded while a step runs`() {
    let gate = Gate()
    let weight = Parameter(Tensor([1] as [Float]))
    let optimizer = SGD([weight], learningRate: 1)
    optimizer.update(with: valueAndGradient { gate.passed(weight.tensor).sum() }.gradients)
    let kept = weight.tensor
    var chain = weight.tensor
    for _ in 0..<20_000 { chain = chain + 1 }
    gate.open()
    #expect(chain.scalar == 20_000)
    #expect(kept.scalar == 0)
  }

  @Test func `another thread reads what is still running`() {
    let gate = Gate()
    let weight = Parameter(Tensor([3] as [Float]))
    let optimizer = SGD([weight], learningRate: 1)
    optimizer.update(with: valueAndGradient { gate.passed(weight.tensor).sum() }.gradients)
    let value = weight.tensor
    let seen = Mutex<Double?>(nil)
    onThreads(2) { thread in
      if thread == 0 { seen.withLock { $0 = value.scalar } } else { gate.open() }
    }
    #expect(seen.withLock { $0 } == 2)
  }

  @Test func `a tensor that somebody keeps does not change when a step overwrites its variable`() {
    let weight = Parameter(.ones([1000]))
    let optimizer = SGD([weight], learningRate: 1)
    var kept: [Tensor] = []
    for _ in 0..<4 {
      kept.append(weight.tensor)
      optimizer.update(with: valueAndGradient { slow(weight.tensor).sum() }.gradients)
    }
    #expect(kept.map { $0[7].scalar } == [1, 0, -1, -2])
  }

  @Test(arguments: [false, true])
  func `a step that fails changes nothing, whatever it had replaced`(isLate: Bool) throws {
    let model = NormalizedTable()
    let optimizer = Adam(model.parameters, learningRate: 0.1)
    func step(_ rows: [Int]) throws {
      try checked {
        withMode(.training) {
          let rows = Tensor(rows)
          let gradients = valueAndGradient { power(slow(model(rows)), 2).mean() }.gradients
          optimizer.update(with: gradients)
          if isLate { _ = model.norm.variables[0].tensor + 1 }
        }
      }
    }
    try step([0, 1, 2])
    let variables = model.variables + optimizer.states
    let before = variables.map { $0.tensor.words }
    let error = #expect(throws: ExecutionError.self) { try step([0, 1, 9]) }
    #expect("\(error!)".contains("gather: index 9"))
    #expect(variables.map { $0.tensor.words } == before)
    try step([0, 1, 2])
    #expect(variables.map { $0.tensor.words } != before)
  }

  @Test func `an error is reported at the next read, with the line of its operation, and can be lived with`() throws {
    let weight = Parameter(Tensor([1, 2, 3] as [Float]))
    let optimizer = SGD([weight], learningRate: 1)
    func update(_ index: Int) {
      let rows = Tensor([index])
      optimizer.update(
        with: valueAndGradient {
          exp(slow(weight.tensor * 0).gathered(at: rows, line: 4711) + weight.tensor.gathered(at: rows) * 0).sum()
        }.gradients)
    }
    update(0)
    _ = try weight.tensor.evaluated()
    update(7)
    let next = weight.tensor * 2
    let error = #expect(throws: ExecutionError.self) { try next.evaluated() }
    #expect("\(error!)".contains("gather: index 7") && "\(error!)".hasSuffix(":4711"), "\(error!)")
    #expect(weight.tensor.scalars(as: Float.self) == [1, 2, 3])
    #expect(optimizer.step.tensor.scalar == 1)
    // What was computed from the failed step fails again; what comes afterwards does not.
    #expect(throws: ExecutionError.self) { try next.evaluated() }
    update(1)
    #expect(weight.tensor.scalars(as: Float.self) == [1, 2, 3])
    #expect(optimizer.step.tensor.scalar == 2)
  }

  @Test func `the line is that of this recording, not of the first that had the same structure`() throws {
    let table = Tensor([1, 2, 3] as [Float])
    func lookUp(_ index: Int, line: UInt) throws -> Tensor {
      let row = Tensor([index])
      return try table.gathered(at: row, line: line).evaluated()
    }
    _ = try lookUp(1, line: 10)
    let error = #expect(throws: ExecutionError.self) { try lookUp(3, line: 20) }
    #expect("\(error!)".hasSuffix(":20"), "\(error!)")
  }

  @Test func `a mistake inside checked gives variables back what they held`() throws {
    let state = State(Tensor([1, 2] as [Float]))
    state.tensor = state.tensor + 1
    #expect(throws: ProgramError.self) {
      try checked {
        state.tensor = state.tensor * 5
        _ = matmul(Tensor.ones([2, 3]), .ones([4, 5]))
      }
    }
    #expect(state.tensor.scalars(as: Float.self) == [2, 3])
  }

  @Test func `a thread that ends leaves nothing in flight`() {
    let gate = Gate()
    let weight = Parameter(Tensor([3] as [Float]))
    let optimizer = SGD([weight], learningRate: 1)
    onThreads(1) { _ in
      optimizer.update(with: valueAndGradient { gate.passed(weight.tensor).sum() }.gradients)
      gate.open()
    }
    #expect(weight.tensor.scalar == 2)
  }
}

/// A custom identity that waits until it is let through.
private final class Gate: Sendable {
  private let state = Mutex(false)

  var isOpen: Bool { state.withLock { $0 } }
  func open() { state.withLock { $0 = true } }

  func passed(_ x: Tensor) -> Tensor {
    let operation = CustomOperation(
      name: "gate", resultType: { types throws(GraphError) in types[0] },
      compute: { operands, _, result in
        while !self.isOpen { usleep(1000) }
        result.copyMemory(from: operands[0])
      }, pullback: { context, _ throws(GraphError) in [context.cotangents[0]] })
    return .custom(operation, [x])
  }
}

private let slowIdentity = CustomOperation(
  name: "slow", resultType: { types throws(GraphError) in types[0] },
  compute: { operands, _, result in
    usleep(2000)
    result.copyMemory(from: operands[0])
  }, pullback: { context, _ throws(GraphError) in [context.cotangents[0]] })

/// The same values, a while later.
private func slow(_ x: Tensor) -> Tensor { .custom(slowIdentity, [x]) }

/// Rows of a table, normalized over the batch: parameters, running statistics, and indices that can be wrong.
private struct NormalizedTable: Module {
  let table = Embedding(5, 4, seed: 3)
  let norm = BatchNorm(4)

  func callAsFunction(_ rows: Tensor) -> Tensor { norm(table(rows)) }
}
