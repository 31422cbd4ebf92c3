/// Adam with Nesterov's look ahead in place of plain momentum.
///
/// - Note: Dozat, *Incorporating Nesterov momentum into Adam*, ICLR workshop 2016; the momentum grows with the steps as
///   given there, β₁ (1 - ½ · 0.96^(t · `momentumDecay`)).
public final class NAdam: Optimizer {
  private let core: OptimizerCore
  private let first, second: [State]
  private let momentumProduct: State
  private let betas: (Double, Double)
  private let epsilon, momentumDecay: Double
  private let isDecoupled: Bool

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - betas: The shares of the averages, of gradients and of their squares, that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  ///   - momentumDecay: How fast the momentum grows to the first beta.
  ///   - weightDecay: Times the parameter is added to the gradient; if decoupled, times the learning rate, the share
  ///     that a parameter loses at every step.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, momentumDecay: Double = 0.004, weightDecay: Double = 0, isDecoupled: Bool = false,
    rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "NAdam", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["epsilon": epsilon, "momentum decay": momentumDecay, "weight decay": weightDecay])
    var core = OptimizerCore("nadam", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    first = core.zeros("nadam.first")
    second = core.zeros("nadam.second")
    momentumProduct = core.number("nadam.momentumProduct", 1)
    self.core = core
    (self.betas, self.epsilon, self.momentumDecay, self.isDecoupled) = (betas, epsilon, momentumDecay, isDecoupled)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  /// What multiplies the gradient and the average, and the second average's correction; `float64 []` each.
  private typealias Shared = (gradient: Tensor, mean: Tensor, secondRoot: Tensor)

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients, shared: { step, _ in shared(step) }) { turn, shared in change(turn, shared) }
  }

  private func shared(_ step: Tensor) -> Shared {
    let now = momentum(step)
    let next = momentum(step + 1)
    let product = momentumProduct.tensor * now
    momentumProduct.tensor = product
    return (
      (1 - now) / (1 - product), next / (1 - product * next), biasCorrections(betas, step).secondRoot
    )
  }

  private func momentum(_ step: Tensor) -> Tensor { (1 - power(0.96, step * momentumDecay) * 0.5) * betas.0 }

  private func change(_ turn: ParameterUpdate, _ shared: Shared) {
    if isDecoupled { turn.decay() }
    let gradient = isDecoupled ? turn.gradient : turn.decayedGradient
    let (mean, square) = (first[turn.index], second[turn.index])
    mean.tensor = mean.tensor.moved(toward: gradient, by: 1 - betas.0)
    square.tensor = square.tensor * betas.1 + gradient * gradient * (1 - betas.1)
    let divisor = sqrt(square.tensor) / shared.secondRoot.cast(to: turn.dtype) + epsilon
    let ahead =
      gradient * (turn.learningRate * shared.gradient).cast(to: turn.dtype)
      + mean.tensor * (turn.learningRate * shared.mean).cast(to: turn.dtype)
    turn.value = turn.value - ahead / divisor
  }
}
