import Martlet

/// The causal attention of a decoder whose queries share keys, with a cache and rotation.
///
/// - Note: Ainslie et al., *GQA: Training generalized multi-query transformer models*, EMNLP 2023.
struct GroupedQueryAttention {
  private let heads, keyHeads: Int
  /// `[batch, length, heads · size]`, and the same for the heads of keys.
  private let query, key, value: Tensor
  /// The positions in the cache before this call, and all of them.
  private let past, whole: Int

  init(_ call: Call) throws {
    heads = try call.int("num_heads")
    keyHeads = try call.int("kv_num_heads")
    guard heads > 0, heads < 1 << 20, keyHeads > 0, heads % keyHeads == 0 else {
      throw ONNXError(.mismatch, "\(heads) heads of queries for \(keyHeads) of keys")
    }
    let first = try call.tensor(0, rank: 3)
    if call.has(1) {
      (query, key, value) = (first, try call.tensor(1, rank: 3), try call.tensor(2, rank: 3))
    } else {
      let total = heads + 2 * keyHeads
      guard first.shape[2] % total == 0 else {
        throw ONNXError(.mismatch, "\(first.shape) for \(total) heads")
      }
      let size = first.shape[2] / total
      query = first.slice(2, from: 0, count: heads * size)
      key = first.slice(2, from: heads * size, count: keyHeads * size)
      value = first.slice(2, from: (heads + keyHeads) * size, count: keyHeads * size)
    }
    // The file has the last position of each example.
    let ends = try call.integers(5)
    let length = first.shape[1]
    guard ends.count == first.shape[0], Set(ends).count == 1, let end = ends.first, end < 1 << 40,
      end >= length - 1
    else { throw ONNXError(.unsupported, "examples that end at \(ends) are not supported") }
    whole = end + 1
    past = whole - length
  }

  func results(_ call: Call) throws -> [ONNXValue] {
    let (turned, turnedKey) = try rotated(call)
    let (query, key) = (
      try turned.splitIntoHeads(heads), try withCache(turnedKey.splitIntoHeads(keyHeads), call, 3)
    )
    let value = try withCache(self.value.splitIntoHeads(keyHeads), call, 4)
    let core = AttentionCore(
      scale: try OperatorTable.usualScale(call), cap: try call.float("softcap", default: 0),
      precision: nil)
    let bias = mask(query, window: try call.int("local_window_size", default: -1))
    let output = try core.run(query, key, value, bias: bias).output.joinedHeads()
    return [output, key, value].map { ONNXValue($0) }
  }

  /// Queries and keys turned by their positions, if the node asks for it.
  private func rotated(_ call: Call) throws -> (query: Tensor, key: Tensor) {
    guard try call.flag("do_rotary") else { return (query, key) }
    let (batch, length) = (query.shape[0], query.shape[1])
    let places = (Tensor.range(0..<length) + Double(past)).expandingDimensions(at: 0).broadcast(
      to: [batch, length])
    let rotation = Rotation(
      cosines: try call.tensor(7, rank: 2), sines: try call.tensor(8, rank: 2), positions: places,
      isInterleaved: try call.flag("rotary_interleaved"), width: 0)
    return (
      try OperatorTable.rotated(query, heads: heads, by: rotation),
      try OperatorTable.rotated(key, heads: keyHeads, by: rotation)
    )
  }

  /// New keys or values behind those of the cache.
  private func withCache(_ fresh: Tensor, _ call: Call, _ input: Int) throws -> Tensor {
    if past == 0 { return fresh }
    let cache = try call.tensor(input, rank: 4)
    guard cache.shape[2] >= past else {
      throw ONNXError(.mismatch, "a cache \(cache.shape) is shorter than \(past)")
    }
    return Tensor(concatenating: [cache.slice(2, from: 0, count: past), fresh], axis: 2)
  }

  /// -∞ for later keys, and for those further back than the window.
  private func mask(_ query: Tensor, window: Int) -> Tensor {
    let length = whole - past
    let causal = AttentionCore.causal(length, whole, start: past, dtype: query.dtype)
    guard window > 0 else { return causal }
    let distance =
      Tensor.range(0..<length).reshaped(to: [length, 1]) + Double(past) - Tensor.range(0..<whole)
    return select(distance .>= Double(window), -.infinity, causal)
  }
}
