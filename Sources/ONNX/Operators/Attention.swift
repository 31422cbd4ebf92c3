import Martlet

extension OperatorTable {
  /// Attention and what belongs to it.
  static let attention: [Operator] = [
    Operator("Attention") { call in try attention(&call) },
    Operator("FlexAttention", domain: "ai.onnx.preview") { call in [ONNXValue(try flexibleAttention(&call))] },
    .one("RotaryEmbedding") { call in
      let x = try call.tensor(0)
      let rotation = Rotation(
        cosines: try call.tensor(1), sines: try call.tensor(2), positions: try call.optionalTensor(3),
        isInterleaved: try call.flag("interleaved"), width: try call.int("rotary_embedding_dim", default: 0))
      return try rotated(x, heads: call.int("num_heads", default: 0), by: rotation)
    },
  ]

  private static func attention(_ call: inout Call) throws -> [ONNXValue] {
    let query = try call.tensor(0)
    guard query.rank == 3 || query.rank == 4 else { throw ONNXError(.mismatch, "a query of \(query.shape)") }
    let queryHeads = try call.int("q_num_heads", default: 0)
    let keyHeads = try call.int("kv_num_heads", default: 0)
    let heads = AttentionHeads(
      query: try query.splitIntoHeads(queryHeads), key: try call.tensor(1).splitIntoHeads(keyHeads),
      value: try call.tensor(2).splitIntoHeads(keyHeads))
    var key = heads.key
    var value = heads.value
    let past = try call.optionalTensor(4)
    if let past { key = Tensor(concatenating: [past, key], axis: 2) }
    if let pastValue = try call.optionalTensor(5) { value = Tensor(concatenating: [pastValue, value], axis: 2) }
    try Interpreter.checkMistakes()
    let core = AttentionCore(
      scale: try call.optionalFloat("scale"), cap: try call.float("softcap", default: 0),
      precision: try call.optionalElementType("softmax_precision")?.carrier)
    var bias = try call.optionalTensor(3).map { try AttentionCore.bias($0, length: key.shape[2], dtype: query.dtype) }
    if try call.flag("is_causal") {
      let start = past.map { $0.rank == 4 ? $0.shape[2] : 0 } ?? 0
      bias = bias.adding(
        AttentionCore.causal(heads.query.shape[2], key.shape[2], start: start, dtype: query.dtype))
    }
    if let lengths = try call.optionalTensor(6) {
      bias = bias.adding(try AttentionCore.padding(lengths, length: key.shape[2], dtype: query.dtype))
    }
    let stages = try core.run(heads.query, key, value, bias: bias)
    let output = query.rank == 3 ? stages.output.joinedHeads() : stages.output
    let shown: Tensor
    switch try call.int("qk_matmul_output_mode", default: 0) {
    case 0: shown = stages.scores
    case 1: shown = stages.capped
    case 2: shown = stages.biased
    case 3: shown = stages.weights
    case let mode: throw ONNXError(.unsupported, "the output mode \(mode) is not known")
    }
    return [output, key, value, shown.cast(to: query.dtype)].map { ONNXValue($0) }
  }

  /// Attention whose scores and weights pass through graphs that the node holds.
  private static func flexibleAttention(_ call: inout Call) throws -> Tensor {
    let (query, key, value) = (try call.tensor(0, rank: 4), try call.tensor(1, rank: 4), try call.tensor(2, rank: 4))
    let named = try call.optionalElementType("softmax_precision")?.carrier
    let precision = named ?? (query.dtype == .float64 ? .float64 : .float32)
    let core = AttentionCore(scale: try call.optionalFloat("scale"), cap: 0, precision: precision)
    let (node, dtype) = (call, precision)
    func modified(_ name: String, _ x: Tensor) throws -> Tensor {
      guard node.has(name) else { return x }
      let results = try node.run(node.graph(name), [ONNXValue(x)])
      guard let result = results.first?.tensor, results.count == 1 else {
        throw ONNXError(.mismatch, "the graph \"\(name)\" does not give one tensor")
      }
      return result.cast(to: dtype)
    }
    let (left, right) = try core.aligned(query, key, value)
    let scores = try modified("score_mod", core.scores(query, left).cast(to: precision))
    let weights = try modified("prob_mod", scores.softmax(axis: -1))
    return matmul(weights, right.cast(to: precision)).cast(to: value.dtype)
  }

