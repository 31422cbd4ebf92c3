import Martlet
import MartletCPU
import MartletProfiler
import MartletTestSupport
import Testing

/// A block with a layer inside and operations of its own before, between and behind.
private struct Block: Layer {
  let norm = LayerNorm(32)
  let expand = Dense(32, 64)
  let contract = Dense(64, 32)

  func callAsFunction(_ x: Tensor) -> Tensor { x + contract(gelu(expand(norm(x)))) }
}

private struct Network: Layer {
  let embedding = Embedding(100, 32)
  let blocks = (0..<3).map { _ in Block() }
  let head = Dense(32, 100)

  func callAsFunction(_ tokens: Tensor) -> Tensor {
    var hidden = embedding(tokens)
    for block in blocks { hidden = block(tanh(hidden)) }
    return head(hidden * 2)
  }
}

/// One recording for all tests, by the engine that all share, since it outlives the test that comes first.
private let recorded: (profile: Profile, model: Network) = {
  let usual = Recorder.current.engine
  Recorder.current.engine = CPUEngine.shared
  defer { Recorder.current.engine = usual }
  let model = Network()
  let optimizer = AdamW(model.parameters, learningRate: 1e-3)
  let profiler = Profiler(model, schedule: .init(warmupSteps: 4, maximumSteps: 6))
  let tokens = Tensor.randomIntegers([64, 16], in: 0..<100, seed: 1)
  for _ in 0..<12 {
    profiler.step(examples: 64, tokens: 1024) {
      let (_, gradients) = valueAndGradient {
        softmaxCrossEntropy(model(tokens), labels: tokens)
      }
      optimizer.update(with: gradients)
    }
  }
  return (profiler.profile(), model)
}()

extension Profile {
  /// The program of the steps that were kept; those of earlier steps have no operations.
  fileprivate var lastProgram: ProgramRecord { programs.last { !$0.operations.isEmpty } ?? programs[0] }
}

@Suite(.endsAtZero) struct ProfilerTests {
  @Test func `rows that are looked up count, and not the table`() throws {
    let table = Parameter(Tensor.normal([100_000, 8], seed: 1))
    let optimizer = SGD([table], learningRate: 0.1)
    let indices = Tensor.randomIntegers([20], in: 0..<100_000, seed: 2)
    try evaluate(indices)
    let profiler = Profiler(schedule: .init(warmupSteps: 2), machine: MachineFacts(name: "none"))
    for _ in 0..<4 {
      profiler.step {
        let (_, gradients) = valueAndGradient { tanh(table.tensor.gathered(at: indices, axis: 0)).sum() }
        optimizer.update(with: gradients)
      }
    }
    let kernels = profiler.profile().programs.flatMap(\.kernels)
    func bytes(_ name: String) -> [Int] { kernels.filter { $0.name.contains(name) }.compactMap(\.bytesMoved) }
    let (looked, changed) = (bytes("gather"), bytes("scatter"))
    #expect(!looked.isEmpty && looked.allSatisfy { (1280...2560).contains($0) }, "\(looked)")
    // Rows read and written, updates and indices; where somebody still holds the table of the step before, a copy of it.
    let (rows, copied) = (3 * 640 + 160, 2 * table.type.sizeInBytes + 640 + 160)
    #expect(!changed.isEmpty && changed.allSatisfy { $0 == rows || $0 == copied }, "\(changed)")
  }

