import MartletGraph

/// How far predicted numbers are from the right ones: mean absolute and squared errors, R².
public struct RegressionErrors: Metric {
  private var count = 0.0
  private var absolute = 0.0
  private var squared = 0.0
  /// The mean of the targets, and the sum of their squared distances from it.
  private var mean = 0.0
  private var spread = 0.0

  public init() {}

  /// Adds examples of one shape.
  public mutating func update(
    predictions: Tensor, targets: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    guard predictions.shape == targets.shape else {
      let message = "needs predictions and targets of one shape, got \(predictions.type) and \(targets.type)"
      _ = stop(GraphError("RegressionErrors", message), at: SourceLocation(fileID, line))
      return
    }
    if targets.elementCount == 0 { return }
    let (p, t) = (predictions.cast(to: .float64), targets.cast(to: .float64))
    let own = t.mean()
    let sums = Tensor(stacking: [
      abs(p - t).sum(), ((p - t) * (p - t)).sum(), own, ((t - own) * (t - own)).sum(),
    ]).reals
    var batch = RegressionErrors()
    (batch.count, batch.absolute, batch.squared) = (Double(t.elementCount), sums[0], sums[1])
    (batch.mean, batch.spread) = (sums[2], sums[3])
    merge(batch)
  }

  /// NaN without examples, as all of these.
  public var meanAbsoluteError: Double { absolute / count }
  public var meanSquaredError: Double { squared / count }
  public var rootMeanSquaredError: Double { meanSquaredError.squareRoot() }
  /// The share of the targets' variance that is predicted.
  public var rSquared: Double { 1 - squared / spread }

  /// By the update of Chan, Golub and LeVeque, which keeps the digits of a small spread around a large mean.
  public mutating func merge(_ other: RegressionErrors) {
    if other.count == 0 { return }
    let total = count + other.count
    let distance = other.mean - mean
    spread += other.spread + distance * distance * count * other.count / total
    mean += distance * other.count / total
    count = total
    absolute += other.absolute
    squared += other.squared
  }
  public mutating func reset() { self = RegressionErrors() }
}
