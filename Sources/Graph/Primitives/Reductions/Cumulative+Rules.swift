extension Cumulative {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let x = context.operands[0]
    let g = context.cotangent
    switch kind {
    case .sum:
      return [try graph.add(opposite, Operands(g))]
    case .product:
      // With s_k = g_k + x_{k+1} s_{k+1}, the cotangent of x_k is s_k times the product of all before it.
      let next = try opposite.shifted(x, by: 1, in: &graph)
      let sums = try opposite.recurrence(next, g, in: &graph)
      return [try graph.multiply(sums, exclusive(x, in: &graph))]
    case .max, .min:
      let zeros = try graph.zeros(graph.type(x))
      let winners = try winners(x, context.result, in: &graph)
      return [try graph.add(Scatter(.elements(axis: axis), .add), Operands(zeros, winners, g))]
    case .logSumExp:
      // The sum of g[i] exp(x[k] - y[i]) over what comes after k, by logarithms: exp(-y) alone may overflow.
      let y = try finite(context.result, in: &graph)
      return [try signedSum(opposite, of: g, shiftedBy: graph.negate(y), then: x, in: &graph)]
    }
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let x = context.operands[0]
    let t = context.tangents[0]!
    switch kind {
    case .sum:
      return [try graph.add(self, Operands(t))]
    case .product:
      // The rule of products for y_k = y_{k-1} x_k.
      return [try recurrence(x, graph.multiply(t, exclusive(x, in: &graph)), in: &graph)]
    case .max, .min:
      let winners = try winners(x, context.result, in: &graph)
      return [try graph.add(Gather(.elements(axis: axis)), Operands(t, winners))]
    case .logSumExp:
      let y = try finite(context.result, in: &graph)
      return [try signedSum(self, of: t, shiftedBy: x, then: graph.negate(y), in: &graph)]
    }
  }

  /// Infinities as 0: where a running sum is 0 or infinite, the derivative is that of nothing.
  private func finite(_ y: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    try graph.selectOrZero(graph.unary(.isFinite, y), y)
  }

  /// Running sums of v exp(shift), times exp(last), positive and negative v apart so that each has a logarithm.
  private func signedSum(
    _ running: Cumulative, of v: Value, shiftedBy shift: Value, then last: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    func part(_ kind: Compare.Kind, _ magnitude: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
      let counts = try graph.compare(kind, v, graph.scalar(0, like: v))
      let logarithm = try graph.unary(.log, graph.select(counts, magnitude, graph.scalar(1, like: v)))
      let terms = try graph.select(
        counts, graph.add(logarithm, shift), graph.scalar(-.infinity, like: v))
      return try graph.unary(.exp, graph.add(graph.add(running, Operands(terms)), last))
    }
    let positive = try part(.greater, v, in: &graph)
    let negative = try part(.less, graph.negate(v), in: &graph)
    return try graph.subtract(positive, negative)
  }

  private var opposite: Cumulative { Cumulative(kind, axis: axis, isReversed: !isReversed) }

  /// For each element, the product of those before it (after it when reversed), without the element itself.
  func exclusive(_ x: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    if graph.shape(x)[axis] == 0 { return x }
    return try shifted(graph.add(self, Operands(x)), by: 1, filling: 1, in: &graph)
  }

  /// Moves elements `count` steps along the axis, in the direction of accumulation.
  private func shifted(
    _ x: Value, by count: Int, filling filler: Double = 0, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let shape = graph.shape(x)
    let count = min(count, shape[axis])
    var low = Shape(repeating: 0, rank: shape.rank)
    var high = low
    low[axis] = isReversed ? -count : count
    high[axis] = -low[axis]
    return try graph.add(Pad(low: low, high: high), Operands(x, graph.scalar(filler, like: x)))
  }

  /// Solves s_k = b_k + a_k s_{k-1}, with s_{-1} = 0, in the direction of accumulation.
  ///
  /// Each round doubles the number of terms that are summed, so there are as many rounds as bits in the length. The
  /// operations are element-wise and therefore differentiable again; no factor is ever divided by.
  private func recurrence(
    _ factors: Value, _ terms: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let length = graph.shape(terms)[axis]
    var (factors, sums) = (factors, terms)
    var reach = 1
    while reach < length {
      sums = try graph.add(sums, graph.multiply(factors, shifted(sums, by: reach, in: &graph)))
      if reach * 2 < length { factors = try graph.multiply(factors, shifted(factors, by: reach, in: &graph)) }
      reach *= 2
    }
    return sums
  }

  /// For each element of the result, the `int64` position along the axis of the operand's element that it equals.
  private func winners(_ x: Value, _ result: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let previous = try shifted(result, by: 1, in: &graph)
    // Not "beats", which NaN would never do.
    let loses = try graph.compare(kind == .max ? .lessOrEqual : .greaterOrEqual, x, previous)
    let positions = try graph.iota(TensorType(.int64, graph.shape(x)), axis: axis)
    let first = graph.scalar(isReversed ? Double(graph.shape(x)[axis] - 1) : 0, .int64)
    // The first element has no predecessor; where it seems to lose it gets its own position all the same.
    let records = try graph.select(loses, first, positions)
    return try graph.add(Cumulative(isReversed ? .min : .max, axis: axis, isReversed: isReversed), Operands(records))
  }
}

