import MartletGraph

/// What becomes of the losses of single examples.
public enum LossReduction: Sendable, Hashable {
  /// Their mean.
  case mean
  /// Their sum.
  case sum
  /// Nothing: each is returned.
  case none
}

/// The negative logarithm of the probability that softmax gives to the right class.
///
/// - Parameters:
///   - logits: `[..., classes]`, floating-point.
///   - labels: The right classes, `[...]` of any integer type. One outside `0..<classes` is an error when the program
///     runs.
///   - labelSmoothing: The share of the target that is spread evenly over all classes, in 0...1.
///   - ignoredLabel: Examples with this label do not count; whatever their logits, they add 0. Where all are ignored,
///     the mean is 0 and so is its derivative.
///   - reduction: The mean is over the examples that count.
/// - Returns: `[]`, or `[...]` without reduction.
/// - Note: Label smoothing as in Szegedy et al., *Rethinking the Inception architecture*, CVPR 2016.
public func softmaxCrossEntropy(
  _ logits: Tensor, labels: Tensor, labelSmoothing: Double = 0, ignoredLabel: Int? = nil,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let location = SourceLocation(fileID, line)
  guard let classes = logits.shape.last, logits.dtype.isFloatingPoint, labels.dtype.isInteger,
    labels.shape.elementsEqual(logits.shape.dropLast()), classes < 1 << 24
  else {
    let message = "needs logits [..., classes] and integer labels [...], got \(logits.type) and \(labels.type)"
    return Tensor(storage: stop(GraphError("softmaxCrossEntropy", message), at: location))
  }
  let isCounted = ignoredLabel.map { labels .!= Tensor($0).cast(to: labels.dtype) }
  let labels = isCounted.map { select($0, labels, 0) } ?? labels
  // Before anything is computed from them: 0 times the derivative of an infinite logit would be NaN.
  let logits = isCounted.map { select($0.expandingDimensions(at: -1), logits, 0) } ?? logits
  let isLabel = labelColumns(labels, classes, fileID, line)

  // One sweep over each row: the maximum, the sum of exponentials, the logit of the label.
  let shifted = logits - stopGradient(logits.max(axes: -1, keepingAxes: true, fileID: fileID, line: line))
  let total = log(exp(shifted).sum(axes: -1))
  var loss = total - select(isLabel, shifted, 0).sum(axes: -1)
  if labelSmoothing != 0 {
    loss = loss * (1 - labelSmoothing) + (total - shifted.mean(axes: -1)) * labelSmoothing
  }
  if let isCounted { loss = select(isCounted, loss, 0) }
  return reduced(loss, reduction, isCounted: isCounted)
}

/// Where each row's label is, `[..., classes]` of bool.
///
/// A comparison with the column's number, because that is part of the sweep over the row, and its derivative as well;
/// taking one element a row would be a gather, and a scatter into zeros backward.
private func labelColumns(_ labels: Tensor, _ classes: Int, _ fileID: StaticString, _ line: UInt) -> Tensor {
  let columns = Tensor.range(0..<classes, dtype: .int32)
  // Negative indices count from the end, negative labels do not; moved further down they are outside as well.
  let isNegative = labels .< 0
  let indices =
    labels.dtype.isUnsigned
    ? labels : select(isNegative, labels.cast(to: .int64) - Double(classes), labels.cast(to: .int64))
  // The gather gives the labels again, and finds those that are no class.
  let known = columns.gathered(at: indices, fileID: fileID, line: line)
  return columns .== known.expandingDimensions(at: -1)
}

/// The mean over what counts, the sum, or the losses themselves.
func reduced(_ loss: Tensor, _ reduction: LossReduction, isCounted: Tensor? = nil) -> Tensor {
  switch reduction {
  case .none: return loss
  case .sum: return loss.sum()
  case .mean:
    guard let isCounted else { return loss.mean() }
    let count = isCounted.cast(to: loss.dtype).sum()
    return loss.sum() / maximum(count, 1)
  }
}

/// The share of examples whose largest logit is that of the right class.
///
/// - Parameters:
///   - logits: `[..., classes]`; of equal ones the first counts.
///   - labels: `[...]` of any integer type.
/// - Returns: `float32 []`; NaN without examples.
public func accuracy(
  _ logits: Tensor, labels: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let found = logits.argMax(axis: -1, fileID: fileID, line: line)
  guard labels.dtype.isInteger, labels.shape == found.shape else {
    let message = "needs logits [..., classes] and integer labels [...], got \(logits.type) and \(labels.type)"
    return Tensor(storage: stop(GraphError("accuracy", message), at: SourceLocation(fileID, line)))
  }
  return (found .== labels.cast(to: found.dtype)).cast(to: .float32).mean()
}
