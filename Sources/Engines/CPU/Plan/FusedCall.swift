import MartletGraph

/// A named call for which there is a kernel; every other call is inlined.
enum FusedCall {
  /// Scaled dot-product attention: operands query, key, value `[batch, length, heads, width]` and an additive mask;
  /// results output and log-sum-exp.
  case attention(hasMask: Bool)
  /// The cotangents of query, key and value: operands of the call, then cotangents of output and log-sum-exp.
  case attentionGradient(hasMask: Bool)

  /// Nil for a call whose name or shapes no kernel takes.
  init?(_ call: Call, operands: [TensorType]) {
    let results = call.body.graph.outputTypes
    guard call.attributes.count == 3, operands.count >= 3 else { return nil }
    let hasMask = call.attributes[2] != 0
    let (query, key, value) = (operands[0], operands[1], operands[2])
    // Heads that share keys are left to the body.
    guard query.dtype == .float32, query.rank == 4, key.rank == 4, query.shape[2] == key.shape[2] else { return nil }
    guard query.elementCount > 0, key.elementCount > 0, value.elementCount > 0 else { return nil }
    if hasMask { guard operands.count > 3, operands[3].rank == 4, operands[3].dtype == .float32 else { return nil } }
    switch call.label {
    case "attention": self = .attention(hasMask: hasMask)
    case "attention gradient":
      guard results == [query, key, value], !hasMask || operands[3] != value else { return nil }
      self = .attentionGradient(hasMask: hasMask)
    default: return nil
    }
  }
}