extension Cumulative {
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let inner = Cumulative(kind, axis: axis + 1, isReversed: isReversed)
    return [try graph.add(inner, Operands(context.operands[0]))]
  }

  /// Combinations of two elements: the first of each line needs none.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let lines = result.shape[axis] == 0 ? 0 : result.elementCount / result.shape[axis]
    let combinations = result.dtype.isFloatingPoint ? result.elementCount - lines : 0
    if kind == .logSumExp {
      return Cost(moving: operands, to: result, operations: 5 * combinations, transcendental: 2 * combinations)
    }
    return Cost(moving: operands, to: result, operations: combinations)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(freeOutside: axis, rank: result.rank)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let lines = ReductionLines(result.shape, axis: axis).positions.map { isReversed ? $0.reversed() : $0 }
    if case .floating(var values) = operands[0].elements {
      for line in lines {
        // The running value stays wide; only what is stored is rounded.
        var running = line.first.map { values[$0] } ?? 0
        for position in line.dropFirst() {
          running = floating(running, values[position])
          values[position] = running
          count.floatingPointOperations += kind == .logSumExp ? 5 : 1
          count.transcendentalOperations += kind == .logSumExp ? 2 : 0
        }
      }
      return [ReferenceTensor(result, rounding: values)]
    }
    var values = operands[0].integers
    for line in lines {
      for (previous, position) in zip(line, line.dropFirst()) {
        values[position] = integer(values[previous], values[position], result.dtype)
      }
    }
    return [ReferenceTensor(result, wrapping: values)]
  }

  private func floating(_ a: Double, _ b: Double) -> Double {
    switch kind {
    case .sum: a + b
    case .product: a * b
    case .max: Binary.larger(a, b)
    case .min: -Binary.larger(-a, -b)
    case .logSumExp: Cumulative.logSum(a, b)
    }
  }

  private func integer(_ a: Int64, _ b: Int64, _ dtype: DType) -> Int64 {
    switch kind {
    case .sum: dtype.wrapped(a &+ b)
    case .product: dtype.wrapped(a &* b)
    case .max: Binary.isLess(a, b, dtype) ? b : a
    case .min: Binary.isLess(b, a, dtype) ? b : a
    case .logSumExp: preconditionFailure("logarithms are not integers")
    }
  }

  private static func logSum(_ a: Double, _ b: Double) -> Double {
    if a == b { return a + Unary.floating(.log, 2) }
    let larger = Binary.larger(a, b)
    return larger + Unary.floating(.log1p, Unary.floating(.exp, -(a - b).magnitude))
  }
}

extension IndexStructure {
  /// The structure of an operation that treats one axis as a whole and leaves all others alone.
  init(freeOutside axis: Int, rank: Int) {
    let dimensions = (0..<rank).map { $0 == axis ? nil : $0 }
    self.init(operands: [dimensions], result: dimensions)
  }
}
