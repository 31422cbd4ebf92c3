import Martlet

extension OperatorTable {
  /// Layers that take the state of an earlier call and give the next.
  static let stateful: [Operator] = [
    Operator("CausalConvWithState") { call in
      let x = try call.tensor(0, rank: 3)
      let filter = try call.tensor(1, rank: 3)
      let size = filter.shape[2]
      guard size > 0, filter.shape[0] == x.shape[1] else {
        throw ONNXError(.mismatch, "filters \(filter.shape) do not fit \(x.shape)")
      }
      let past = try call.optionalTensor(3) ?? Tensor.zeros([x.shape[0], x.shape[1], size - 1], dtype: x.dtype)
      guard past.shape == [x.shape[0], x.shape[1], size - 1] else {
        throw ONNXError(.mismatch, "a state \(past.shape)")
      }
      let padded = Tensor(concatenating: [past, x], axis: 2)
      let kernel = filter.transposed([2, 1, 0])
      var result = conv1D(padded.transposed([0, 2, 1]), kernel, groups: x.shape[1])
      if let bias = try call.optionalTensor(2) { result = result + bias }
      let activation = try call.string("activation", default: "none")
      switch activation {
      case "none": break
      case "silu", "swish": result = silu(result.cast(to: x.dtype == .float64 ? .float64 : .float32)).cast(to: x.dtype)
      default: throw call.unknown("activation", activation)
      }
      return [
        ONNXValue(result.transposed([0, 2, 1])), ONNXValue(padded.slice(2, from: x.shape[2], count: size - 1)),
      ]
    },
    Operator("LinearAttention") { call in try linearAttention(&call) },
  ]

  /// Attention without a soft-max, whose past is a matrix for each head.
  private static func linearAttention(_ call: inout Call) throws -> [ONNXValue] {
    let rule = try call.string("update_rule", default: "gated_delta")
    guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else { throw call.unknown("update_rule", rule) }
    let (queryHeads, heads) = (try call.int("q_num_heads"), try call.int("kv_num_heads"))
    let query = try call.tensor(0, rank: 3)
    guard queryHeads > 0, heads > 0, queryHeads % heads == 0 else {
      throw ONNXError(.mismatch, "\(queryHeads) heads of queries for \(heads) of keys")
    }
    // [length, batch, heads, size]
    func steps(_ x: Tensor, _ count: Int) throws -> Tensor {
      try x.splitIntoHeads(count).transposed([2, 0, 1, 3]).cast(to: .float32)
    }
    let q = try steps(query, queryHeads)
    let k = try steps(call.tensor(1, rank: 3), heads)
    let v = try steps(call.tensor(2, rank: 3), heads)
    let (width, depth) = (k.shape[3], v.shape[3])
    guard q.shape[3] == width, k.shape[0] == q.shape[0], v.shape[0] == q.shape[0] else {
      throw ONNXError(.mismatch, "queries \(query.shape) do not fit keys and values")
    }
    var sequences = [q, k, v]
    let (isGated, isDelta) = (rule.hasPrefix("gated"), rule.hasSuffix("delta"))
    guard call.has(4) == isGated, call.has(5) == isDelta else {
      throw ONNXError(.mismatch, "the rule \"\(rule)\" has other inputs for decay and rate")
    }
    if isGated { sequences.append(exp(try steps(call.tensor(4, rank: 3), heads))) }
    if isDelta {
      let rate = try call.tensor(5, rank: 3)
      sequences.append(try steps(rate, rate.shape[2] == 1 ? 1 : heads))
    }
    let shape: Shape = [query.shape[0], heads, width, depth]
    let past = try call.optionalTensor(3)
    let start = past?.cast(to: .float32) ?? Tensor.zeros(shape)
    guard start.shape == shape else { throw ONNXError(.mismatch, "a state \(start.shape) instead of \(shape)") }
    let given = try call.float("scale", default: 0)
    let scale = given == 0 ? 1 / Double(width).squareRoot() : given
    let (last, results) = scan([start], over: sequences) { carry, step in
      var state = carry[0]
      if isGated { state = state * step[3].expandingDimensions(at: -1) }
      var fresh = step[2]
      if isDelta {
        let known = einsum("bhdm,bhd->bhm", state, step[1])
        fresh = step[step.count - 1] * (fresh - known)
      }
      state = state + step[1].expandingDimensions(at: -1) * fresh.expandingDimensions(at: -2)
      let read = queryHeads == heads ? state : state.repeated(queryHeads / heads, axis: 1)
      return ([state], [einsum("bhd,bhdm->bhm", step[0], read) * scale])
    }
    try Interpreter.checkMistakes()
    let output = results[0].transposed([1, 0, 2, 3]).reshaped(to: [query.shape[0], query.shape[1], queryHeads * depth])
    return [ONNXValue(output.cast(to: query.dtype)), ONNXValue(last[0].cast(to: past?.dtype ?? query.dtype))]
  }
}
