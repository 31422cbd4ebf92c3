import MartletGraph

/// Squared differences where they are small, absolute ones where they are large, with a slope of at most 1.
///
/// - Parameter beta: Where small ends: *d*² / (2 `beta`) up to there, |*d*| - ½ `beta` beyond; 0 gives |*d*|.
/// - Returns: `[]`, or the shape of the operands without reduction.
/// - Note: Girshick, *Fast R-CNN*, ICCV 2015. It is ``huberLoss(_:_:delta:reduction:fileID:line:)`` over `beta`.
public func smoothL1Loss(
  _ predictions: Tensor, _ targets: Tensor, beta: Double = 1, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  if !(beta >= 0) {
    let error = GraphError("smoothL1Loss", "beta \(beta) is negative")
    return Tensor(storage: stop(error, at: SourceLocation(fileID, line)))
  }
  return pairLoss("smoothL1Loss", predictions, targets, reduction, fileID, line) { predictions, targets in
    let distance = abs(predictions - targets)
    if beta == 0 { return distance }
    return select(distance .< beta, distance * distance * (0.5 / beta), distance - 0.5 * beta)
  }
}

/// The logarithm of the hyperbolic cosine of the difference: ½ *d*² near 0, |*d*| - log 2 far away.
///
/// - Returns: `[]`, or the shape of the operands without reduction.
public func logCoshLoss(
  _ predictions: Tensor, _ targets: Tensor, reduction: LossReduction = .mean, fileID: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pairLoss("logCoshLoss", predictions, targets, reduction, fileID, line) { predictions, targets in
    let difference = predictions - targets
    return difference + softplus(difference * -2) - 0.6931471805599453
  }
}

/// How far a distribution is from the one that is wanted: the sum of target · (log target - log prediction).
///
/// - Parameters:
///   - logProbabilities: Of the prediction.
///   - targets: Probabilities of the same shape, or their logarithms; where one is 0 nothing is added.
///   - areTargetsLogarithms: Which of the two.
///   - reduction: The distance between distributions is ``LossReduction/meanOfExamples``; `mean` is over all numbers.
/// - Returns: `[]`, or the shape of the operands without reduction.
public func klDivergenceLoss(
  _ logProbabilities: Tensor, _ targets: Tensor, areTargetsLogarithms: Bool = false,
  reduction: LossReduction = .meanOfExamples, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("klDivergenceLoss", logProbabilities, targets, reduction, fileID, line) { logProbabilities, targets in
    if areTargetsLogarithms { return exp(targets) * (targets - logProbabilities) }
    let isPositive = targets .> 0
    // The logarithm's derivative at 0 is infinite; take it somewhere else.
    let logs = log(select(isPositive, targets, 1))
    return select(isPositive, targets * logs, 0) - targets * logProbabilities
  }
}

/// The negative logarithm of a Poisson probability.
///
/// - Parameters:
///   - predictions: Rates, or their logarithms.
///   - counts: What was counted, of the same shape.
///   - arePredictionsLogarithms: Which of the two.
///   - isFull: Whether to add Stirling's approximation of log *k*! where *k* is above 1, which no prediction changes.
///   - epsilon: Added to rates before their logarithm is taken.
/// - Returns: `[]`, or the shape of the operands without reduction.
public func poissonLoss(
  _ predictions: Tensor, counts: Tensor, arePredictionsLogarithms: Bool = true, isFull: Bool = false,
  epsilon: Double = 1e-8, reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("poissonLoss", predictions, counts, reduction, fileID, line) { predictions, counts in
    var loss =
      arePredictionsLogarithms
      ? exp(predictions) - counts * predictions : predictions - counts * log(predictions + epsilon)
    if isFull {
      let isLarge = counts .> 1
      let safe = select(isLarge, counts, 1)
      let stirling = safe * log(safe) - safe + log(safe * (2 * Double.pi)) * 0.5
      loss = loss + select(isLarge, stirling, 0)
    }
    return loss
  }
}

/// The negative logarithm of a normal density whose mean and variance are predicted.
///
/// - Parameters:
///   - means: Floating-point, of any shape.
///   - targets: Of the same shape.
///   - variances: Broadcasts to the shape; smaller ones count as `epsilon`, without a derivative of that.
///   - isFull: Whether to add ½ log 2π.
/// - Returns: `[]`, or the shape of `means` without reduction.
/// - Note: Nix and Weigend, *Estimating the mean and variance of the target probability distribution*, ICNN 1994.
public func gaussianLoss(
  _ means: Tensor, _ targets: Tensor, variances: Tensor, isFull: Bool = false, epsilon: Double = 1e-6,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("gaussianLoss", means, targets, reduction, fileID, line) { means, targets in
    let wide = variances.cast(to: means.dtype)
    // The bound replaces the value alone: a variance below it still learns that it should grow.
    let safe = wide + stopGradient(maximum(wide, epsilon) - wide)
    let difference = means - targets
    let loss = (log(safe) + difference * difference / safe) * 0.5
    return isFull ? loss + 0.9189385332046727 : loss
  }
}
