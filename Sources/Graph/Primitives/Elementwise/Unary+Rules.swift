extension Unary {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try product(context.cotangent, context.operands[0], context.result, in: &graph)]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try product(context.tangents[0]!, context.operands[0], context.result, in: &graph)]
  }

  /// `v` times the derivative at `x`, where the function has the value `y`; nil where it is piecewise constant.
  private func product(
    _ v: Value, _ x: Value, _ y: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value? {
    switch kind {
    case .negate: return try graph.negate(v)
    case .abs: return try graph.multiply(v, graph.unary(.sign, x))
    case .exp, .exp2, .expm1, .log, .log2, .log1p, .sigmoid, .erf, .erfc:
      return try exponentialProduct(v, x, y, in: &graph)
    case .sqrt: return try graph.divide(v, graph.multiply(y, by: 2))
    case .rsqrt: return try graph.multiply(v, graph.multiply(graph.divide(y, x), by: -0.5))
    case .cbrt: return try graph.divide(v, graph.multiply(graph.multiply(y, y), by: 3))
    case .reciprocal: return try graph.multiply(v, graph.negate(graph.multiply(y, y)))
    case .sin, .cos, .tan, .asin, .acos, .atan: return try circularProduct(v, x, y, in: &graph)
    case .sinh, .cosh, .tanh, .asinh, .acosh, .atanh: return try hyperbolicProduct(v, x, y, in: &graph)
    case .logGamma, .digamma: return try gammaProduct(v, x, in: &graph)
    case .besselI0Scaled, .besselI1Scaled, .besselJ0, .besselJ1, .besselY0, .besselY1:
      return try graph.multiply(v, besselSlope(x, y, in: &graph))
    case .sign, .floor, .ceil, .round, .truncate, .not, .isNaN, .isInfinite, .isFinite, .bitCount: return nil
    }
  }

  private func exponentialProduct(
    _ v: Value, _ x: Value, _ y: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let ln2 = 0.693_147_180_559_945_309
    switch kind {
    case .exp: return try graph.multiply(v, y)
    case .exp2: return try graph.multiply(v, graph.multiply(y, by: ln2))
    // Not y + 1, which has lost all digits where y is nearly -1.
    case .expm1: return try graph.multiply(v, graph.unary(.exp, x))
    case .log: return try graph.divide(v, x)
    case .log2: return try graph.divide(v, graph.multiply(x, by: ln2))
    case .log1p: return try graph.divide(v, graph.add(x, number: 1))
    case .sigmoid: return try graph.multiply(v, graph.multiply(y, graph.subtract(graph.scalar(1, like: y), y)))
    default:
      let twoOverSqrtPi = kind == .erf ? 1.128_379_167_095_512_574 : -1.128_379_167_095_512_574
      let bell = try graph.unary(.exp, graph.negate(graph.multiply(x, x)))
      return try graph.multiply(v, graph.multiply(bell, by: twoOverSqrtPi))
    }
  }

  private func circularProduct(
    _ v: Value, _ x: Value, _ y: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    switch kind {
    case .sin: return try graph.multiply(v, graph.unary(.cos, x))
    case .cos: return try graph.multiply(v, graph.negate(graph.unary(.sin, x)))
    case .tan: return try graph.multiply(v, graph.add(graph.multiply(y, y), number: 1))
    case .asin: return try graph.multiply(v, graph.unary(.rsqrt, oneMinusSquare(x, in: &graph)))
    case .acos: return try graph.multiply(v, graph.negate(graph.unary(.rsqrt, oneMinusSquare(x, in: &graph))))
    default: return try graph.divide(v, graph.add(graph.multiply(x, x), number: 1))
    }
  }

  private func hyperbolicProduct(
    _ v: Value, _ x: Value, _ y: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    switch kind {
    case .sinh: return try graph.multiply(v, graph.unary(.cosh, x))
    case .cosh: return try graph.multiply(v, graph.unary(.sinh, x))
    case .tanh: return try graph.multiply(v, oneMinusSquare(y, in: &graph))
    // Neither a square nor a product that overflows before its root is taken.
    case .asinh: return try graph.divide(v, graph.binary(.hypot, x, graph.scalar(1, like: x)))
    case .acosh:
      let below = try graph.unary(.rsqrt, graph.add(x, number: -1))
      let above = try graph.unary(.rsqrt, graph.add(x, number: 1))
      return try graph.multiply(v, graph.multiply(below, above))
    default: return try graph.divide(v, oneMinusSquare(x, in: &graph))
    }
  }

  /// 1 - x², as a product that keeps its digits near ±1.
  private func oneMinusSquare(_ x: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let one = graph.scalar(1, like: x)
    return try graph.multiply(graph.subtract(one, x), graph.add(one, x))
  }
}

extension Unary {
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(self, Operands(context.operands[0]))]
  }

  /// Whether the function costs more than an addition or a division.
  private var isTranscendental: Bool {
    switch kind {
    case .negate, .abs, .sign, .sqrt, .rsqrt, .reciprocal, .floor, .ceil, .round, .truncate: false
    case .not, .isNaN, .isInfinite, .isFinite, .bitCount: false
    default: true
    }
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let count = operands.first!.dtype.isFloatingPoint ? result.elementCount : 0
    return Cost(moving: operands, to: result, operations: count, transcendental: isTranscendental ? count : 0)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(broadcasting: operands, to: result.shape)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let dtype = operands[0].type.dtype
    guard case .floating(let values) = operands[0].elements else {
      return [ReferenceTensor(result, wrapping: operands[0].integers.map { Unary.integer(kind, $0, dtype) })]
    }
    count.floatingPointOperations += values.count
    if isTranscendental { count.transcendentalOperations += values.count }
    let computed = values.map { Unary.floating(kind, $0) }
    if result.dtype == .bool { return [ReferenceTensor(result, wrapping: computed.map { Int64($0) })] }
    return [ReferenceTensor(result, rounding: computed)]
  }
}
