import MartletGraph
import MartletKernels

/// A named call for which there is a kernel; every other call is inlined.
enum FusedCall {
  /// Scaled dot-product attention: operands query, key, value `[batch, length, heads, width]` and an additive mask;
  /// results output and log-sum-exp.
  case attention(hasMask: Bool)
  /// The cotangents of query, key and value: operands of the call, then cotangents of output and log-sum-exp.
  case attentionGradient(hasMask: Bool)
  /// The mean and the variance of so many groups of neighboring channels: the operand is `[batch, positions, channels]`,
  /// the results are `[batch, groups, 1]`.
  case groupMoments(groups: Int)

  /// Nil for a call whose name or shapes no kernel takes.
  init?(_ call: Call, operands: [TensorType]) {
    switch call.label {
    case "attention", "attention gradient": self.init(attention: call, operands)
    case "group moments": self.init(moments: call, operands)
    default: return nil
    }
  }

  private init?(moments call: Call, _ operands: [TensorType]) {
    guard call.attributes.count == 1, operands.count == 1, operands[0].dtype == .float32, operands[0].rank == 3
    else { return nil }
    let shape = operands[0].shape
    guard let groups = Int(exactly: call.attributes[0]), groups > 0, shape[2] % groups == 0 else { return nil }
    guard shape[1] >= Int(MARTLET_MOMENTS_LEAST_POSITIONS), shape[2] >= Int(MARTLET_MOMENTS_LEAST_CHANNELS) else {
      return nil
    }
    let result = TensorType(.float32, [shape[0], groups, 1])
    if call.body.graph.outputTypes != [result, result] { return nil }
    self = .groupMoments(groups: groups)
  }

  private init?(attention call: Call, _ operands: [TensorType]) {
    let results = call.body.graph.outputTypes
    guard call.attributes.count == 3, operands.count >= 3 else { return nil }
    let hasMask = call.attributes[2] != 0
    let (query, key, value) = (operands[0], operands[1], operands[2])
    // Heads that share keys are left to the body.
    guard query.dtype == .float32, query.rank == 4, key.rank == 4, query.shape[2] == key.shape[2] else { return nil }
    guard query.elementCount > 0, key.elementCount > 0, value.elementCount > 0 else { return nil }
    if hasMask { guard operands.count > 3, operands[3].rank == 4, operands[3].dtype == .float32 else { return nil } }
    if call.label == "attention" {
      self = .attention(hasMask: hasMask)
    } else {
      guard results == [query, key, value], !hasMask || operands[3] != value else { return nil }
      self = .attentionGradient(hasMask: hasMask)
    }
  }
}
