import Martlet

extension OperatorTable {
  /// The forms of attention of `com.microsoft`.
  static let fusedAttention: [Operator] = [
    Operator("Attention", domain: "com.microsoft") { call in try projectedAttention(&call) },
    Operator("MultiHeadAttention", domain: "com.microsoft") { call in try multiHeadAttention(&call) },
    Operator("GroupQueryAttention", domain: "com.microsoft", fixed: [5, 6]) { call in
      try GroupedQueryAttention(call).results(call)
    },
    .one("RotaryEmbedding", domain: "com.microsoft") { call in
      let x = try call.tensor(0)
      let positions = try call.tensor(1)
      let length = x.rank == 4 ? x.shape[2] : x.rank == 3 ? x.shape[1] : 0
      let tables = (try call.tensor(2, rank: 2), try call.tensor(3, rank: 2))
      // One number is where each example begins.
      let places =
        positions.elementCount == 1
        ? (positions.reshaped(to: []) + Tensor.range(0..<length)).broadcast(to: [x.shape.first ?? 1, length])
        : positions
      let rotation = Rotation(
        cosines: tables.0, sines: tables.1, positions: places, isInterleaved: try call.flag("interleaved"),
        width: try call.int("rotary_embedding_dim", default: 0))
      let named = try call.int("num_heads", default: 0)
      let size = 2 * tables.0.shape[1]
      let heads = named > 0 || x.rank != 3 || size == 0 ? named : x.shape[2] / size
      return try rotated(x, heads: heads, by: rotation)
    },
  ]

  /// Attention that makes queries, keys and values of its input by one product.
  private static func projectedAttention(_ call: inout Call) throws -> [ONNXValue] {
    let x = try call.tensor(0, rank: 3)
    let weights = try call.tensor(1, rank: 2)
    let heads = try call.int("num_heads")
    let sizes = try call.optionalInts("qkv_hidden_sizes") ?? Array(repeating: weights.shape[1] / 3, count: 3)
    guard heads > 0, sizes.count == 3, sizes.allSatisfy({ $0 > 0 }), sizes.reduce(0, +) == weights.shape[1],
      weights.shape[0] == x.shape[2]
    else { throw ONNXError(.mismatch, "weights \(weights.shape) do not fit \(x.shape)") }
    var projected = matmul(x, weights)
    if let bias = try call.optionalTensor(2) { projected = projected + bias }
    var start = 0
    let parts = try sizes.map { size in
      defer { start += size }
      return try projected.slice(2, from: start, count: size).splitIntoHeads(heads)
    }
    var (key, value) = (parts[1], parts[2])
    var past = 0
    if let cache = try call.optionalTensor(4) {
      guard cache.rank == 5, cache.shape[0] == 2 else { throw ONNXError(.mismatch, "a cache \(cache.shape)") }
      past = cache.shape[3]
      key = Tensor(concatenating: [cache.slice(0, from: 0, count: 1).squeezed(axes: 0), key], axis: 2)
      value = Tensor(concatenating: [cache.slice(0, from: 1, count: 1).squeezed(axes: 0), value], axis: 2)
    }
    try Interpreter.checkMistakes()
    var bias = try call.optionalTensor(3).map { try maskBias($0, call, query: parts[0], keys: key.shape[2]) }
    if let added = try call.optionalTensor(5) { bias = bias.adding(added) }
    if try call.flag("unidirectional") {
      bias = bias.adding(AttentionCore.causal(x.shape[1], key.shape[2], start: past, dtype: x.dtype))
    }
    let core = AttentionCore(scale: try usualScale(call), cap: 0, precision: nil)
    let output = try core.run(parts[0], key, value, bias: bias).output.joinedHeads()
    return [ONNXValue(output), ONNXValue(Tensor(stacking: [key, value]))]
  }

  /// A scale of 0 is the usual one.
  static func usualScale(_ call: Call) throws -> Double? {
    try call.optionalFloat("scale").flatMap { $0 == 0 ? nil : $0 }
  }

