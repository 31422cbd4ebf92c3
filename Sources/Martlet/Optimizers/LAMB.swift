/// Adam's direction at a length in proportion to each parameter's own, for very large batches.
///
/// - Note: You et al., *Large batch optimization for deep learning: training BERT in 76 minutes*, ICLR 2020.
public final class LAMB: Optimizer {
  private let core: OptimizerCore
  private let first, second: [State]
  private let betas: (Double, Double)
  private let epsilon: Double

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - betas: The shares of the averages, of gradients and of their squares, that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  ///   - weightDecay: Times the parameter is added to the direction.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-6, weightDecay: Double = 0, rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "LAMB", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["epsilon": epsilon, "weight decay": weightDecay])
    var core = OptimizerCore("lamb", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    first = core.zeros("lamb.first")
    second = core.zeros("lamb.second")
    self.core = core
    (self.betas, self.epsilon) = (betas, epsilon)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients, shared: { step, _ in biasCorrections(betas, step) }) { turn, corrections in
      let gradient = turn.gradient
      let (mean, square) = (first[turn.index], second[turn.index])
      mean.tensor = mean.tensor.moved(toward: gradient, by: 1 - betas.0)
      square.tensor = square.tensor * betas.1 + gradient * gradient * (1 - betas.1)
      let divisor = sqrt(square.tensor) / corrections.secondRoot.cast(to: turn.dtype) + epsilon
      let value = turn.value
      var direction = mean.tensor / corrections.first.cast(to: turn.dtype) / divisor
      if turn.weightDecay != 0 { direction = direction + value * turn.weightDecay }
      turn.value = value - direction * trustRatio(value, direction) * turn.rate
    }
  }
}

/// Momentum whose steps have a length in proportion to each parameter's own, for very large batches.
///
/// - Note: You, Gitman and Ginsburg, *Large batch training of convolutional networks*, 2017. The learning rate is inside
///   the momentum, as Optax has it.
public final class LARS: Optimizer {
  private let core: OptimizerCore
  private let velocities: [State]
  private let momentum, trustCoefficient, epsilon: Double
  private let isNesterov: Bool

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - momentum: The share of the last change that is kept.
  ///   - trustCoefficient: The length of a step over that of the parameter, at a learning rate of 1.
  ///   - epsilon: Added to the length of the gradient.
  ///   - weightDecay: Times the parameter is added to the gradient.
  ///   - isNesterov: Whether to look ahead along the momentum.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, momentum: Double = 0.9,
    trustCoefficient: Double = 0.001, epsilon: Double = 0, weightDecay: Double = 0, isNesterov: Bool = false,
    rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "LARS", fileID, line,
      notNegative: [
        "momentum": momentum, "trust coefficient": trustCoefficient, "epsilon": epsilon, "weight decay": weightDecay,
      ])
    var core = OptimizerCore("lars", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    velocities = core.zeros("lars.velocity")
    self.core = core
    (self.momentum, self.trustCoefficient, self.epsilon) = (momentum, trustCoefficient, epsilon)
    self.isNesterov = isNesterov
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, _ in
      let gradient = turn.decayedGradient
      let velocity = velocities[turn.index]
      let ratio = trustRatio(turn.value, gradient, coefficient: trustCoefficient, epsilon: epsilon)
      let move = gradient * (ratio * turn.rate)
      velocity.tensor = velocity.tensor * momentum + move
      turn.value = turn.value - (isNesterov ? velocity.tensor * momentum + move : velocity.tensor)
    }
  }
}

/// The length of a parameter over that of its step; 1 where either is zero, so that it can begin.
private func trustRatio(_ value: Tensor, _ step: Tensor, coefficient: Double = 1, epsilon: Double = 0) -> Tensor {
  let (length, size) = (value.norm(), step.norm())
  let isKnown = (length .> 0) & (size .> 0)
  return select(isKnown, length * coefficient / (select(isKnown, size, 1) + epsilon), 1)
}