  @Test func `keeps the last steps, with what ran in each`() {
    let steps = recorded.profile.steps
    #expect(steps.map(\.index) == Array(6..<12))
    #expect(steps.allSatisfy { $0.runs.count == 1 && $0.examples == 64 && $0.tokens == 1024 })
    for (step, next) in zip(steps, steps.dropFirst()) { #expect(step.endNanoseconds <= next.startNanoseconds) }
  }

  @Test func `accounts for the time of every step`() {
    var shares: [Double] = []
    for step in recorded.profile.steps {
      let kernels = step.runs.flatMap(\.kernels).reduce(0) { $0 + $1.nanoseconds }
      let running = step.runs.reduce(0) { $0 + $1.endNanoseconds - $1.startNanoseconds }
      let waits = step.waits.reduce(0) { $0 + $1.nanoseconds }
      shares.append(Double(kernels) / Double(running))
      #expect(Double(running + waits) >= 0.97 * Double(step.nanoseconds))
    }
    // Of one step, the system may take the processor away between two kernels.
    #expect(shares.sorted()[shares.count / 2] >= 0.97)
  }

  @Test func `shares of each kernel add up to one, and every operation that costs something is in one`() {
    for program in recorded.profile.programs where !program.operations.isEmpty {
      var isRun = Set<Int>()
      for kernel in program.kernels {
        #expect(abs(kernel.parts.reduce(0) { $0 + $1.share } - 1) < 1e-9)
        isRun.formUnion(kernel.parts.map(\.operation))
      }
      let products = program.operations.indices.filter { program.operations[$0].type == "matmul" }
      #expect(products.count == 3 * 7)
      #expect(isRun.isSuperset(of: products))
    }
  }

  @Test func `knows the phase of each operation`() {
    let operations = recorded.profile.lastProgram.operations
    let products = operations.filter { $0.type == "matmul" }
    #expect(products.filter { $0.phase == .forward }.count == 7)
    #expect(products.filter { $0.phase == .backward }.count == 14)
    #expect(operations.contains { $0.phase == .update && $0.type == "sqrt" })
    #expect(operations.contains { $0.isSavedForBackward })
  }

  @Test func `sorts operations by the layers of the model, also those that read no variable`() {
    let operations = recorded.profile.lastProgram.operations
    for block in 0..<3 {
      let expand = operations.filter { $0.layerPath == "blocks/\(block)/expand" && $0.type == "matmul" }
      #expect(expand.map(\.phase) == [.forward, .backward, .backward])
      let norm = operations.filter { $0.layerPath == "blocks/\(block)/norm" && $0.phase == .forward }
      // The mean, the variance and the root come before the scale, the only thing that reads a variable.
      #expect(norm.contains { $0.type == "rsqrt" })
      #expect(operations.contains { $0.layerPath == "blocks/\(block)" && $0.type == "erfc" })
      #expect(operations.contains { $0.layerPath == "blocks/\(block)" && $0.type == "add" && $0.phase == .forward })
    }
    #expect(operations.filter { $0.type == "tanh" }.allSatisfy { $0.layerPath.isEmpty })
    #expect(Set(operations.map(\.name)).count == operations.count)
  }

  @Test func `knows variables, and what they are for`() throws {
    let profile = recorded.profile
    let weight = try #require(profile.variables.first { $0.name == "blocks.1.expand.weight" })
    #expect(weight.layerPath == "blocks/1/expand")
    #expect(weight.isTrainable && weight.isRead && weight.isUpdated && weight.kind == .variable)
    let moment = try #require(profile.variables.first { $0.name.hasSuffix("first.blocks.1.expand.weight") })
    #expect(moment.kind == .optimizerState)
    let view = try profile.view(.scope, .trainableVariables)
    #expect(view.rows[0].total(.params) == Double(recorded.model.parameterCount))
  }

  @Test func `counts as many operations with running as without`() {
    let counted = Profile.counting(recorded.model, inputs: [TensorType(.int64, [64, 16])]) { inputs in
      let (loss, gradients) = valueAndGradient { softmaxCrossEntropy(recorded.model(inputs[0]), labels: inputs[0]) }
      return [loss] + recorded.model.parameters.compactMap { gradients[$0] }
    }
    func products(_ profile: Profile) -> [Int] {
      profile.lastProgram.operations.filter { $0.type == "matmul" }.compactMap(\.multiplyAdds).sorted()
    }
    #expect(products(counted) == products(recorded.profile))
    #expect(OperationCounts(counted).forward > recorded.model.flops(input: [64, 16], dtype: .int64).forward)
  }
}