  /// Pairs of elements turned by angles that depend on the position.
  static func rotated(_ x: Tensor, heads: Int, by rotation: Rotation) throws -> Tensor {
    // [batch, length, heads, size]
    var form = x
    if x.rank == 4 {
      form = x.swappingAxes(1, 2)
    } else {
      guard x.rank == 3, heads > 0, x.shape[2] % heads == 0 else {
        throw ONNXError(.mismatch, "\(x.shape) does not divide into \(heads) heads")
      }
      form = x.reshaped(to: [x.shape[0], x.shape[1], heads, x.shape[2] / heads])
    }
    let result = try rotation.applied(to: form)
    return x.rank == 4 ? result.swappingAxes(1, 2) : result.reshaped(to: x.shape)
  }
}

/// The projections of an attention, `[batch, heads, length, size]` each.
struct AttentionHeads {
  let query, key, value: Tensor
}

extension Tensor {
  /// `[batch, length, heads · size]` as `[batch, heads, length, size]`; four dimensions stay.
  func splitIntoHeads(_ heads: Int) throws -> Tensor {
    if rank == 4 { return self }
    guard rank == 3, heads > 0, shape[2] % heads == 0 else {
      throw ONNXError(.mismatch, "\(shape) does not divide into \(heads) heads")
    }
    return reshaped(to: [shape[0], shape[1], heads, shape[2] / heads]).swappingAxes(1, 2)
  }

  /// `[batch, heads, length, size]` as `[batch, length, heads · size]`.
  func joinedHeads() -> Tensor {
    guard rank == 4 else { return self }
    return swappingAxes(1, 2).reshaped(to: [shape[0], shape[2], shape[1] * shape[3]])
  }
}

extension Tensor? {
  /// The sum with another; that alone if there is none.
  func adding(_ other: Tensor) -> Tensor { map { $0 + other } ?? other }
}

/// Scaled products of queries and keys, a soft-max, and the weighted sum of values.
struct AttentionCore {
  let scale: Double?
  let cap: Double
  /// The element type of the soft-max; that of the query if nil.
  let precision: DType?

  /// What is computed on the way.
  struct Stages {
    let scores, capped, biased, weights, output: Tensor
  }

  /// Keys and values repeated for queries that share them.
  func aligned(_ query: Tensor, _ key: Tensor, _ value: Tensor) throws -> (key: Tensor, value: Tensor) {
    guard key.rank == 4, value.rank == 4, query.rank == 4, key.shape[1] > 0, query.shape[1] % key.shape[1] == 0,
      value.shape[1] == key.shape[1], key.shape[3] == query.shape[3], key.shape[2] == value.shape[2]
    else {
      throw ONNXError(.mismatch, "queries \(query.shape), keys \(key.shape) and values \(value.shape) do not fit")
    }
    let count = query.shape[1] / key.shape[1]
    return count == 1 ? (key, value) : (key.repeated(count, axis: 1), value.repeated(count, axis: 1))
  }

  /// Each factor takes the root of the scale, so that products of 16-bit floats do not overflow.
  func scores(_ query: Tensor, _ key: Tensor) -> Tensor {
    let size = Double(max(query.shape.last ?? 1, 1))
    let root = (scale ?? 1 / size.squareRoot()).squareRoot()
    return matmul(query * root, key.transposed() * root)
  }

  func run(_ query: Tensor, _ key: Tensor, _ value: Tensor, bias: Tensor?) throws -> Stages {
    let (keys, values) = try aligned(query, key, value)
    let scores = scores(query, keys)
    let capped = cap > 0 ? tanh(scores / cap) * cap : scores
    let biased = bias.map { capped + $0 } ?? capped
    let weights = precision.map { biased.cast(to: $0) }?.softmax(axis: -1) ?? biased.softmax(axis: -1)
    let output = matmul(weights.cast(to: value.dtype), values)
    return Stages(scores: scores, capped: capped, biased: biased, weights: weights, output: output)
  }

