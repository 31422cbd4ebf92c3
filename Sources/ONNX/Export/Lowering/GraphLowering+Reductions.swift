import MartletGraph

extension GraphLowering {
  func reduce(_ p: Reduce, _ current: LoweredNode) -> String {
    let (x, dtype) = (current.operands[0], type(current, 0).dtype)
    let axes = Array(p.axes)
    if axes.isEmpty { return x }
    switch p.kind {
    case .sum, .product:
      let name = p.kind == .sum ? "ReduceSum" : "ReduceProd"
      let isNarrow = dtype == .float16 || dtype == .bfloat16
      let wide = isNarrow ? cast(x, from: dtype, to: .float32) : x
      let result = reduced(name, wide, axes)
      return isNarrow ? cast(result, from: .float32, to: dtype) : result
    case .max, .min:
      if dtype == .bool { return reducedBool(x, isAny: p.kind == .max, axes) }
      return reduced(p.kind == .max ? "ReduceMax" : "ReduceMin", x, axes)
    case .any: return reducedBool(x, isAny: true, axes)
    case .all: return reducedBool(x, isAny: false, axes)
    }
  }

  private func reduced(_ name: String, _ x: String, _ axes: [Int]) -> String {
    one(name, [x, state.vector(axes)], [.int("keepdims", 0)])
  }

  private func reducedBool(_ x: String, isAny: Bool, _ axes: [Int]) -> String {
    // Counting those that are true, or those that are not: right for no elements as well.
    let number = cast(isAny ? x : one("Not", [x]), from: .bool, to: .int64)
    let found = one("Greater", [reduced("ReduceSum", number, axes), scalar(0, .int64)])
    return isAny ? found : one("Not", [found])
  }

  func argReduce(_ p: ArgReduce, _ current: LoweredNode) -> String {
    let attributes: [ONNXAttributeProto] = [.int("axis", p.axis), .int("keepdims", 0)]
    return one(p.kind == .max ? "ArgMax" : "ArgMin", [current.operands[0]], attributes)
  }

  func argSort(_ p: ArgSort, _ current: LoweredNode) -> String {
    let count = sizes(current)[p.axis]
    let attributes: [ONNXAttributeProto] = [.int("axis", p.axis), .int("largest", p.isDescending ? 1 : 0)]
    // Equal elements keep their order: the operator breaks ties by position.
    return several("TopK", [current.operands[0], state.vector([count])], 2, attributes)[1]
  }

  func cumulative(_ p: Cumulative, _ current: LoweredNode) -> String {
    let (x, dtype) = (current.operands[0], current.node.type.dtype)
    if p.kind == .sum {
      let axis = state.scalar(Literal(p.axis, .int64))
      return one("CumSum", [x, axis], [.int("reverse", p.isReversed ? 1 : 0)])
    }
    var start = sizes(current)
    start.remove(at: p.axis)
    let initial = one("Expand", [state.scalar(p.kind.identity(dtype)), state.vector(start)])
    var type = current.node.type
    type.shape.remove(at: p.axis)
    let (total, element) = (state.unique("total"), state.unique("element"))
    let body = GraphLowering([], state)
    let next = body.combine(p.kind, total, element, dtype)
    let graph = body.proto(
      inputs: [(total, type, start), (element, type, start)],
      outputs: [(next, type, start), (body.one("Identity", [next]), type, start)])
    let direction = p.isReversed ? 1 : 0
    return several(
      "Scan", [initial, x], 2,
      [
        .graph("body", graph), .int("num_scan_inputs", 1), .ints("scan_input_axes", [p.axis]),
        .ints("scan_output_axes", [p.axis]), .ints("scan_input_directions", [direction]),
        .ints("scan_output_directions", [direction]),
      ])[1]
  }

  private func combine(_ kind: Cumulative.Kind, _ a: String, _ b: String, _ dtype: DType) -> String {
    switch kind {
    case .sum: return one("Add", [a, b])
    case .product: return one("Mul", [a, b])
    case .max: return one("Max", [a, b])
    case .min: return one("Min", [a, b])
    case .logSumExp:
      let peak = one("Max", [a, b])
      // -inf - -inf must not come up.
      let isNothing = one("Equal", [peak, scalar(-.infinity, dtype)])
      let shift = select(isNothing, scalar(0, dtype), peak, dtype)
      let powers = [a, b].map { one("Exp", [one("Sub", [$0, shift])]) }
      return one("Add", [one("Log", [one("Add", powers)]), shift])
    }
  }
}

extension Cumulative.Kind {
  /// What changes nothing when it is combined.
  fileprivate func identity(_ dtype: DType) -> Literal {
    switch self {
    case .sum: Literal(0.0, dtype)
    case .product: Literal(1.0, dtype)
    case .max, .logSumExp: Literal(-Double.infinity, dtype)
    case .min: Literal(Double.infinity, dtype)
    }
  }
}
