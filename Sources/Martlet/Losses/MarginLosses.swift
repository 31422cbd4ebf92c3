import MartletGraph

/// How far scores are on the wrong side of a margin: max(0, margin - sign · score).
///
/// - Parameters:
///   - scores: Floating-point, of any shape.
///   - signs: -1 or 1, of the same shape.
///   - isSquared: Whether the distances are squared.
/// - Returns: `[]`, or the shape of `scores` without reduction.
public func hingeLoss(
  _ scores: Tensor, signs: Tensor, margin: Double = 1, isSquared: Bool = false, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("hingeLoss", scores, signs, reduction, fileID, line) { scores, signs in
    let distance = relu(margin - signs * scores)
    return isSquared ? distance * distance : distance
  }
}

/// Distances of pairs: of alike ones the distance itself, of unlike ones how far it is below a margin.
///
/// - Parameters:
///   - distances: Floating-point, of any shape.
///   - signs: 1 for alike, -1 for unlike, of the same shape.
/// - Returns: `[]`, or the shape of `distances` without reduction.
public func hingeEmbeddingLoss(
  _ distances: Tensor, signs: Tensor, margin: Double = 1, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairLoss("hingeEmbeddingLoss", distances, signs, reduction, fileID, line) { distances, signs in
    select(signs .> 0, distances, relu(margin - distances))
  }
}

/// How far every other class comes within a margin of the right one.
///
/// - Parameters:
///   - scores: `[..., classes]`, floating-point.
///   - labels: The right classes, `[...]` of any integer type.
///   - isSquared: Whether the distances are squared.
/// - Returns: `[]`, or `[...]` without reduction: the sum over the other classes, divided by the number of all.
public func multiMarginLoss(
  _ scores: Tensor, labels: Tensor, margin: Double = 1, isSquared: Bool = false, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard let classes = scores.shape.last, scores.dtype.isFloatingPoint, labels.dtype.isInteger,
    labels.shape.elementsEqual(scores.shape.dropLast()), classes < 1 << 24
  else {
    let message = "needs scores [..., classes] and integer labels [...], got \(scores.type) and \(labels.type)"
    return Tensor(storage: stop(GraphError("multiMarginLoss", message), at: SourceLocation(fileID, line)))
  }
  let isLabel = labelColumns(labels, classes, fileID, line)
  let right = select(isLabel, scores, 0).sum(axes: -1, keepingAxes: true)
  var distance = relu(scores - right + margin)
  if isSquared { distance = distance * distance }
  return reduced(select(isLabel, 0, distance).sum(axes: -1) / Double(classes), reduction)
}

/// How far the first of two scores is from being ahead of the second by a margin, or behind it.
///
/// - Parameters:
///   - first: Floating-point, of any shape.
///   - second: The same shape.
///   - signs: 1 where the first should be ahead, -1 where the second, of the same shape.
/// - Returns: `[]`, or the shape of the scores without reduction.
public func marginRankingLoss(
  _ first: Tensor, _ second: Tensor, signs: Tensor, margin: Double = 0, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard first.shape == signs.shape else {
    let message = "needs scores and signs of one shape, got \(first.type) and \(signs.type)"
    return Tensor(storage: stop(GraphError("marginRankingLoss", message), at: SourceLocation(fileID, line)))
  }
  return pairLoss("marginRankingLoss", first, second, reduction, fileID, line) { first, second in
    relu((second - first) * signs.cast(to: first.dtype) + margin)
  }
}

/// How far an anchor is from being nearer to its positive than to its negative by a margin.
///
/// - Parameters:
///   - anchor: `[..., width]`, floating-point.
///   - positive: What should be near, the same shape.
///   - negative: What should be far, the same shape.
///   - order: Of the norm of the differences.
///   - epsilon: Added to every difference, as PyTorch does, so that equal vectors have a derivative.
///   - isSwapping: Whether the negative counts as near as it is to anchor or positive.
/// - Returns: `[]`, or `[...]` without reduction.
/// - Note: Schroff, Kalenichenko and Philbin, *FaceNet*, CVPR 2015; the swap is Balntas et al., BMVC 2016.
public func tripletLoss(
  anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double = 1, order: Double = 2, epsilon: Double = 1e-6,
  isSwapping: Bool = false, reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard anchor.shape == positive.shape, anchor.shape == negative.shape, anchor.rank > 0 else {
    let message =
      "needs vectors [..., width] of one shape, got \(anchor.type), \(positive.type) and \(negative.type)"
    return Tensor(storage: stop(GraphError("tripletLoss", message), at: SourceLocation(fileID, line)))
  }
  func distance(_ a: Tensor, _ b: Tensor) -> Tensor {
    (a - b + epsilon).norm(order: order, axes: -1, fileID: fileID, line: line)
  }
  var far = distance(anchor, negative)
  if isSwapping { far = minimum(far, distance(positive, negative)) }
  return reduced(relu(distance(anchor, positive) - far + margin), reduction)
}