  /// A mask as numbers to be added to scores: 0 where a Boolean says yes, -∞ elsewhere, and for keys it leaves out.
  static func bias(_ mask: Tensor, length: Int, dtype: DType) throws -> Tensor {
    guard mask.rank >= 1, let last = mask.shape.last, last <= length else {
      throw ONNXError(.mismatch, "a mask \(mask.shape) for \(length) keys")
    }
    var bias = mask.cast(to: dtype)
    if mask.dtype == .bool { bias = select(mask, Tensor.zeros(like: bias), -.infinity) }
    if last == length { return bias }
    let widths = (0..<mask.rank).map { (before: 0, after: $0 == mask.rank - 1 ? length - last : 0) }
    return bias.padded(widths, mode: .constant(-.infinity))
  }

  /// -∞ for keys after the query's own position, which counts from `start`.
  static func causal(_ queries: Int, _ keys: Int, start: Int, dtype: DType) -> Tensor {
    let own = Tensor.range(0..<queries).reshaped(to: [queries, 1]) + Double(start)
    let isLater = Tensor.range(0..<keys).reshaped(to: [1, keys]) .> own
    return select(isLater, -.infinity, Tensor.zeros([queries, keys], dtype: dtype))
  }

  /// -∞ for keys at or after the length of each example: `[batch, 1, 1, keys]`.
  static func padding(_ lengths: Tensor, length: Int, dtype: DType) throws -> Tensor {
    guard lengths.rank == 1 else { throw ONNXError(.mismatch, "lengths \(lengths.shape) are no vector") }
    let batch = lengths.shape[0]
    let limit = lengths.cast(to: .int64).reshaped(to: [batch, 1, 1, 1])
    let isOutside = Tensor.range(0..<length).reshaped(to: [1, 1, 1, length]) .>= limit
    return select(isOutside, -.infinity, Tensor.zeros([batch, 1, 1, length], dtype: dtype))
  }
}

/// A table of angles by which pairs of elements are turned.
///
/// - Note: Su et al., *RoFormer: Enhanced transformer with rotary position embedding*, Neurocomputing 568 (2024).
struct Rotation {
  /// `[positions, width / 2]`, or `[batch, length, width / 2]` without positions.
  let cosines, sines: Tensor
  /// `[batch, length]`.
  let positions: Tensor?
  /// Whether neighbors make a pair, instead of elements half the width apart.
  let isInterleaved: Bool
  /// How many elements are turned; 0 for all.
  let width: Int

  /// - Parameter x: `[batch, length, heads, size]`.
  func applied(to x: Tensor) throws -> Tensor {
    let size = x.shape[3]
    let width = self.width == 0 ? size : self.width
    guard width > 0, width % 2 == 0, width <= size else {
      throw ONNXError(.mismatch, "\(width) of \(size) elements cannot be turned")
    }
    let half = width / 2
    let angles = try [cosines, sines].map { table -> Tensor in
      let picked = positions.map { table.gathered(at: $0) } ?? table
      try Interpreter.checkMistakes()
      guard picked.rank == 3, picked.shape[2] == half, picked.shape[1] == x.shape[1] else {
        throw ONNXError(.mismatch, "a table of angles \(picked.shape) does not fit \(x.shape)")
      }
      return picked.expandingDimensions(at: 2)
    }
    let turned = x.slice(3, from: 0, count: width)
    let first = isInterleaved ? turned.slice(3, from: 0, count: half, step: 2) : turned.slice(3, from: 0, count: half)
    let second =
      isInterleaved ? turned.slice(3, from: 1, count: half, step: 2) : turned.slice(3, from: half, count: half)
    let real = angles[0] * first - angles[1] * second
    let imaginary = angles[1] * first + angles[0] * second
    let joined =
      isInterleaved
      ? Tensor(stacking: [real, imaginary], axis: -1).reshaped(to: turned.shape)
      : Tensor(concatenating: [real, imaginary], axis: 3)
    return width == size
      ? joined : Tensor(concatenating: [joined, x.slice(3, from: width, count: size - width)], axis: 3)
  }
}
