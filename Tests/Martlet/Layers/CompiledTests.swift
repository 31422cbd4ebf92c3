import Martlet
import MartletGraph
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct CompiledTests {
  @Test func `a compiled step gives what the recorded one gives, states included`() {
    func trained(isCompiled: Bool) -> [[UInt64]] {
      withMode(.training) {
        let model = withSeed(3) {
          Sequential {
            Dense(4, 8); BatchNorm(8); Activation.relu; Dropout(probability: 0.5); Dense(8, 3)
          }
        }
        let optimizer = AdamW(
          model.parameters, learningRate: CosineSchedule(peak: 0.1, stepCount: 6, warmupSteps: 2), weightDecay: 0.1)
        func update(_ x: Tensor, _ y: Tensor) -> Tensor {
          let (loss, gradients) = valueAndGradient { softmaxCrossEntropy(model(x), labels: y) }
          optimizer.update(with: gradients.clipped(toNorm: 1))
          return loss
        }
        let step = isCompiled ? compiled(update) : update
        var losses: [UInt64] = []
        for index in 0..<6 {
          let x = Tensor.normal([16, 4], seed: UInt64(index))
          losses += step(x, Tensor.randomIntegers([16], in: 0..<3, seed: UInt64(index))).words
        }
        return [losses] + (model.variables + optimizer.states).map { $0.tensor.words }
      }
    }
    #expect(trained(isCompiled: true) == trained(isCompiled: false))
  }

  @Test func `a tensor that the user kept does not change`() {
    let counter = State(Tensor([1.0, 2.0]))
    let step = compiled { (x: Tensor) in
      counter.tensor = counter.tensor + x
      return counter.tensor.sum()
    }
    _ = step(Tensor([1.0, 1.0]))
    let kept = counter.tensor
    #expect(step(Tensor([1.0, 1.0])).scalar == 7)
    #expect(kept.scalars(as: Double.self) == [2, 3])
    #expect(counter.tensor.scalars(as: Double.self) == [3, 4])
  }

  @Test func `a run that fails leaves the states as they were`() throws {
    let state = State(Tensor([1.0, 2.0]))
    let step = compiled { (index: Tensor) in
      state.tensor = state.tensor + 1
      return Tensor([5.0, 6, 7]).gathered(at: index)
    }
    #expect(try checked { step(Tensor(2)).scalar } == 7)
    let error = #expect(throws: ExecutionError.self) { try checked { step(Tensor(3)) } }
    #expect(error?.location != nil)
    #expect(state.tensor.scalars(as: Double.self) == [2, 3])
    #expect(try checked { step(Tensor(0)).scalar } == 5)
    #expect(state.tensor.scalars(as: Double.self) == [3, 4])
  }

  @Test func `it is recorded again for other types and modes only`() {
    let dropout = Dropout(probability: 1)
    var count = 0
    let function = compiled { (x: Tensor) in
      count += 1
      return dropout(x)
    }
    for _ in 0..<3 { #expect(function(Tensor([2.0])).scalar == 2) }
    #expect(count == 1)
    #expect(withMode(.training) { function(Tensor([2.0])).scalar } == 0)
    #expect(function(Tensor([2.0, 3.0])).shape == [2])
    #expect(function(Tensor([4.0])).scalar == 4)
    #expect(count == 3)
  }

  @Test func `it is differentiated and mapped like the closure`() {
    let scale = Parameter(Tensor(3.0))
    let function = compiled { (x: Tensor) in x * x * scale.tensor }
    #expect(function(Tensor(2.0)).scalar == 12)
    let (value, gradients) = valueAndGradient { function(Tensor(2.0)) }
    #expect(value.scalar == 12)
    #expect(gradients[scale]?.scalar == 4)
    #expect(vmap(Tensor([1.0, 2.0])) { function($0) }.scalars(as: Double.self) == [3, 12])
  }

  @Test func `a value read inside is an error`() {
    let function = compiled { (x: Tensor) in x.scalar > 0 ? x : -x }
    let error = #expect(throws: ExecutionError.self) { try checked { function(Tensor(2.0)) } }
    #expect(error?.message.contains("compiled: a value cannot be read inside") == true)
  }
}
