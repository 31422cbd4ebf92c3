import MartletGraph

/// The negative logarithm of the probability that softmax gives to the right class.
///
/// - Parameters:
///   - logits: `[..., classes]`, floating-point.
///   - labels: The right classes, `[...]` of any integer type. One outside `0..<classes` is an error when the program
///     runs.
///   - classWeights: What an example of each class counts, `[classes]`; 1 if nil.
///   - labelSmoothing: The share of the target that is spread evenly over all classes, in 0...1.
///   - ignoredLabel: Examples with this label do not count; whatever their logits, they add 0. Where all are ignored,
///     the mean is 0 and so is its derivative.
///   - reduction: The mean is over the examples that count, each as much as its label's class weighs.
/// - Returns: `[]`, or `[...]` without reduction.
/// - Note: Label smoothing as in Szegedy et al., *Rethinking the Inception architecture*, CVPR 2016.
public func softmaxCrossEntropy(
  _ logits: Tensor, labels: Tensor, classWeights: Tensor? = nil, labelSmoothing: Double = 0,
  ignoredLabel: Int? = nil, reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let location = SourceLocation(fileID, line)
  guard let classes = logits.shape.last, logits.dtype.isFloatingPoint, labels.dtype.isInteger,
    labels.shape.elementsEqual(logits.shape.dropLast()), classes < 1 << 24,
    classWeights.map({ $0.shape == [classes] }) ?? true
  else {
    let weights = classWeights.map { ", weights \($0.type)" } ?? ""
    let message =
      "needs logits [..., classes], integer labels [...] and weights [classes], got \(logits.type) and \(labels.type)"
    return Tensor(storage: stop(GraphError("softmaxCrossEntropy", message + weights), at: location))
  }
  let operands = [logits, labels] + (classWeights.map { [$0] } ?? [])
  func loss(_ operands: [Tensor]) -> [Tensor] {
    let classWeights = operands.count > 2 ? operands[2] : nil
    let options = CrossEntropyOptions(labelSmoothing: labelSmoothing, ignoredLabel: ignoredLabel, reduction: reduction)
    return [crossEntropy(operands[0], operands[1], classWeights, options, fileID, line)]
  }
  if ignoredLabel != nil { return loss(operands)[0] }
  return namedWithoutDerivative(
    "softmaxCrossEntropy", [labelSmoothing, reduction.number], operands, at: location, loss)[0]
}

/// How the losses of examples are computed and joined.
private struct CrossEntropyOptions {
  let labelSmoothing: Double
  let ignoredLabel: Int?
  let reduction: LossReduction
}

private func crossEntropy(
  _ logits: Tensor, _ labels: Tensor, _ classWeights: Tensor?, _ options: CrossEntropyOptions,
  _ fileID: StaticString, _ line: UInt
) -> Tensor {
  let (classes, labelSmoothing) = (logits.shape[logits.rank - 1], options.labelSmoothing)
  // 16-bit floats lose what the sum of many exponentials needs.
  let logits = logits.cast(to: logits.dtype.wide)
  let isCounted = options.ignoredLabel.map { labels .!= Tensor($0).cast(to: labels.dtype) }
  let labels = isCounted.map { select($0, labels, 0) } ?? labels
  // Before anything is computed from them: 0 times the derivative of an infinite logit would be NaN.
  let known = isCounted.map { select($0.expandingDimensions(at: -1), logits, 0) } ?? logits
  let isLabel = labelColumns(labels, classes, fileID, line)

  // One sweep over each row: the maximum, the sum of exponentials, the logit of the label.
  let shifted = known - stopGradient(known.max(axes: -1, keepingAxes: true, fileID: fileID, line: line))
  let total = log(exp(shifted).sum(axes: -1))
  var loss = total - select(isLabel, shifted, 0).sum(axes: -1)
  var weight: Tensor?
  if let classWeights {
    let own = select(isLabel, classWeights.cast(to: logits.dtype), 0).sum(axes: -1)
    (loss, weight) = (loss * own, own)
  }
  if labelSmoothing != 0 {
    let even: Tensor
    if let classWeights {
      let weights = classWeights.cast(to: logits.dtype)
      even = (total * weights.sum() - (shifted * weights).sum(axes: -1)) / Double(classes)
    } else {
      even = total - shifted.mean(axes: -1)
    }
    loss = loss * (1 - labelSmoothing) + even * labelSmoothing
  }
  if let isCounted {
    loss = select(isCounted, loss, 0)
    weight = weight.map { select(isCounted, $0, 0) } ?? isCounted.cast(to: loss.dtype)
  }
  return reduced(loss, options.reduction, weight: weight)
}

