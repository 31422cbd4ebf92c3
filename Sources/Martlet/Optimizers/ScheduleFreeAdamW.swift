/// AdamW that needs no schedule: gradients are taken between the newest point and the average of all points, and the
/// average is what to evaluate.
///
/// Parameters hold the points at which gradients are taken; ``withAverages(_:)`` puts the averages in their place.
///
/// - Note: Defazio et al., *The road less scheduled*, NeurIPS 2024.
public final class ScheduleFreeAdamW: Optimizer {
  private let core: OptimizerCore
  private let newest, squares: [State]
  private let largestRate, weightSum: State
  private let betas: (Double, Double)
  private let epsilon, stepPower, ratePower: Double

  /// - Parameters:
  ///   - learningRate: A number, or a schedule that only warms up.
  ///   - betas: How near to the average gradients are taken, and the share of the average square that a step keeps.
  ///   - epsilon: Added to the root of the average square.
  ///   - weightDecay: Times the learning rate, the share that a parameter loses at every step.
  ///   - stepPower: Point *t* has a weight of *t*^`stepPower` in the average,
  ///   - ratePower: times the largest learning rate so far to the power of `ratePower`.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0, stepPower: Double = 0, ratePower: Double = 2,
    rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "ScheduleFreeAdamW", fileID, line, shares: ["first beta": betas.0, "second beta": betas.1],
      notNegative: ["epsilon": epsilon, "weight decay": weightDecay])
    var core = OptimizerCore("scheduleFree", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    newest = core.states("scheduleFree.newest") { $0.tensor.cast(to: $0.type.dtype.wide) }
    squares = core.zeros("scheduleFree.square")
    largestRate = core.number("scheduleFree.largestRate", 0)
    weightSum = core.number("scheduleFree.weightSum", 0)
    self.core = core
    (self.betas, self.epsilon, self.stepPower, self.ratePower) = (betas, epsilon, stepPower, ratePower)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients, shared: shared) { turn, shared in
      let square = squares[turn.index]
      let point = newest[turn.index]
      let gradient = turn.gradient
      square.tensor = square.tensor * betas.1 + gradient * gradient * (1 - betas.1)
      var move = gradient / (sqrt(square.tensor) / shared.secondRoot.cast(to: turn.dtype) + epsilon)
      let value = turn.value
      if turn.weightDecay != 0 { move = move + value * turn.weightDecay }
      let moved = value + (point.tensor - value) * shared.share.cast(to: turn.dtype)
      let ahead = turn.learningRate * ((1 - shared.share) * betas.0 - 1)
      turn.value = moved + move * ahead.cast(to: turn.dtype)
      point.tensor = point.tensor - move * turn.rate
    }
  }

  private func shared(_ step: Tensor, _ rate: Tensor) -> (share: Tensor, secondRoot: Tensor) {
    largestRate.tensor = maximum(largestRate.tensor, rate)
    let weight = power(step, stepPower) * power(largestRate.tensor, ratePower)
    let sum = weightSum.tensor + weight
    weightSum.tensor = sum
    return (select(sum .> 0, weight / sum, 0), biasCorrections(betas, step).secondRoot)
  }

  /// Runs `body` while the parameters hold the averages.
  public func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
    let held = parameters.map(\.tensor)
    defer { for (parameter, value) in zip(parameters, held) { parameter.tensor = value } }
    for (parameter, point) in zip(parameters, newest) {
      let newest = point.tensor
      // A parameter lies a share of `betas.0` of the way from the newest point to the average.
      let average = newest + (parameter.tensor.cast(to: newest.dtype) - newest) / betas.0
      parameter.tensor = average.cast(to: parameter.type.dtype)
    }
    return try body()
  }
}
