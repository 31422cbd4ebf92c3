extension Binary {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var cotangents: [Value?] = [nil, nil]
    for i in 0..<2 where context.isNeeded[i] {
      let product = try product(context.cotangent, i, context.operands, context.result, in: &graph)
      if let product { cotangents[i] = try graph.sum(product, toShape: graph.shape(context.operands[i])) }
    }
    return cotangents
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var sum: Value?
    for i in 0..<2 {
      guard let tangent = context.tangents[i] else { continue }
      let term = try product(tangent, i, context.operands, context.result, in: &graph)
      sum = try graph.addIfPresent(sum, term)
    }
    guard let sum else { return [nil] }
    return [try graph.broadcast(sum, to: graph.shape(context.result))]
  }

  /// `v` times the derivative by operand `i`; nil where the function does not depend on it or is piecewise constant.
  private func product(
    _ v: Value, _ i: Int, _ operands: [Value], _ y: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value? {
    let (a, b) = (operands[0], operands[1])
    switch kind {
    case .add: return v
    case .subtract: return i == 0 ? v : try graph.negate(v)
    case .multiply: return try graph.multiply(v, i == 0 ? b : a)
    case .divide:
      let quotient = try graph.divide(v, b)
      return i == 0 ? quotient : try graph.negate(graph.multiply(quotient, y))
    case .remainder, .modulo: return i == 0 ? v : try remainderProduct(v, a, b, y, in: &graph)
    case .power: return try i == 0 ? baseProduct(v, a, b, in: &graph) : exponentProduct(v, a, b, y, in: &graph)
    case .maximum: return try extremeProduct(v, operands[i], operands[1 - i], loses: .less, in: &graph)
    case .minimum: return try extremeProduct(v, operands[i], operands[1 - i], loses: .greater, in: &graph)
    case .atan2:
      // Two divisions by the radius: its square may overflow.
      let radius = try graph.binary(.hypot, a, b)
      let over = try graph.divide(graph.divide(i == 0 ? b : a, radius), radius)
      return try graph.multiply(v, i == 0 ? over : graph.negate(over))
    case .hypot:
      let isOrigin = try graph.compare(.equal, y, graph.scalar(0, like: y))
      return try graph.multiply(v, graph.divide(operands[i], graph.select(isOrigin, graph.scalar(1, like: y), y)))
    case .copySign:
      if i == 1 { return nil }
      let sign = try graph.binary(.copySign, graph.scalar(1, like: b), b)
      return try graph.multiply(v, graph.multiply(graph.unary(.sign, a), sign))
    case .nextAfter: return i == 0 ? v : nil
    case .zeta:
      if i == 0 { throw GraphError(name, "the derivative by the first operand is not known; stop it there") }
      let next = try graph.binary(.zeta, graph.add(a, number: 1), b)
      return try graph.negate(graph.multiply(v, graph.multiply(a, next)))
    case .floorDivide, .and, .or, .xor, .shiftLeft, .shiftRight, .gcd: return nil
    }
  }

  /// The remainder is a - n b with a whole number n, which is found back from the remainder.
  private func remainderProduct(
    _ v: Value, _ a: Value, _ b: Value, _ y: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let whole = try graph.unary(.round, graph.divide(graph.subtract(a, y), b))
    return try graph.negate(graph.multiply(v, whole))
  }

  /// b a^(b-1), which at a = b = 0 is 0 and not 0 × ∞.
  private func baseProduct(
    _ v: Value, _ a: Value, _ b: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let zero = graph.scalar(0, like: a)
    let isOrigin = try graph.compare(.equal, graph.binary(.maximum, graph.unary(.abs, a), graph.unary(.abs, b)), zero)
    // The base is replaced as well: an infinity that is not selected would still spoil the second derivative.
    let base = try graph.select(isOrigin, graph.scalar(1, like: a), a)
    let power = try graph.binary(.power, base, graph.add(b, number: -1))
    return try graph.multiply(v, graph.multiply(b, power))
  }

  /// a^b ln a, which is 0 where a = 0 and b ≥ 0.
  private func exponentProduct(
    _ v: Value, _ a: Value, _ b: Value, _ y: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let zero = graph.scalar(0, like: a)
    let isFlat = try graph.binary(
      .and, graph.compare(.equal, a, zero), graph.compare(.greaterOrEqual, b, zero))
    let base = try graph.select(isFlat, graph.scalar(1, like: a), a)
    return try graph.multiply(v, graph.multiply(y, graph.unary(.log, base)))
  }

  /// The cotangent of the operand that does not lose; half of it at a tie.
  private func extremeProduct(
    _ v: Value, _ own: Value, _ other: Value, loses: Compare.Kind, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let isTie = try graph.compare(.equal, own, other)
    let shared = try graph.select(isTie, graph.scalar(0.5, like: own), graph.scalar(1, like: own))
    let weight = try graph.select(graph.compare(loses, own, other), graph.scalar(0, like: own), shared)
    return try graph.multiply(v, weight)
  }
}

extension Binary {
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let operands = try graph.aligned(context)
    return [try graph.add(self, Operands(operands))]
  }

  private var isTranscendental: Bool { [.power, .atan2, .hypot, .zeta].contains(kind) }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let count = result.dtype.isFloatingPoint ? result.elementCount : 0
    return Cost(moving: operands, to: result, operations: count, transcendental: isTranscendental ? count : 0)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(broadcasting: operands, to: result.shape)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let left = operands[0].type.shape.broadcastPositions(to: result.shape)
    let right = operands[1].type.shape.broadcastPositions(to: result.shape)
    guard case .floating(let a) = operands[0].elements, case .floating(let b) = operands[1].elements else {
      return [try evaluateIntegers(operands, left, right, result)]
    }
    count.floatingPointOperations += left.count
    if isTranscendental { count.transcendentalOperations += left.count }
    let values = zip(left, right).map { Binary.floating(kind, a[$0], b[$1], result.dtype) }
    return [ReferenceTensor(result, rounding: values)]
  }

  private func evaluateIntegers(
    _ operands: [ReferenceTensor], _ left: [Int], _ right: [Int], _ result: TensorType
  ) throws(ExecutionError) -> ReferenceTensor {
    let (a, b) = (operands[0].integers, operands[1].integers)
    var values: [Int64] = []
    for (position, (i, j)) in zip(left, right).enumerated() {
      guard let value = Binary.integer(kind, a[i], b[j], result.dtype) else {
        throw ExecutionError(node: nil, message: "\(name): division by zero at position \(position) of \(result)")
      }
      values.append(value)
    }
    return ReferenceTensor(result, wrapping: values)
  }
}
