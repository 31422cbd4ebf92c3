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
    weightDecay: Double = 0, isNesterov: Bool = false, rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings("SGD", fileID, line, notNegative: ["momentum": momentum, "weight decay": weightDecay])
    var core = OptimizerCore("sgd", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    velocities = momentum == 0 ? [] : core.zeros("sgd.velocity")
    self.core = core
    (self.momentum, self.dampening, self.isNesterov) = (momentum, dampening, isNesterov)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, step in change(turn, step) }
  }

  private func change(_ turn: ParameterUpdate, _ step: Tensor) {
    if momentum == 0, let rows = turn.rows {
      turn.value = .record(
        Scatter(.axis(0), .add), turn.value, rows.indices, -(rows.updates * turn.rate), at: rows.location)
      return
    }
    var gradient = turn.decayedGradient
    if momentum != 0 {
      let velocity = velocities[turn.index]
      var fresh = gradient
      if dampening != 0 {
        fresh = gradient * select(step .<= 1, 1, .full([], value: 1 - dampening, dtype: turn.dtype))
      }
      velocity.tensor = velocity.tensor * momentum + fresh
      gradient = isNesterov ? gradient + velocity.tensor * momentum : velocity.tensor
    }
    turn.value = turn.value - gradient * turn.rate
  }
}
