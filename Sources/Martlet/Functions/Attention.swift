import MartletGraph

/// Mixes values, weighted by how well their keys answer each query.
///
/// The weights are softmax(scale · query · key + mask) over the keys. Fewer heads of keys and values than of queries
/// are shared by neighboring query heads (grouped queries). A query that sees no key gives 0.
///
/// - Parameters:
///   - query: `[batch, queries, heads, width]`.
///   - key: `[batch, keys, key heads, width]`; key heads divide heads.
///   - value: `[batch, keys, key heads, value width]`.
///   - mask: Added to the scores, or bool: `true` where a query may see a key. Broadcasts to
///     `[batch, heads, queries, keys]`.
///   - scale: 1 / √width unless given.
///   - isCausal: Whether query *i* sees only keys up to *i* + keys - queries: both end together, as with a cache.
/// - Returns: `[batch, queries, heads, value width]`. 16-bit floats are computed in float 32.
/// - Note: Vaswani et al., *Attention is all you need*, NeurIPS 2017.
public func attention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, scale: Double? = nil, isCausal: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  attentionWithLogSumExp(
    query, key, value, mask: mask, scale: scale, isCausal: isCausal, fileID: fileID, line: line
  ).output
}

/// As ``attention(_:_:_:mask:scale:isCausal:fileID:line:)``, together with the logarithm of the sum of exponentials of
/// each query's scores, `[batch, heads, queries]`: -inf where a query sees no key. It joins attention over parts of
/// the keys.
public func attentionWithLogSumExp(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, scale: Double? = nil, isCausal: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> (output: Tensor, logSumExp: Tensor) {
  let results = compose("attention", results: 2, fileID, line) { c in
    try checkAttention(query, key, value)
    var operands = [query, key, value]
    if let mask { operands.append(try c.additiveMask(mask, query, key)) }
    let scale = scale ?? 1 / Double(Swift.max(query.shape[3], 1)).squareRoot()
    let attributes = [scale, isCausal ? 1 : 0, mask == nil ? 0 : 1]
    let kind = BodyKind(label: "attention", attributes: attributes, inputs: operands.map(\.type), location: c.location)
    let body = try Recorder.current.body(kind) { inputs in
      try c.attend(inputs[0], inputs[1], inputs[2], inputs.count > 3 ? inputs[3] : nil, scale, isCausal)
    }
    return Tensor.recordMany(Call("attention", attributes: attributes, body: body), operands, at: c.location)
  }
  return (results[0], results[1])
}

private func checkAttention(_ query: Tensor, _ key: Tensor, _ value: Tensor) throws(GraphError) {
  for (role, x) in [("query", query), ("key", key), ("value", value)] {
    try checkFloatingPoint(x)
    if x.rank != 4 { throw mistake("the \(role) is [batch, length, heads, width], got \(x.shape)") }
    if x.dtype != query.dtype { throw mistake("element types differ: query \(query.type), \(role) \(x.type)") }
    if x.shape[0] != query.shape[0] { throw mistake("batches differ: query \(query.shape), \(role) \(x.shape)") }
  }
  if query.shape[3] != key.shape[3] { throw mistake("widths differ: query \(query.shape), key \(key.shape)") }
  if key.shape[1] != value.shape[1] || key.shape[2] != value.shape[2] {
    throw mistake("key \(key.shape) and value \(value.shape) differ in length or heads")
  }
  if key.shape[2] == 0 || query.shape[2] % key.shape[2] != 0 {
    throw mistake("\(key.shape[2]) key heads do not divide \(query.shape[2]) query heads")
  }
}

extension Composition {
  /// A mask of four dimensions in the type of the scores, with its own sizes where it broadcasts.
  fileprivate func additiveMask(_ mask: Tensor, _ query: Tensor, _ key: Tensor) throws(GraphError) -> Tensor {
    let scores: Shape = [query.shape[0], query.shape[2], query.shape[1], key.shape[1]]
    let fits = mask.rank <= 4 && zip(mask.shape.reversed(), scores.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
    if !fits { throw mistake("the mask \(mask.shape) does not broadcast to \(scores)") }
    let expanded = try expand(mask, 0..<(4 - mask.rank))
    if mask.dtype != .bool {
      if mask.dtype != query.dtype { throw mistake("element types differ: query \(query.type), mask \(mask.type)") }
      return expanded
    }
    return try select(expanded, scalar(0, query.dtype), scalar(-.infinity, query.dtype))
  }

  /// The body: `[output, log-sum-exp]`.
  fileprivate func attend(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, _ scale: Double, _ isCausal: Bool
  ) throws -> [Tensor] {
    let wide: DType = query.dtype == .float64 ? .float64 : .float32
    var scores = try binary(.multiply, self.scores(cast(query, wide), cast(key, wide)), scale)
    if let mask { scores = try binary(.add, scores, cast(mask, wide)) }
    if isCausal { scores = try select(isVisible(query.shape[1], key.shape[1]), scores, -.infinity) }
    let (weights, logSumExp) = try weights(scores)
    return [try cast(mixed(weights, cast(value, wide)), query.dtype), logSumExp]
  }

  /// `[batch, heads, queries, keys]`.
  private func scores(_ query: Tensor, _ key: Tensor) throws(GraphError) -> Tensor {
    let (batch, queries, heads, keyHeads) = (query.shape[0], query.shape[1], query.shape[2], key.shape[2])
    let grouped = try reshape(query, [batch, queries, keyHeads, heads / keyHeads, query.shape[3]])
    // [batch, key heads, queries, group, keys]
    let products = try contract(grouped, key, [4], [3], leftBatch: [0, 2], rightBatch: [0, 2])
    return try reshape(transpose(products, [0, 1, 3, 2, 4]), [batch, heads, queries, key.shape[1]])
  }

  /// Which key, `[queries, keys]`, a query sees when both end together.
  private func isVisible(_ queries: Int, _ keys: Int) throws(GraphError) -> Tensor {
    let last = try binary(.add, iota([queries, 1], axis: 0), Double(keys - queries))
    return try compare(.lessOrEqual, iota([1, keys], axis: 1), last)
  }

  /// The softmax over the keys, 0 where no key is seen, and the logarithm of its denominator.
  private func weights(_ scores: Tensor) throws(GraphError) -> (weights: Tensor, logSumExp: Tensor) {
    let rows = Shape(scores.shape.dropLast())
    if scores.shape[3] == 0 { return (scores, try full(-.infinity, TensorType(scores.dtype, rows))) }
    let largest = try stopGradient(reduce(.max, scores, [3], keepingAxes: true))
    // A row without a key has -inf as its largest score, and must not become -inf - -inf.
    let peak = try select(compare(.equal, largest, -.infinity), 0, largest)
    let powers = try unary(.exp, binary(.subtract, scores, peak))
    let sum = try reduce(.sum, powers, [3], keepingAxes: true)
    let isEmpty = try compare(.equal, sum, 0)
    let divisor = try select(isEmpty, 1, sum)
    let logSumExp = try select(isEmpty, -.infinity, binary(.add, unary(.log, divisor), peak))
    return (try binary(.divide, powers, divisor), try reshape(logSumExp, rows))
  }

  /// `[batch, queries, heads, value width]`.
  private func mixed(_ weights: Tensor, _ value: Tensor) throws(GraphError) -> Tensor {
    let (batch, heads, queries, keys) = (weights.shape[0], weights.shape[1], weights.shape[2], weights.shape[3])
    let keyHeads = value.shape[2]
    let grouped = try reshape(weights, [batch, keyHeads, heads / keyHeads, queries, keys])
    // [batch, key heads, group, queries, value width]
    let sums = try contract(grouped, value, [4], [1], leftBatch: [0, 1], rightBatch: [0, 2])
    return try reshape(transpose(sums, [0, 3, 1, 2, 4]), [batch, queries, heads, value.shape[3]])
  }
}
