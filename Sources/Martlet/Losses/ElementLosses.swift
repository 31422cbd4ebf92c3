import MartletGraph

/// The negative logarithm of the probability that the sigmoid gives to the right answer, for yes-or-no questions.
///
/// - Parameters:
///   - logits: Floating-point, of any shape.
///   - labels: The probabilities of yes, 0...1, of the same shape; bool and integers are converted.
///   - positiveWeight: What a yes counts; broadcasts to the shape. 1 if nil.
///   - weights: What each loss is multiplied by; broadcasts to the shape. The mean still divides by the count.
/// - Returns: `[]`, or the shape of `logits` without reduction.
public func sigmoidBinaryCrossEntropy(
  _ logits: Tensor, labels: Tensor, positiveWeight: Tensor? = nil, weights: Tensor? = nil,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("sigmoidBinaryCrossEntropy", logits, labels, reduction, fileID, line) { logits, labels in
    // max(x, 0) - x y + log(1 + exp(-|x|)) neither overflows nor cancels.
    let tail = log1p(exp(-abs(logits)))
    var loss: Tensor
    if let positiveWeight {
      let factor = labels * (positiveWeight.cast(to: logits.dtype) - 1) + 1
      loss = logits * (1 - labels) + factor * (tail + maximum(-logits, 0))
    } else {
      loss = maximum(logits, 0) - logits * labels + tail
    }
    if let weights { loss = loss * weights.cast(to: logits.dtype) }
    return loss
  }
}

/// The negative logarithm of the probability given to the right answer, for yes-or-no questions.
///
/// Logarithms are kept above -100, so that a wrong certainty costs 100 and its derivative is finite, as in PyTorch. Where
/// there are logits use ``sigmoidBinaryCrossEntropy(_:labels:positiveWeight:weights:reduction:fileID:line:)``.
///
/// - Parameters:
///   - probabilities: Of yes, in 0...1, floating-point.
///   - labels: The probabilities wanted, of the same shape; bool and integers are converted.
///   - weights: What each loss is multiplied by; broadcasts to the shape.
/// - Returns: `[]`, or the shape of `probabilities` without reduction.
public func binaryCrossEntropy(
  _ probabilities: Tensor, labels: Tensor, weights: Tensor? = nil, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("binaryCrossEntropy", probabilities, labels, reduction, fileID, line) { p, labels in
    let loss = -(labels * log(p).clipped(to: (-100)...) + (1 - labels) * log1p(-p).clipped(to: (-100)...))
    return weights.map { loss * $0.cast(to: p.dtype) } ?? loss
  }
}

/// The mean of squared differences.
///
/// - Returns: `[]`, or the shape of the operands without reduction.
public func meanSquaredError(
  _ predictions: Tensor, _ targets: Tensor, reduction: LossReduction = .mean, fileID: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pairLoss("meanSquaredError", predictions, targets, reduction, fileID, line) { predictions, targets in
    let difference = predictions - targets
    return difference * difference
  }
}

/// The mean of absolute differences; its derivative where they are 0 is 0.
///
/// - Returns: `[]`, or the shape of the operands without reduction.
public func meanAbsoluteError(
  _ predictions: Tensor, _ targets: Tensor, reduction: LossReduction = .mean, fileID: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pairLoss("meanAbsoluteError", predictions, targets, reduction, fileID, line) { abs($0 - $1) }
}

/// Squared differences where they are small, absolute ones where they are large.
///
/// - Parameter delta: Where small ends: ½ *d*² up to there, `delta` (|*d*| - ½ `delta`) beyond.
/// - Returns: `[]`, or the shape of the operands without reduction.
/// - Note: Huber, *Ann. Math. Stat.* 35 (1964).
public func huberLoss(
  _ predictions: Tensor, _ targets: Tensor, delta: Double = 1, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("huberLoss", predictions, targets, reduction, fileID, line) { predictions, targets in
    let distance = abs(predictions - targets)
    return select(distance .<= delta, distance * distance * 0.5, (distance - 0.5 * delta) * delta)
  }
}

/// A loss of two tensors of one shape. A broadcast here would be a mistake that nobody sees.
func pairLoss(
  _ name: String, _ predictions: Tensor, _ targets: Tensor, _ reduction: LossReduction, _ fileID: StaticString,
  _ line: UInt, _ body: (Tensor, Tensor) -> Tensor
) -> Tensor {
  guard predictions.shape == targets.shape, predictions.dtype.isFloatingPoint else {
    let message =
      "needs floating-point predictions and targets of one shape, got \(predictions.type) and \(targets.type)"
    return Tensor(storage: stop(GraphError(name, message), at: SourceLocation(fileID, line)))
  }
  // 16-bit floats lose what sums of many losses need.
  let wide = predictions.dtype.wide
  return reduced(body(predictions.cast(to: wide), targets.cast(to: wide)), reduction)
}
