import Martlet
import MartletProfiler
import Testing

/// Numbers that tfprof published for its own models, and the well-known ones of others.
struct PublishedCountsTests {
  @Test func `tfprof's small model has 451 parameters`() throws {
    let profile = Profile.counting(SmallModel(), name: "_TFProfRoot", input: [2, 6, 6, 3])
    let view = try profile.view(.scope, .trainableVariables)
    #expect(view.rows[0].total(.params) == 451)
    #expect(view.report.contains("_TFProfRoot (--/451 params)"))
  }

  @Test func `tfprof's full model has 2844 parameters`() throws {
    let view = try Profile.counting(FullModel(), input: [2, 6, 6, 3]).view(.scope, .trainableVariables)
    #expect(view.rows[0].total(.params) == 2844)
  }

  /// The published total, 17.63b, counts the convolutions of the forward pass only, but every matrix product; of the
  /// rest, the addition of the bias. See tensorflow/core/profiler/g3doc/profile_model_architecture.md.
  @Test func `the ResNet of tfprof's example has its numbers, with its omissions and without`() throws {
    let model = ResNet32()
    #expect(model.parameterCount == 464_154)
    let labels = TensorType(.int64, [128])
    let profile = Profile.counting(model, inputs: [TensorType(.float32, [128, 32, 32, 3]), labels]) { inputs in
      let (loss, gradients) = valueAndGradient {
        withMode(.training) { softmaxCrossEntropy(model(inputs[0]), labels: inputs[1]) }
      }
      return [loss] + model.parameters.compactMap { gradients[$0] }
    }
    let operations = profile.programs[0].operations
    func sum(_ isCounted: (OperationRecord) -> Bool) -> Int {
      operations.filter(isCounted).reduce(0) { $0 + $1.floatingPointOperations! }
    }
    let forward = operations.filter { $0.type.hasPrefix("conv") && $0.phase == .forward }
    #expect(forward.count == 31)
    #expect(forward.first { $0.layerPath == "first" }?.floatingPointOperations == 113_246_208)
    #expect(forward.filter { $0.floatingPointOperations == 603_979_776 }.count == 10 + 9 + 9)
    let products = operations.filter { $0.type == "matmul" }
    #expect(products.map(\.floatingPointOperations) == [163_840, 163_840, 163_840])
    let bias = sum { $0.layerPath == "logits" && $0.type == "add" && $0.phase == .forward }
    #expect(bias == 1280)
    let published = sum { $0.type.hasPrefix("conv") && $0.phase == .forward } + sum { $0.type == "matmul" } + bias
    #expect(published == 17_629_152_512)
    // What it leaves out: each convolution but the first has two gradients of its own size, the first one.
    let gradients = sum { $0.type.hasPrefix("conv") && $0.phase == .backward }
    #expect(gradients == 2 * 17_628_659_712 - 113_246_208)
    #expect(OperationCounts(profile).total > published + gradients)
    #expect(OperationCounts(profile).uncounted.isEmpty)
  }
}
