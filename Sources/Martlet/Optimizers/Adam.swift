import MartletGraph

/// Adam: steps of a size that the averages of gradients and of their squares determine.
///
/// - Note: Kingma and Ba, *Adam: a method for stochastic optimization*, ICLR 2015.
public final class Adam: Optimizer {
  private let adam: AdamCore

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - betas: The shares of the averages, of gradients and of their squares, that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  ///   - weightDecay: Times the parameter is added to the gradient; see ``AdamW`` for the other kind.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0, rules: [ParameterRule] = []
  ) {
    adam = AdamCore(
      parameters, learningRate, betas, epsilon, weightDecay: weightDecay, isDecoupled: false, rules: rules)
  }

  public var parameters: [Parameter] { adam.core.parameters }
  public var step: State { adam.core.step }
  public var learningRateFactor: State { adam.core.learningRateFactor }
  public var states: [State] { adam.states }
  public func update(with gradients: consuming Gradients) { adam.update(with: gradients) }
}

/// Adam with a weight decay of its own, which no average sees.
///
/// - Note: Loshchilov and Hutter, *Decoupled weight decay regularization*, ICLR 2019.
public final class AdamW: Optimizer {
  private let adam: AdamCore

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - betas: The shares of the averages, of gradients and of their squares, that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  ///   - weightDecay: Times the learning rate, the share that a parameter loses at every step.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0.01, rules: [ParameterRule] = []
  ) {
    adam = AdamCore(
      parameters, learningRate, betas, epsilon, weightDecay: weightDecay, isDecoupled: true, rules: rules)
  }

  public var parameters: [Parameter] { adam.core.parameters }
  public var step: State { adam.core.step }
  public var learningRateFactor: State { adam.core.learningRateFactor }
  public var states: [State] { adam.states }
  public func update(with gradients: consuming Gradients) { adam.update(with: gradients) }
}

/// What ``Adam`` and ``AdamW`` share.
struct AdamCore: Sendable {
  let core: OptimizerCore
  private let first, second: [State]
  private let betas: (Double, Double)
  private let epsilon: Double
  private let isDecoupled: Bool

  init(
    _ parameters: [Parameter], _ learningRate: any LearningRate, _ betas: (Double, Double), _ epsilon: Double,
    weightDecay: Double, isDecoupled: Bool, rules: [ParameterRule]
  ) {
    core = OptimizerCore("adam", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    first = core.zeros("adam.first")
    second = core.zeros("adam.second")
    (self.betas, self.epsilon, self.isDecoupled) = (betas, epsilon, isDecoupled)
  }

  var states: [State] { [core.step, core.learningRateFactor] + first + second }

  func update(with gradients: consuming Gradients) {
    // The corrections of the averages' bias, the same for all parameters, in double as PyTorch has them.
    var corrections: (first: Tensor, secondRoot: Tensor)?
    core.update(with: gradients) { turn, step in
      let steps = corrections == nil ? step.cast(to: .float64) : step
      let known = corrections ?? (1 - power(betas.0, steps), sqrt(1 - power(betas.1, steps)))
      corrections = known
      change(turn, known.first, known.secondRoot)
    }
  }

  private func change(_ turn: ParameterUpdate, _ firstCorrection: Tensor, _ secondRoot: Tensor) {
    var value = turn.parameter.tensor
    var gradient = turn.gradient
    let dtype = value.dtype
    if turn.weightDecay != 0 && isDecoupled {
      value = value * (1 - turn.learningRate * turn.weightDecay).cast(to: dtype)
    } else if turn.weightDecay != 0 {
      gradient = gradient + value * turn.weightDecay
    }
    let (mean, square) = (first[turn.index], second[turn.index])
    mean.tensor = mean.tensor + (gradient - mean.tensor) * (1 - betas.0)
    square.tensor = square.tensor * betas.1 + gradient * gradient * (1 - betas.1)
    let size = (turn.learningRate / firstCorrection).cast(to: dtype)
    let divisor = sqrt(square.tensor) / secondRoot.cast(to: dtype) + epsilon
    turn.parameter.tensor = value - mean.tensor / divisor * size
  }
}
