import MartletGraph

/// Cross entropy of yes-or-no questions in which easy ones hardly count.
///
/// - Parameters:
///   - logits: Floating-point, of any shape.
///   - labels: 0 or 1, of the same shape; bool is converted.
///   - focus: The power of the wrong answer's probability by which each loss is multiplied (γ).
///   - balance: The weight of a yes in 0...1, a no weighing the rest (α); nil weighs both 1.
/// - Returns: `[]`, or the shape of `logits` without reduction.
/// - Note: Lin et al., *Focal loss for dense object detection*, ICCV 2017.
public func focalLoss(
  _ logits: Tensor, labels: Tensor, focus: Double = 2, balance: Double? = 0.25, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("focalLoss", logits, labels, reduction, fileID, line) { logits, labels in
    let entropy = maximum(logits, 0) - logits * labels + log1p(exp(-abs(logits)))
    let p = sigmoid(logits)
    let wrong = p + labels - p * labels * 2
    let loss = entropy * power(wrong, focus)
    return balance.map { loss * (labels * (2 * $0 - 1) + (1 - $0)) } ?? loss
  }
}

/// One minus twice what prediction and target share, over all that both have.
///
/// - Parameters:
///   - probabilities: `[batch, ...]`, floating-point.
///   - targets: 0 or 1, or probabilities, the same shape.
///   - axes: Over which one score is taken; all but the first by default.
///   - smoothing: Added above and below, so that two empty masks agree.
///   - isSquared: Whether the elements below are squared, as in V-Net.
/// - Returns: `[]`, or what is left of the shape without reduction.
/// - Note: Milletari, Navab and Ahmadi, *V-Net*, 3DV 2016.
public func diceLoss(
  _ probabilities: Tensor, _ targets: Tensor, axes: Axes? = nil, smoothing: Double = 1, isSquared: Bool = false,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("diceLoss", probabilities, targets, reduction, fileID, line) { p, t in
    let axes = axes ?? Axes(Array(1..<max(p.rank, 1)))
    func sum(_ x: Tensor) -> Tensor { x.sum(axes: axes, fileID: fileID, line: line) }
    let all = isSquared ? sum(p * p) + sum(t * t) : sum(p) + sum(t)
    return 1 - (sum(p * t) * 2 + smoothing) / (all + smoothing)
  }
}

/// As ``diceLoss(_:_:axes:smoothing:isSquared:reduction:fileID:line:)``, with a weight for what is found wrongly and
/// another for what is missed; ½ and ½ are the Dice loss.
///
/// - Note: Salehi, Erdogmus and Gholipour, *Tversky loss function for image segmentation*, MLMI 2017.
public func tverskyLoss(
  _ probabilities: Tensor, _ targets: Tensor, axes: Axes? = nil, falsePositiveWeight: Double = 0.5,
  falseNegativeWeight: Double = 0.5, smoothing: Double = 1, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("tverskyLoss", probabilities, targets, reduction, fileID, line) { p, t in
    let axes = axes ?? Axes(Array(1..<max(p.rank, 1)))
    func sum(_ x: Tensor) -> Tensor { x.sum(axes: axes, fileID: fileID, line: line) }
    let shared = sum(p * t)
    let wrong = sum(p * (1 - t)) * falsePositiveWeight + sum((1 - p) * t) * falseNegativeWeight
    return 1 - (shared + smoothing) / (shared + wrong + smoothing)
  }
}

/// Which measure of how two boxes overlap.
public enum BoxOverlap: Sendable, Hashable, CaseIterable {
  /// The area of the intersection over that of the union.
  case intersectionOverUnion
  /// Less the share of the smallest enclosing box that is in neither.
  ///
  /// - Note: Rezatofighi et al., *Generalized intersection over union*, CVPR 2019.
  case generalized
  /// Less the squared distance of the centers over the squared diagonal of the enclosing box.
  ///
  /// - Note: Zheng et al., *Distance-IoU loss*, AAAI 2020.
  case distance
  /// That, less a term for different aspect ratios.
  ///
  /// - Note: Zheng et al., *Distance-IoU loss*, AAAI 2020.
  case complete
}

/// How boxes overlap, pair by pair.
///
/// - Parameters:
///   - first: `[..., 4]`, floating-point: left, top, right, bottom, with left ≤ right and top ≤ bottom.
///   - second: Broadcasts with it: `[n, 1, 4]` and `[1, m, 4]` give all pairs.
///   - epsilon: Added to areas and lengths that divide.
/// - Returns: `[...]`: 1 for equal boxes.
public func boxOverlap(
  _ first: Tensor, _ second: Tensor, _ measure: BoxOverlap = .intersectionOverUnion, epsilon: Double = 1e-7,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard first.shape.last == 4, second.shape.last == 4, first.dtype.isFloatingPoint, second.dtype == first.dtype else {
    let message = "needs boxes [..., 4] of one floating-point type, got \(first.type) and \(second.type)"
    return Tensor(storage: stop(GraphError("boxOverlap", message), at: SourceLocation(fileID, line)))
  }
  let (a, b) = (BoxSides(first), BoxSides(second))
  let shared =
    relu(minimum(a.right, b.right) - maximum(a.left, b.left))
    * relu(minimum(a.bottom, b.bottom) - maximum(a.top, b.top))
  let union = a.width * a.height + b.width * b.height - shared
  let overlap = shared / (union + epsilon)
  if measure == .intersectionOverUnion { return overlap }
  let width = maximum(a.right, b.right) - minimum(a.left, b.left)
  let height = maximum(a.bottom, b.bottom) - minimum(a.top, b.top)
  if measure == .generalized {
    let area = width * height
    return overlap - (area - union) / (area + epsilon)
  }
  let (dx, dy) = (a.left + a.right - b.left - b.right, a.top + a.bottom - b.top - b.bottom)
  let apart = overlap - (dx * dx + dy * dy) * 0.25 / (width * width + height * height + epsilon)
  if measure == .distance { return apart }
  let angle = atan(b.width / b.height) - atan(a.width / a.height)
  let difference = angle * angle * (4 / (Double.pi * Double.pi))
  // How much the aspect ratio counts is no matter of the derivative.
  let share = stopGradient(difference / (1 - overlap + difference + epsilon))
  return apart - share * difference
}

/// One minus how boxes overlap.
///
/// - Parameters:
///   - predictions: `[..., 4]`, floating-point: left, top, right, bottom.
///   - targets: The same shape.
/// - Returns: `[]`, or `[...]` without reduction.
public func boxLoss(
  _ predictions: Tensor, _ targets: Tensor, _ measure: BoxOverlap = .generalized, epsilon: Double = 1e-7,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("boxLoss", predictions, targets, reduction, fileID, line) { predictions, targets in
    1 - boxOverlap(predictions, targets, measure, epsilon: epsilon, fileID: fileID, line: line)
  }
}

/// The coordinates of boxes, each `[...]`.
private struct BoxSides {
  let left, top, right, bottom: Tensor
  var width: Tensor { right - left }
  var height: Tensor { bottom - top }

  init(_ boxes: Tensor) {
    let sides = boxes.unstacked(axis: -1)
    (left, top, right, bottom) = (sides[0], sides[1], sides[2], sides[3])
  }
}
