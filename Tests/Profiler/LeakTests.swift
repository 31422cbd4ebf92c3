import Martlet
import MartletProfiler
import MartletTestSupport
import Testing

/// What a profiler notes does not keep the model.
@Suite(.endsAtZero) struct LeakTests {
  private struct Network: Module {
    let weight: Parameter
  }

  @Test func `a model is freed with its profiler, though its programs stay planned`() throws {
    let weight = Parameter(Tensor.normal([64, 64], seed: 1))
    let profiler = Profiler(
      Network(weight: weight), schedule: .init(warmupSteps: 0), machine: MachineFacts(name: "none"))
    let optimizer = Adam([weight], learningRate: 0.1)
    for _ in 0..<5 {
      profiler.step {
        let (_, gradients) = valueAndGradient { matmul(Tensor.ones([8, 64]), weight.tensor).sum() }
        optimizer.update(with: gradients)
      }
    }
    #expect(profiler.profile().steps.count == 5)
  }
}
