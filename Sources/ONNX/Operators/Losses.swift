import Martlet

extension OperatorTable {
  /// Losses of classes.
  static let losses: [Operator] = [
    .one("NegativeLogLikelihoodLoss") { call in try likelihoodLoss(call.tensor(0, rank: 2...), call) },
    Operator("SoftmaxCrossEntropyLoss") { call in
      let logarithms = try call.tensor(0, rank: 2...).logSoftmax(axis: 1)
      return [ONNXValue(try likelihoodLoss(logarithms, call)), ONNXValue(logarithms)]
    },
  ]

  /// The mean, sum or table of the negative log-probabilities of labels, each by the weight of its class.
  private static func likelihoodLoss(_ logarithms: Tensor, _ call: Call) throws -> Tensor {
    let labels = try call.tensor(1).cast(to: .int64)
    var expected = logarithms.shape
    expected.remove(at: 1)
    guard labels.shape == expected else {
      throw ONNXError(.mismatch, "labels \(labels.shape) do not fit \(logarithms.shape)")
    }
    let ignored = try call.optionalInt("ignore_index")
    let isIgnored = ignored.map { labels .== Tensor($0) }
    let safe = isIgnored.map { select($0, 0, labels) } ?? labels
    let picked = logarithms.takenAlong(axis: 1, at: safe.expandingDimensions(at: 1)).squeezed(axes: 1)
    var weights: Tensor?
    if let table = try call.optionalTensor(2) { weights = table.gathered(at: safe).cast(to: logarithms.dtype) }
    if let isIgnored { weights = select(isIgnored, 0, weights ?? Tensor.ones(like: picked)) }
    let losses = weights.map { -picked * $0 } ?? -picked
    let reduction = try call.string("reduction", default: "mean")
    switch reduction {
    case "none": return losses
    case "sum": return losses.sum()
    case "mean": return weights.map { losses.sum() / $0.sum() } ?? losses.mean()
    default: throw call.unknown("reduction", reduction)
    }
  }
}