  /// A mask in one of several forms as numbers to add: the lengths of the examples, or 0 for each key that is left out.
  private static func maskBias(_ mask: Tensor, _ call: Call, query: Tensor, keys: Int) throws -> Tensor {
    let (batch, length) = (query.shape[0], query.shape[2])
    if mask.rank == 1 && mask.shape[0] == batch {
      return try AttentionCore.padding(mask, length: keys, dtype: query.dtype)
    }
    let filter = try call.float("mask_filter_value", default: -10_000)
    let form: Shape
    switch mask.shape {
    case [batch, keys]: form = [batch, 1, 1, keys]
    case [batch, length, keys]: form = [batch, 1, length, keys]
    default: throw ONNXError(.unsupported, "a mask \(mask.shape) is not supported")
    }
    let bias = Tensor.zeros(form, dtype: query.dtype)
    return select(mask.reshaped(to: form) .== 0, filter, bias)
  }

  private static func multiHeadAttention(_ call: inout Call) throws -> [ONNXValue] {
    var (query, key, value) = try multiHeadOperands(call)
    var past = 0
    if let pastKey = try call.optionalTensor(6), let pastValue = try call.optionalTensor(7) {
      past = pastKey.rank == 4 ? pastKey.shape[2] : 0
      key = Tensor(concatenating: [pastKey, key], axis: 2)
      value = Tensor(concatenating: [pastValue, value], axis: 2)
    }
    try Interpreter.checkMistakes()
    var bias = try call.optionalTensor(4).map {
      try maskBias($0, call, query: query, keys: key.shape[2])
    }
    if let added = try call.optionalTensor(5) { bias = bias.adding(added) }
    if try call.flag("unidirectional") {
      bias = bias.adding(
        AttentionCore.causal(query.shape[2], key.shape[2], start: past, dtype: query.dtype))
    }
    let core = AttentionCore(scale: try usualScale(call), cap: 0, precision: nil)
    let stages = try core.run(query, key, value, bias: bias)
    return [stages.output.joinedHeads(), key, value, stages.scores].map { ONNXValue($0) }
  }

  /// Queries, keys and values `[batch, heads, length, size]`, which may come packed into one tensor or two.
  private static func multiHeadOperands(_ call: Call) throws -> (
    query: Tensor, key: Tensor, value: Tensor
  ) {
    let heads = try call.int("num_heads")
    var query = try call.tensor(0)
    guard query.rank == 3 || query.rank == 5, heads > 0 else {
      throw ONNXError(.unsupported, "a query \(query.shape)")
    }
    if query.rank == 5 {
      let parts = unpacked(query, 3)
      return (parts[0], parts[1], parts[2])
    }
    let given = try call.tensor(1)
    let parts = given.rank == 5 ? unpacked(given, 2) : [given, try call.tensor(2)]
    var (key, value) = (parts[0], parts[1])
    if let bias = try call.optionalTensor(3) {
      let width = query.shape[2]
      guard bias.rank == 1, bias.shape[0] >= 2 * width else {
        throw ONNXError(.mismatch, "a bias \(bias.shape)")
      }
      query = query + bias.slice(0, from: 0, count: width)
      if key.rank == 3 { key = key + bias.slice(0, from: width, count: width) }
      if value.rank == 3 {
        value = value + bias.slice(0, from: 2 * width, count: bias.shape[0] - 2 * width)
      }
    }
    return (
      try query.splitIntoHeads(heads), try key.splitIntoHeads(heads),
      try value.splitIntoHeads(heads)
    )
  }

  /// The parts of `[batch, length, heads, parts, size]`, each `[batch, heads, length, size]`.
  private static func unpacked(_ x: Tensor, _ count: Int) -> [Tensor] {
    (0..<count).map { x.slice(3, from: $0, count: 1).squeezed(axes: 3).swappingAxes(1, 2) }
  }
}