/// The cosine of the angle between vectors.
///
/// - Parameters:
///   - axis: Along which the vectors lie; it disappears.
///   - epsilon: The smallest length that a vector counts with, so that zero vectors give 0.
/// - Returns: The shapes broadcast, without `axis`.
public func cosineSimilarity(
  _ a: Tensor, _ b: Tensor, axis: Int = -1, epsilon: Double = 1e-8, fileID: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let axes = Axes(axis)
  let lengths = [a, b].map { maximum($0.norm(axes: axes, keepingAxes: true, fileID: fileID, line: line), epsilon) }
  return (a / lengths[0] * (b / lengths[1])).sum(axes: axes, fileID: fileID, line: line)
}

/// One minus the cosine of alike vectors, and how far that of unlike ones is above a margin.
///
/// - Parameters:
///   - first: `[..., width]`, floating-point.
///   - second: The same shape.
///   - signs: 1 for alike, -1 for unlike, `[...]`.
/// - Returns: `[]`, or `[...]` without reduction.
public func cosineEmbeddingLoss(
  _ first: Tensor, _ second: Tensor, signs: Tensor, margin: Double = 0, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard first.shape == second.shape, signs.shape.elementsEqual(first.shape.dropLast()), first.rank > 0 else {
    let message =
      "needs vectors [..., width] of one shape and signs [...], got \(first.type), \(second.type) and \(signs.type)"
    return Tensor(storage: stop(GraphError("cosineEmbeddingLoss", message), at: SourceLocation(fileID, line)))
  }
  let cosine = cosineSimilarity(first, second, fileID: fileID, line: line)
  return reduced(select(signs .> 0, 1 - cosine, relu(cosine - margin)), reduction)
}

/// How well each of two views finds its partner among all others: the cross entropy of their cosines.
///
/// - Parameters:
///   - queries: `[batch, width]`, floating-point.
///   - keys: `[batch, width]`: row *i* is the partner of query *i*, all others are what it is told apart from.
///   - temperature: Divides the cosines.
///   - isSymmetric: Whether keys look for queries as well, and the two losses are averaged, as in CLIP.
/// - Returns: `[]`, or `[batch]` without reduction.
/// - Note: van den Oord, Li and Vinyals, *Representation learning with contrastive predictive coding*, 2018; Radford et
///   al., *Learning transferable visual models from natural language supervision*, ICML 2021.
public func contrastiveLoss(
  queries: Tensor, keys: Tensor, temperature: Double = 0.07, isSymmetric: Bool = false,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard queries.rank == 2, queries.shape == keys.shape, temperature > 0 else {
    let message =
      "needs queries and keys [batch, width] and a positive temperature, got \(queries.type), \(keys.type) and "
      + "\(temperature)"
    return Tensor(storage: stop(GraphError("contrastiveLoss", message), at: SourceLocation(fileID, line)))
  }
  let units = [queries, keys].map { $0 / maximum($0.norm(axes: -1, keepingAxes: true), 1e-12) }
  let logits = matmul(units[0], units[1].transposed()) / temperature
  let partners = Tensor.range(0..<queries.shape[0])
  let loss = softmaxCrossEntropy(logits, labels: partners, reduction: .none, fileID: fileID, line: line)
  if !isSymmetric { return reduced(loss, reduction) }
  let back = softmaxCrossEntropy(
    logits.transposed(), labels: partners, reduction: .none, fileID: fileID, line: line)
  return reduced((loss + back) * 0.5, reduction)
}
