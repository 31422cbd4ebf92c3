import MartletGraph

/// Stochastic gradient descent, with momentum if wanted.
///
/// The gradient of an ``Embedding`` changes only the rows that were looked up, if there is neither momentum nor decay:
/// no gradient of the whole table is ever made.
///
/// - Note: Polyak, *USSR Comput. Math.* 4 (1964); Nesterov's form as in Sutskever et al., ICML 2013, with the learning
///   rate outside of the momentum, as PyTorch has it.
public final class SGD: Optimizer {
  private let core: OptimizerCore
  private let velocities: [State]
  public let momentum, dampening: Double
  public let isNesterov: Bool

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - momentum: The share of the last change that is kept.
  ///   - dampening: The share of a gradient that momentum leaves out, from the second update on.
  ///   - weightDecay: Times the parameter is added to the gradient.
  ///   - isNesterov: Whether to look ahead along the momentum.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, momentum: Double = 0, dampening: Double = 0,
    weightDecay: Double = 0, isNesterov: Bool = false, rules: [ParameterRule] = []
  ) {
    core = OptimizerCore("sgd", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    velocities = momentum == 0 ? [] : core.zeros("sgd.velocity")
    (self.momentum, self.dampening, self.isNesterov) = (momentum, dampening, isNesterov)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { [step, learningRateFactor] + velocities }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, step in change(turn, step) }
  }

  private func change(_ turn: ParameterUpdate, _ step: Tensor) {
    let value = turn.parameter.tensor
    let rate = turn.learningRate.cast(to: value.dtype)
    if momentum == 0, turn.weightDecay == 0, let rows = turn.gradient.scatteredRows {
      turn.parameter.tensor = .record(
        Scatter(.axis(0), .add), value, rows.indices, -(rows.updates * rate), at: rows.location)
      return
    }
    var gradient = turn.gradient
    if turn.weightDecay != 0 { gradient = gradient + value * turn.weightDecay }
    if momentum != 0 {
      let velocity = velocities[turn.index]
      var fresh = gradient
      if dampening != 0 {
        fresh = gradient * select(step .<= 1, 1, .full([], value: 1 - dampening, dtype: value.dtype))
      }
      velocity.tensor = velocity.tensor * momentum + fresh
      gradient = isNesterov ? gradient + velocity.tensor * momentum : velocity.tensor
    }
    turn.parameter.tensor = value - gradient * rate
  }
}

extension Tensor {
  /// The rows, where they belong and where they were looked up, if this tensor is nothing but rows added into zeros, as the gradient of a lookup.
  var scatteredRows: (updates: Tensor, indices: Tensor, location: SourceLocation)? {
    let recorder = Recorder.current
    // The position first: a tensor from elsewhere is taken in by asking.
    let position = recorder.position(of: storage)
    let node = recorder.builder[Value(position)]
    guard case .scatter(let scatter) = node.primitive, scatter.form == .axis(0), scatter.combination == .add else {
      return nil
    }
    let target = recorder.builder[node.operands[0]]
    guard case .broadcast = target.primitive, case .scalar(let zero) = recorder.builder[target.operands[0]].primitive,
      zero.literal.doubleValue == 0
    else { return nil }
    return (
      Tensor(storage: recorder.adoptNode(node.operands[2])), Tensor(storage: recorder.adoptNode(node.operands[1])),
      node.location
    )
  }
}
