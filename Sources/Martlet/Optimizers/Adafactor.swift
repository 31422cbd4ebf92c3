/// Adam without a first average, whose average square is a row times a column: memory of the square root of Adam's.
///
/// - Note: Shazeer and Stern, *Adafactor: adaptive learning rates with sublinear memory cost*, ICML 2018, with the
///   relative step size bounded by the learning rate, as PyTorch has it.
public final class Adafactor: Optimizer {
  private let core: OptimizerCore
  /// For matrices the average of each row and of each column; for vectors the average itself, and nothing.
  private let rows, columns: [State]
  private let decayExponent, minimumScale, clippingThreshold: Double
  private let epsilon: Double?

  /// - Parameters:
  ///   - learningRate: A number or a schedule: the largest step over the parameter's root mean square; 1 / √*t* is
  ///     another limit.
  ///   - decayExponent: Update *t* keeps a share of 1 - *t*^`decayExponent` of the average.
  ///   - epsilon: The smallest root mean square to divide by; the spacing of the element type at 1 if nil.
  ///   - minimumScale: The smallest root mean square that a parameter counts with.
  ///   - clippingThreshold: The largest root mean square of a step before it is scaled.
  ///   - weightDecay: Times the learning rate, the share that a parameter loses at every step.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, decayExponent: Double = -0.8, epsilon: Double? = nil,
    minimumScale: Double = 1e-3, clippingThreshold: Double = 1, weightDecay: Double = 0, rules: [ParameterRule] = [],
    fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "Adafactor", fileID, line,
      notNegative: [
        "minimum scale": minimumScale, "clipping threshold": clippingThreshold, "weight decay": weightDecay,
      ])
    var core = OptimizerCore("adafactor", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    rows = core.states("adafactor.row") { parameter in
      let shape = parameter.shape
      return .zeros(shape.rank < 2 ? shape : Shape(shape.dropLast() + [1]), dtype: parameter.type.dtype.wide)
    }
    columns = core.states("adafactor.column") { parameter in
      let shape = parameter.shape
      let sizes = shape.rank < 2 ? [0] : shape.dropLast(2) + [1, shape[shape.rank - 1]]
      return .zeros(Shape(sizes), dtype: parameter.type.dtype.wide)
    }
    self.core = core
    (self.decayExponent, self.epsilon, self.minimumScale) = (decayExponent, epsilon, minimumScale)
    self.clippingThreshold = clippingThreshold
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients, shared: { step, _ in step }) { turn, step in
      let value = turn.value
      let scale = maximum(rootMeanSquare(value), minimumScale)
      let relative = minimum(turn.learningRate, rsqrt(step)).cast(to: turn.dtype)
      turn.decay()
      let smallest = epsilon ?? (turn.dtype == .float64 ? 0x1p-52 : 0x1p-23)
      let fresh = power(step, decayExponent).cast(to: turn.dtype)
      let square = averageSquare(turn.index, turn.gradient, fresh, smallest)
      let move = turn.gradient * rsqrt(maximum(square, smallest * smallest))
      let excess = maximum(rootMeanSquare(move) / clippingThreshold, 1)
      turn.value = turn.value - move * (relative * scale / excess)
    }
  }

  private func averageSquare(_ index: Int, _ gradient: Tensor, _ fresh: Tensor, _ smallest: Double) -> Tensor {
    let square = gradient * gradient
    let (row, column) = (rows[index], columns[index])
    if gradient.rank < 2 {
      row.tensor = row.tensor + (square - row.tensor) * fresh
      return row.tensor
    }
    row.tensor = row.tensor + (square.mean(axes: -1, keepingAxes: true) - row.tensor) * fresh
    column.tensor = column.tensor + (square.mean(axes: -2, keepingAxes: true) - column.tensor) * fresh
    return row.tensor * column.tensor / maximum(row.tensor.mean(axes: -2, keepingAxes: true), smallest)
  }
}

private func rootMeanSquare(_ x: Tensor) -> Tensor { sqrt((x * x).mean()) }
