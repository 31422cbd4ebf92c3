/// Adam that begins as momentum, until the average square has seen enough to be trusted.
///
/// - Note: Liu et al., *On the variance of the adaptive learning rate and beyond*, ICLR 2020.
public final class RAdam: Optimizer {
  private let core: OptimizerCore
  private let first, second: [State]
  private let betas: (Double, Double)
  private let epsilon: Double
  private let isDecoupled: Bool

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - betas: The shares of the averages, of gradients and of their squares, that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  ///   - weightDecay: Times the parameter is added to the gradient; if decoupled, times the learning rate, the share
  ///     that a parameter loses at every step.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0, isDecoupled: Bool = false, rules: [ParameterRule] = [],
    fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "RAdam", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["epsilon": epsilon, "weight decay": weightDecay])
    var core = OptimizerCore("radam", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    first = core.zeros("radam.first")
    second = core.zeros("radam.second")
    self.core = core
    (self.betas, self.epsilon, self.isDecoupled) = (betas, epsilon, isDecoupled)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  /// Whether to divide by the average square, and the factor that then corrects the step.
  private typealias Shared = (corrections: BiasCorrections, isTrusted: Tensor, factor: Tensor)

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients, shared: { step, _ in shared(step) }) { turn, shared in change(turn, shared) }
  }

  private func shared(_ step: Tensor) -> Shared {
    let limit = 2 / (1 - betas.1) - 1
    let kept = power(betas.1, step)
    // The number of gradients that the average of squares is worth.
    let length = limit - step * kept / (1 - kept) * 2
    let isTrusted = length .> 5
    let safe = select(isTrusted, length, 6)
    let factor = sqrt((safe - 4) * (safe - 2) * limit / (safe * ((limit - 4) * (limit - 2))))
    return (biasCorrections(betas, step), isTrusted, factor)
  }

  private func change(_ turn: ParameterUpdate, _ shared: Shared) {
    if isDecoupled { turn.decay() }
    let gradient = isDecoupled ? turn.gradient : turn.decayedGradient
    let (mean, square) = (first[turn.index], second[turn.index])
    mean.tensor = mean.tensor.moved(toward: gradient, by: 1 - betas.0)
    square.tensor = square.tensor * betas.1 + gradient * gradient * (1 - betas.1)
    let factor = (shared.factor * shared.corrections.secondRoot).cast(to: turn.dtype)
    let adapted = factor / (sqrt(square.tensor) + epsilon)
    let rate = (turn.learningRate / shared.corrections.first).cast(to: turn.dtype)
    turn.value = turn.value - mean.tensor * rate * select(shared.isTrusted, adapted, 1)
  }
}
