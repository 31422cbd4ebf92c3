import Martlet
import MartletProfiler
import MartletTestSupport
import Testing

/// Changes that training is tried with do what they say.
@Suite(.endsAtZero) struct TrialTests {
  private struct Network: Module {
    let first = Dense(6, 32, seed: 1)
    let second = Dense(32, 1, seed: 2)
  }

  /// The loss of the first step, and the kinds of operations in it.
  private func step(_ proposal: Proposal?) throws -> (loss: Double?, types: [String]) {
    let model = Network()
    let x = Tensor.normal([8, 6], seed: 3)
    let trial = TrainingTrial(
      model, batchSize: 8, optimizer: { SGD($0, learningRate: 0.1) }, batches: { _ in { [x] } },
      loss: { batch in model.second(checkpoint { tanh(model.first(batch[0])) }).sum() })
    let run = try #require(try trial.run(proposal))
    try run.prepare()
    let profiler = Profiler(schedule: .init(warmupSteps: 0), machine: MachineFacts(name: "none"))
    let loss = try profiler.step { try run.step() }
    return (loss, profiler.profile().programs.flatMap(\.operations).map(\.type))
  }

  @Test func `results are kept instead of computed twice`() throws {
    let (twice, once) = (try step(nil), try step(.keepResults(layers: ["first"])))
    #expect(twice.loss == once.loss)
    #expect(twice.types.filter { $0 == "tanh" }.count == 2 && once.types.filter { $0 == "tanh" }.count == 1)
  }

  @Test func `products are computed in another type`() throws {
    let (wide, narrow) = (try step(nil), try step(.elementType(.bfloat16, layers: ["first"])))
    #expect(narrow.types.filter { $0 == "cast" }.count > wide.types.filter { $0 == "cast" }.count)
    let (a, b) = (try #require(wide.loss), try #require(narrow.loss))
    #expect(a != b && abs(a - b) < 0.05 * max(abs(a), 1))
  }
}