/// The cross entropy of softmax and the probabilities that are wanted.
///
/// - Parameters:
///   - logits: `[..., classes]`, floating-point.
///   - probabilities: Of each class, the same shape; each row should add up to 1.
///   - classWeights: What the probability of each class counts, `[classes]`; 1 if nil.
///   - labelSmoothing: The share of the target that is spread evenly over all classes, in 0...1.
///   - reduction: The mean is over the examples, whatever classes weigh.
/// - Returns: `[]`, or `[...]` without reduction.
public func softmaxCrossEntropy(
  _ logits: Tensor, probabilities: Tensor, classWeights: Tensor? = nil, labelSmoothing: Double = 0,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard let classes = logits.shape.last, logits.dtype.isFloatingPoint, probabilities.shape == logits.shape,
    classWeights.map({ $0.shape == [classes] }) ?? true
  else {
    let message =
      "needs logits and probabilities [..., classes] and weights [classes], got \(logits.type) and "
      + "\(probabilities.type)" + (classWeights.map { ", weights \($0.type)" } ?? "")
    let error = GraphError("softmaxCrossEntropy", message)
    return Tensor(storage: stop(error, at: SourceLocation(fileID, line)))
  }
  let logits = logits.cast(to: logits.dtype.wide)
  var target = probabilities.cast(to: logits.dtype)
  if labelSmoothing != 0 { target = target * (1 - labelSmoothing) + labelSmoothing / Double(classes) }
  if let classWeights { target = target * classWeights.cast(to: logits.dtype) }
  return reduced(-(logits.logSoftmax(fileID: fileID, line: line) * target).sum(axes: -1), reduction)
}

/// The negative logarithm of the probability of the right class, where logarithms of probabilities are given.
///
/// - Parameters:
///   - logProbabilities: `[..., classes]`, as ``Tensor/logSoftmax(axis:fileID:line:)`` gives them.
///   - labels: The right classes, `[...]` of any integer type. One outside `0..<classes` is an error when the program
///     runs.
///   - classWeights: What an example of each class counts, `[classes]`; 1 if nil.
///   - ignoredLabel: Examples with this label do not count.
///   - reduction: The mean is over the examples that count, each as much as its label's class weighs.
/// - Returns: `[]`, or `[...]` without reduction.
public func negativeLogLikelihood(
  _ logProbabilities: Tensor, labels: Tensor, classWeights: Tensor? = nil, ignoredLabel: Int? = nil,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard let classes = logProbabilities.shape.last, logProbabilities.dtype.isFloatingPoint, labels.dtype.isInteger,
    labels.shape.elementsEqual(logProbabilities.shape.dropLast()), classes < 1 << 24,
    classWeights.map({ $0.shape == [classes] }) ?? true
  else {
    let message =
      "needs log-probabilities [..., classes], integer labels [...] and weights [classes], got "
      + "\(logProbabilities.type) and \(labels.type)" + (classWeights.map { ", weights \($0.type)" } ?? "")
    let error = GraphError("negativeLogLikelihood", message)
    return Tensor(storage: stop(error, at: SourceLocation(fileID, line)))
  }
  let isCounted = ignoredLabel.map { labels .!= Tensor($0).cast(to: labels.dtype) }
  let labels = isCounted.map { select($0, labels, 0) } ?? labels
  let isLabel = labelColumns(labels, classes, fileID, line)
  var loss = -select(isLabel, logProbabilities, 0).sum(axes: -1)
  var weight: Tensor?
  if let classWeights {
    let own = select(isLabel, classWeights.cast(to: loss.dtype), 0).sum(axes: -1)
    (loss, weight) = (loss * own, own)
  }
  if let isCounted {
    loss = select(isCounted, loss, 0)
    weight = weight.map { select(isCounted, $0, 0) } ?? isCounted.cast(to: loss.dtype)
  }
  return reduced(loss, reduction, weight: weight)
}

/// Where each row's label is, `[..., classes]` of bool.
///
/// A comparison with the column's number, because that is part of the sweep over the row, and its derivative as well;
/// taking one element a row would be a gather, and a scatter into zeros backward.
func labelColumns(_ labels: Tensor, _ classes: Int, _ fileID: StaticString, _ line: UInt) -> Tensor {
  compose("softmaxCrossEntropy", fileID, line) { c in
    let columns = try c.iota([classes], axis: 0, .int32)
    // The gather gives the labels again, and finds those that are no class.
    let known = try c(Gather(.axis(0)), columns, c.fromTheStart(labels))
    return try c.compare(.equal, columns, c.expand(known, [known.rank]))
  }
}
