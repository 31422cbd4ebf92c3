extension Reduce {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let x = context.operands[0]
    let shape = graph.shape(x)
    let g = context.cotangent
    switch kind {
    case .sum:
      return [try graph.broadcast(g, along: axes, to: shape)]
    case .product:
      let spread = try graph.insertingAxes(axes, into: g)
      return [try graph.multiply(spread, productOfOthers(x, in: &graph))]
    case .max, .min:
      let ties = try ties(x, context.result, in: &graph)
      let share = try graph.divide(g, graph.sum(ties, axes: axes))
      return [try graph.multiply(graph.insertingAxes(axes, into: share), ties)]
    case .any, .all:
      return [nil]
    }
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let x = context.operands[0]
    let t = context.tangents[0]!
    switch kind {
    case .sum:
      return [try graph.sum(t, axes: axes)]
    case .product:
      return [try graph.sum(graph.multiply(t, productOfOthers(x, in: &graph)), axes: axes)]
    case .max, .min:
      let ties = try ties(x, context.result, in: &graph)
      return [try graph.divide(graph.sum(graph.multiply(t, ties), axes: axes), graph.sum(ties, axes: axes))]
    case .any, .all:
      return [nil]
    }
  }

  /// 1 for the elements that are not beaten by the result, else 0.
  ///
  /// Nothing is less than NaN, so a line with NaN counts every element and its sum of ties is never 0.
  private func ties(_ x: Value, _ result: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let spread = try graph.insertingAxes(axes, into: result)
    let isBeaten = try graph.compare(kind == .max ? .less : .greater, x, spread)
    return try graph.select(isBeaten, graph.scalar(0, like: x), graph.scalar(1, like: x))
  }

  /// For each element, the product of all others that are reduced with it.
  ///
  /// Products from both ends, because a division by the element fails at 0.
  private func productOfOthers(_ x: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let shape = graph.shape(x)
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    let transpose = Transpose(AxisList(kept + Array(axes)))
    let ordered = try graph.transpose(x, transpose.permutation)
    let outer = kept.reduce(1) { $0 * shape[$1] }
    let lines = try graph.reshape(ordered, to: [outer, axes.reduce(1) { $0 * shape[$1] }])
    let before = try Cumulative(.product, axis: 1).exclusive(lines, in: &graph)
    let after = try Cumulative(.product, axis: 1, isReversed: true).exclusive(lines, in: &graph)
    let others = try graph.reshape(graph.multiply(before, after), to: graph.shape(ordered))
    return try graph.transpose(others, transpose.inverse)
  }
}

extension Reduce {
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(Reduce(kind, axes: AxisList(axes.map { $0 + 1 })), Operands(context.operands[0]))]
  }

  /// Combinations of two elements: one less than there are elements for each result.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let operand = operands.first!
    let operations = max(operand.elementCount - result.elementCount, 0)
    return Cost(moving: operands, to: result, operations: operand.dtype.isFloatingPoint ? operations : 0)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let rank = operands.first!.rank
    let kept = (0..<rank).filter { !axes.contains($0) }
    return IndexStructure(operands: [Array(0..<rank)], result: kept, reduced: Set(axes))
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let operand = operands[0]
    let groups = groups(operand.type.shape, result.shape)
    if case .floating(let values) = operand.elements {
      count.floatingPointOperations += groups.reduce(0) { $0 + max($1.count - 1, 0) }
      return [ReferenceTensor(result, rounding: groups.map { group in floating(group.map { values[$0] }) })]
    }
    let values = operand.integers
    return [ReferenceTensor(result, wrapping: groups.map { group in integer(group.map { values[$0] }, result.dtype) })]
  }

  /// For each element of the result, the positions of those it combines.
  private func groups(_ shape: Shape, _ result: Shape) -> [[Int]] {
    let strides = result.rowMajorStrides
    var steps = [Int](repeating: 0, count: shape.rank)
    for (position, axis) in (0..<shape.rank).filter({ !axes.contains($0) }).enumerated() {
      steps[axis] = strides[position]
    }
    var groups = [[Int]](repeating: [], count: result.elementCount)
    for (source, target) in shape.positions(steps: steps).enumerated() { groups[target].append(source) }
    return groups
  }

  private func floating(_ values: [Double]) -> Double {
    switch kind {
    case .sum: values.reduce(0, +)
    case .product: values.reduce(1, *)
    case .max: values.reduce(-.infinity, Binary.larger)
    default: -values.map { -$0 }.reduce(-.infinity, Binary.larger)
    }
  }

  private func integer(_ values: [Int64], _ dtype: DType) -> Int64 {
    switch kind {
    case .sum: values.reduce(0, &+)
    case .product: values.reduce(1, &*)
    case .max: values.dropFirst().reduce(values[0]) { Binary.isLess($0, $1, dtype) ? $1 : $0 }
    case .min: values.dropFirst().reduce(values[0]) { Binary.isLess($1, $0, dtype) ? $1 : $0 }
    case .any: values.contains { $0 != 0 } ? 1 : 0
    case .all: values.allSatisfy { $0 != 0 } ? 1 : 0
    }
  }
}
