/// Adam: steps of a size that the averages of gradients and of their squares determine.
///
/// - Note: Kingma and Ba, *Adam: a method for stochastic optimization*, ICLR 2015; AMSGrad is Reddi, Kale and Kumar,
///   *On the convergence of Adam and beyond*, ICLR 2018.
public final class Adam: Optimizer {
  private let adam: AdamCore

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - betas: The shares of the averages, of gradients and of their squares, that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  ///   - weightDecay: Times the parameter is added to the gradient; see ``AdamW`` for the other kind.
  ///   - isAMSGrad: Whether to divide by the largest average square so far, so that steps never grow again.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0, isAMSGrad: Bool = false, rules: [ParameterRule] = [],
    fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "Adam", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["epsilon": epsilon, "weight decay": weightDecay])
    let core = OptimizerCore("adam", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    adam = AdamCore("adam", core, betas, epsilon, isAMSGrad: isAMSGrad)
  }

  public var parameters: [Parameter] { adam.core.parameters }
  public var step: State { adam.core.step }
  public var learningRateFactor: State { adam.core.learningRateFactor }
  public var states: [State] { adam.core.states }
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
  ///   - isAMSGrad: Whether to divide by the largest average square so far; see ``Adam``.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0.01, isAMSGrad: Bool = false, rules: [ParameterRule] = [],
    fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "AdamW", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["epsilon": epsilon, "weight decay": weightDecay])
    let core = OptimizerCore("adam", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    adam = AdamCore("adam", core, betas, epsilon, isAMSGrad: isAMSGrad, isDecoupled: true)
  }

  public var parameters: [Parameter] { adam.core.parameters }
  public var step: State { adam.core.step }
  public var learningRateFactor: State { adam.core.learningRateFactor }
  public var states: [State] { adam.core.states }
  public func update(with gradients: consuming Gradients) { adam.update(with: gradients) }
}

/// Adam that changes only the rows of a table that were looked up, their averages included.
///
/// The averages of other rows stand still instead of shrinking, so the steps are not those of ``Adam``, but their cost
/// does not depend on the size of the table. A parameter whose gradient is whole is changed as by Adam. PyTorch calls it
/// `SparseAdam`, TensorFlow's add-ons `LazyAdam`.
public final class LazyAdam: Optimizer {
  private let adam: AdamCore

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - betas: The shares of the averages, of gradients and of their squares, that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "LazyAdam", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["epsilon": epsilon])
    let core = OptimizerCore("lazyAdam", parameters, learningRate, weightDecay: 0, rules: rules)
    adam = AdamCore("lazyAdam", core, betas, epsilon, isLazy: true)
  }

  public var parameters: [Parameter] { adam.core.parameters }
  public var step: State { adam.core.step }
  public var learningRateFactor: State { adam.core.learningRateFactor }
  public var states: [State] { adam.core.states }
  public func update(with gradients: consuming Gradients) { adam.update(with: gradients) }
}

/// What ``Adam``, ``AdamW`` and ``LazyAdam`` share.
struct AdamCore: Sendable {
  let core: OptimizerCore
  private let first, second, largest: [State]
  private let betas: (Double, Double)
  private let epsilon: Double
  private let isDecoupled, isLazy: Bool

  init(
    _ name: String, _ core: OptimizerCore, _ betas: (Double, Double), _ epsilon: Double, isAMSGrad: Bool = false,
    isDecoupled: Bool = false, isLazy: Bool = false
  ) {
    var core = core
    first = core.zeros("\(name).first")
    second = core.zeros("\(name).second")
    largest = isAMSGrad ? core.zeros("\(name).largest") : []
    self.core = core
    (self.betas, self.epsilon, self.isDecoupled, self.isLazy) = (betas, epsilon, isDecoupled, isLazy)
  }

  func update(with gradients: consuming Gradients) {
    // The corrections of the averages' bias, the same for all parameters, in double as PyTorch has them.
    core.update(with: gradients, shared: { step, _ in biasCorrections(betas, step) }) { turn, corrections in
      if isLazy, let rows = turn.rows {
        change(rows, turn, corrections)
      } else {
        change(turn, corrections)
      }
    }
  }

  private func change(_ turn: ParameterUpdate, _ corrections: BiasCorrections) {
    if isDecoupled { turn.decay() }
    let gradient = isDecoupled ? turn.gradient : turn.decayedGradient
    let (mean, square) = (first[turn.index], second[turn.index])
    mean.tensor = mean.tensor.moved(toward: gradient, by: 1 - betas.0)
    square.tensor = square.tensor * betas.1 + gradient * gradient * (1 - betas.1)
    var size = square.tensor
    if !largest.isEmpty {
      size = maximum(largest[turn.index].tensor, size)
      largest[turn.index].tensor = size
    }
    let rate = (turn.learningRate / corrections.first).cast(to: turn.dtype)
    let divisor = sqrt(size) / corrections.secondRoot.cast(to: turn.dtype) + epsilon
    turn.value = turn.value - mean.tensor / divisor * rate
  }

  private func change(_ rows: GradientRows, _ turn: ParameterUpdate, _ corrections: BiasCorrections) {
    let (updates, indices, _) = rows.added
    let (mean, square) = (first[turn.index], second[turn.index])
    let newMean = mean.tensor.gathered(at: indices).moved(toward: updates, by: 1 - betas.0)
    let newSquare = square.tensor.gathered(at: indices).moved(toward: updates * updates, by: 1 - betas.1)
    let rate = (turn.learningRate * corrections.secondRoot / corrections.first).cast(to: turn.dtype)
    let value = turn.value
    let newValue = value.gathered(at: indices) - newMean / (sqrt(newSquare) + epsilon) * rate
    mean.tensor = mean.tensor.scattering(newMean, at: indices)
    square.tensor = square.tensor.scattering(newSquare, at: indices)
    turn.value = value.scattering(newValue, at: indices)
  }
}

/// What averages that began at zero are divided by: 1 - βᵗ for the first, √(1 - βᵗ) for the root of the second.
struct BiasCorrections {
  var first, secondRoot: Tensor
}

/// - Parameter step: The number of the update, `float64 []`.
func biasCorrections(_ betas: (Double, Double), _ step: Tensor) -> BiasCorrections {
  BiasCorrections(first: 1 - power(betas.0, step), secondRoot: sqrt(1 - power(betas.1, step)))
}

extension Tensor {
  /// A share of the way to `target`.
  func moved(toward target: Tensor, by share: Double) -> Tensor { self + (target - self) * share }
}
