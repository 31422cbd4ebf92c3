/// Steps of one size in every element, along the sign of an average of gradients.
///
/// - Note: Chen et al., *Symbolic discovery of optimization algorithms*, NeurIPS 2023.
public final class Lion: Optimizer {
  private let core: OptimizerCore
  private let averages: [State]
  private let betas: (Double, Double)

  /// - Parameters:
  ///   - learningRate: A number or a schedule; about a tenth of what Adam takes.
  ///   - betas: The share of the average in a step's direction, and the share of the average that a step keeps.
  ///   - weightDecay: Times the learning rate, the share that a parameter loses at every step.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.99),
    weightDecay: Double = 0, rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "Lion", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["weight decay": weightDecay])
    var core = OptimizerCore("lion", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    averages = core.zeros("lion.average")
    self.core = core
    self.betas = betas
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, _ in
      let gradient = turn.gradient
      let average = averages[turn.index]
      let direction = sign(average.tensor * betas.0 + gradient * (1 - betas.0))
      average.tensor = average.tensor * betas.1 + gradient * (1 - betas.1)
      turn.decay()
      turn.value = turn.value - direction * turn.rate
    }
  }
}
