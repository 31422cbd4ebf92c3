/// Steps divided by the root of the sum of all squared gradients so far.
///
/// The gradient of an ``Embedding`` changes only the rows that were looked up, which here is the same mathematics.
///
/// - Note: Duchi, Hazan and Singer, *Adaptive subgradient methods*, JMLR 12 (2011).
public final class Adagrad: Optimizer {
  private let core: OptimizerCore
  private let sums: [State]
  private let rateDecay, epsilon: Double

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - rateDecay: Update *t* uses the learning rate divided by 1 + (*t* - 1) · `rateDecay`.
  ///   - initialSum: Where the sums of squares begin.
  ///   - epsilon: Added to the root of the sum.
  ///   - weightDecay: Times the parameter is added to the gradient.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, rateDecay: Double = 0, initialSum: Double = 0,
    epsilon: Double = 1e-10, weightDecay: Double = 0, rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "Adagrad", fileID, line,
      notNegative: [
        "decay of the rate": rateDecay, "initial sum": initialSum, "epsilon": epsilon, "weight decay": weightDecay,
      ])
    var core = OptimizerCore("adagrad", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    sums = core.full("adagrad.sum", initialSum)
    self.core = core
    (self.rateDecay, self.epsilon) = (rateDecay, epsilon)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients, shared: { step, _ in (step - 1) * rateDecay + 1 }) { turn, divisor in
      let rate = (turn.learningRate / divisor).cast(to: turn.dtype)
      let sum = sums[turn.index]
      if let rows = turn.rows {
        let (updates, indices, _) = rows.added
        let new = sum.tensor.gathered(at: indices) + updates * updates
        sum.tensor = sum.tensor.scattering(new, at: indices)
        let value = turn.value
        let moved = value.gathered(at: indices) - updates / (sqrt(new) + epsilon) * rate
        turn.value = value.scattering(moved, at: indices)
      } else {
        let gradient = turn.decayedGradient
        sum.tensor = sum.tensor + gradient * gradient
        turn.value = turn.value - gradient / (sqrt(sum.tensor) + epsilon) * rate
      }
    }
  }
}

/// Steps as large as the average of earlier steps, so that they have the parameter's unit and need no learning rate.
///
/// - Note: Zeiler, *ADADELTA: an adaptive learning rate method*, 2012.
public final class Adadelta: Optimizer {
  private let core: OptimizerCore
  private let squares, changes: [State]
  private let decay, epsilon: Double

  /// - Parameters:
  ///   - learningRate: Multiplies the steps.
  ///   - decay: The share of both averages that a step keeps.
  ///   - epsilon: Added to both averages before their roots are taken.
  ///   - weightDecay: Times the parameter is added to the gradient.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, decay: Double = 0.9, epsilon: Double = 1e-6,
    weightDecay: Double = 0, rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "Adadelta", fileID, line, shares: ["decay": decay],
      notNegative: ["epsilon": epsilon, "weight decay": weightDecay])
    var core = OptimizerCore("adadelta", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    squares = core.zeros("adadelta.square")
    changes = core.zeros("adadelta.change")
    self.core = core
    (self.decay, self.epsilon) = (decay, epsilon)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, _ in
      let gradient = turn.decayedGradient
      let (square, change) = (squares[turn.index], changes[turn.index])
      square.tensor = square.tensor * decay + gradient * gradient * (1 - decay)
      let move = sqrt(change.tensor + epsilon) / sqrt(square.tensor + epsilon) * gradient
      change.tensor = change.tensor * decay + move * move * (1 - decay)
      turn.value = turn.value - move * turn.rate
    }
  }
}

/// Gradients divided by the root of the average of their squares.
///
/// - Note: Tieleman and Hinton, *Lecture 6.5*, Coursera 2012; centered as in Graves, *Generating sequences with
///   recurrent neural networks*, 2013.
public final class RMSProp: Optimizer {
  private let core: OptimizerCore
  private let squares, means, velocities: [State]
  private let decay, epsilon, momentum: Double

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - decay: The share of the average that a step keeps (PyTorch's `alpha`, Keras' `rho`).
  ///   - epsilon: Added to the root.
  ///   - momentum: The share of the last change that is kept.
  ///   - isCentered: Whether to divide by the deviation from the average gradient instead.
  ///   - weightDecay: Times the parameter is added to the gradient.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, decay: Double = 0.99, epsilon: Double = 1e-8,
    momentum: Double = 0, isCentered: Bool = false, weightDecay: Double = 0, rules: [ParameterRule] = [],
    fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "RMSProp", fileID, line, shares: ["decay": decay],
      notNegative: ["momentum": momentum, "epsilon": epsilon, "weight decay": weightDecay])
    var core = OptimizerCore("rmsProp", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    squares = core.zeros("rmsProp.square")
    means = isCentered ? core.zeros("rmsProp.mean") : []
    velocities = momentum == 0 ? [] : core.zeros("rmsProp.velocity")
    self.core = core
    (self.decay, self.epsilon, self.momentum) = (decay, epsilon, momentum)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, _ in
      let gradient = turn.decayedGradient
      let square = squares[turn.index]
      square.tensor = square.tensor * decay + gradient * gradient * (1 - decay)
      var size = square.tensor
      if !means.isEmpty {
        let mean = means[turn.index]
        mean.tensor = mean.tensor.moved(toward: gradient, by: 1 - decay)
        size = size - mean.tensor * mean.tensor
      }
      var move = gradient / (sqrt(size) + epsilon)
      if !velocities.isEmpty {
        let velocity = velocities[turn.index]
        velocity.tensor = velocity.tensor * momentum + move
        move = velocity.tensor
      }
      turn.value = turn.value - move * turn.rate
    }
  }
}
