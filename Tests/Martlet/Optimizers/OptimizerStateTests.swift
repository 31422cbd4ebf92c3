import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// What is saved of an optimizer is all there is.
@Suite(.endsAtZero) struct OptimizerStateTests {
  @Test(arguments: [MartletGraph.DType.float32, .bfloat16])
  func `an optimizer made anew with the states of another goes on with the same bits`(
    dtype: MartletGraph.DType
  ) throws {
    for make in Self.optimizers {
      let first = Run(dtype)
      let optimizer = make(first.parameters)
      let names = optimizer.states.map(\.name)
      #expect(Set(names).count == names.count && !names.contains(""), "\(names)")
      for step in 0..<4 { optimizer.update(with: first.gradients(step)) }
      let second = Run(dtype)
      let other = make(second.parameters)
      #expect(other.states.map(\.name) == names)
      for (from, to) in zip(first.parameters + optimizer.states, second.parameters + other.states) {
        (to as Variable).tensor = (from as Variable).tensor
      }
      for step in 4..<9 {
        optimizer.update(with: first.gradients(step))
        other.update(with: second.gradients(step))
      }
      let bits = [first.parameters, second.parameters].map { $0.map { $0.tensor.words } }
      #expect(bits[0] == bits[1], "\(type(of: optimizer))")
      #expect(optimizer.step.tensor.scalar == 9)
    }
  }

  @Test func `a compiled step is the step`() {
    for make in Self.optimizers {
      func trained(_ isCompiled: Bool) -> [[UInt64]] {
        let run = Run(.float32)
        let optimizer = make(run.parameters)
        let step = { (x: Tensor) -> Tensor in
          let (loss, gradients) = valueAndGradient { run.loss(x) }
          optimizer.update(with: gradients)
          return loss
        }
        let program = compiled(step)
        for number in 0..<6 {
          let x = run.input(number)
          if isCompiled { _ = program(x) } else { _ = step(x) }
        }
        return run.parameters.map { $0.tensor.words }
      }
      #expect(trained(true) == trained(false), "\(type(of: make([])))")
    }
  }

  @Test func `a schedule and a rule reach every optimizer`() {
    for make in Self.scheduled {
      let run = Run(.float32)
      let held = run.parameters.map { $0.tensor.words }
      let optimizer = make(run.parameters, 0)
      optimizer.update(with: run.gradients(0))
      // A rate of zero changes nothing, and a factor of zero leaves the parameter that the rule is for.
      #expect(run.parameters.map { $0.tensor.words } == held, "\(type(of: optimizer))")
      let other = make(run.parameters, 0.1)
      other.update(with: run.gradients(0))
      #expect(run.parameters[1].tensor.words == held[1], "\(type(of: other))")
      #expect(run.parameters[0].tensor.words != held[0], "\(type(of: other))")
    }
  }

  static let optimizers: [@Sendable ([Parameter]) -> any Optimizer] = [
    { SGD($0, learningRate: 0.1, momentum: 0.9, isNesterov: true) },
    { Adam($0, learningRate: 0.1, isAMSGrad: true) },
    { AdamW($0, learningRate: 0.1) }, { LazyAdam($0, learningRate: 0.1) },
    { NAdam($0, learningRate: 0.1) },
    { RAdam($0, learningRate: 0.1) }, { Adagrad($0, learningRate: 0.1) },
    { Adadelta($0, learningRate: 1) },
    { RMSProp($0, learningRate: 0.01, momentum: 0.5, isCentered: true) },
    { Lion($0, learningRate: 0.01) },
    { LAMB($0, learningRate: 0.1) }, { LARS($0, learningRate: 1) },
    { Adafactor($0, learningRate: 0.1) },
    { Muon($0.filter { $0.shape.rank == 2 }, learningRate: 0.1) },
    { Shampoo($0, learningRate: 0.1, momentum: 0.5, interval: 2) },
    { ScheduleFreeAdamW($0, learningRate: 0.1) },
    { Lookahead(AdamW($0, learningRate: 0.1), interval: 3) },
  ]

  /// With a rule that leaves the second parameter as it is.
  static let scheduled: [@Sendable ([Parameter], Double) -> any Optimizer] = [
    { SGD($0, learningRate: StepSchedule($1, factor: 1, every: 1), rules: rules) },
    { Adam($0, learningRate: StepSchedule($1, factor: 1, every: 1), rules: rules) },
    { AdamW($0, learningRate: ExponentialSchedule($1, factor: 1), rules: rules) },
    { LazyAdam($0, learningRate: $1, rules: rules) }, { NAdam($0, learningRate: $1, rules: rules) },
    { RAdam($0, learningRate: $1, rules: rules) }, { Adagrad($0, learningRate: $1, rules: rules) },
    { Adadelta($0, learningRate: $1, rules: rules) },
    { RMSProp($0, learningRate: $1, rules: rules) },
    { Lion($0, learningRate: $1, rules: rules) }, { LAMB($0, learningRate: $1, rules: rules) },
    { LARS($0, learningRate: $1, rules: rules) }, { Adafactor($0, learningRate: $1, rules: rules) },
    { Shampoo($0, learningRate: $1, rules: rules) },
    { ScheduleFreeAdamW($0, learningRate: $1, rules: rules) },
  ]
  static let rules = [ParameterRule(learningRateFactor: 0) { $0.shape.rank == 1 }]

  private struct Run {
    let weight, bias: Parameter
    var parameters: [Parameter] { [weight, bias] }

    init(_ dtype: MartletGraph.DType) {
      weight = Parameter(.normal([4, 3], dtype: dtype, seed: 1))
      bias = Parameter(.normal([3], dtype: dtype, seed: 2))
    }

    func input(_ step: Int) -> Tensor { .normal([5, 4], seed: UInt64(step) + 10) }

    func loss(_ x: Tensor) -> Tensor {
      let y = matmul(x.cast(to: weight.type.dtype), weight.tensor) + bias.tensor
      return tanh(y).cast(to: .float32).mean()
    }

    func gradients(_ step: Int) -> Gradients { valueAndGradient { loss(input(step)) }.gradients }
  }
}
