extension Contract {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let (a, b) = (context.operands[0], context.operands[1])
    let left = context.isNeeded[0] ? try leftCotangent(context.cotangent, a, b, in: &graph) : nil
    let right = context.isNeeded[1] ? try rightCotangent(context.cotangent, a, b, in: &graph) : nil
    return [left, right]
  }

  /// The result's cotangent and the right operand, contracted over what only these two share.
  private func leftCotangent(
    _ g: Value, _ a: Value, _ b: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let free = leftFree(rank: graph.shape(a).rank)
    let otherFree = rightFree(rank: graph.shape(b).rank)
    let batch = leftBatch.count
    let product = Contract(
      leftBatch: AxisList(0..<batch), rightBatch: rightBatch,
      leftContracted: AxisList(otherFree.indices.map { batch + free.count + $0 }), rightContracted: otherFree)
    // What remains of the right operand are its contracted axes, ascending.
    let pairs = zip(leftContracted, rightContracted).sorted { $0.1 < $1.1 }
    let axes = Array(leftBatch) + Array(free) + pairs.map(\.0)
    return try graph.transpose(graph.add(product, Operands(g, b)), order(of: axes))
  }

  /// The left operand and the result's cotangent, contracted over what only these two share.
  private func rightCotangent(
    _ g: Value, _ a: Value, _ b: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let free = rightFree(rank: graph.shape(b).rank)
    let otherFree = leftFree(rank: graph.shape(a).rank)
    let batch = leftBatch.count
    let product = Contract(
      leftBatch: leftBatch, rightBatch: AxisList(0..<batch),
      leftContracted: otherFree, rightContracted: AxisList(otherFree.indices.map { batch + $0 }))
    // What remains of the left operand are its contracted axes, ascending.
    let pairs = zip(leftContracted, rightContracted).sorted { $0.0 < $1.0 }
    let axes = Array(rightBatch) + pairs.map(\.1) + Array(free)
    return try graph.transpose(graph.add(product, Operands(a, g)), order(of: axes))
  }

  /// The permutation that puts dimensions which are axes `axes` of an operand into their places.
  private func order(of axes: [Int]) -> [Int] {
    axes.indices.map { axis in axes.firstIndex(of: axis)! }
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var sum: Value?
    if let tangent = context.tangents[0] { sum = try graph.add(self, Operands(tangent, context.operands[1])) }
    if let tangent = context.tangents[1] {
      sum = try graph.addIfPresent(sum, graph.add(self, Operands(context.operands[0], tangent)))
    }
    return [sum]
  }
}

extension Contract {
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let (a, b) = (context.operands[0], context.operands[1])
    var inner = self
    if context.isBatched[0] {
      inner.leftBatch = shifted(leftBatch)
      inner.leftContracted = shifted(leftContracted)
    }
    if context.isBatched[1] {
      inner.rightBatch = shifted(rightBatch)
      inner.rightContracted = shifted(rightContracted)
    }
    if context.isBatched[0] && context.isBatched[1] {
      inner.leftBatch = AxisList([0] + Array(inner.leftBatch))
      inner.rightBatch = AxisList([0] + Array(inner.rightBatch))
      return [try graph.add(inner, Operands(a, b))]
    }
    // The examples are a free axis of one operand, its first.
    let result = try graph.add(inner, Operands(a, b))
    let leftFreeCount = leftFree(rank: graph.shape(a).rank - (context.isBatched[0] ? 1 : 0)).count
    let position = leftBatch.count + (context.isBatched[0] ? 0 : leftFreeCount)
    return [try graph.moveAxis(result, from: position, to: 0)]
  }

  private func shifted(_ axes: AxisList) -> AxisList { AxisList(axes.map { $0 + 1 }) }

  /// The number of products summed for each element of the result.
  private func depth(_ operands: OperandTypes) -> Int {
    leftContracted.reduce(1) { $0 * operands.first!.shape[$1] }
  }

  /// A multiplication and an addition for each product.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let operations = result.dtype.isFloatingPoint ? 2 * result.elementCount * depth(operands) : 0
    return Cost(moving: operands, to: result, operations: operations)
  }

  /// Batch axes, free axes of the left and of the right operand number the result's dimensions; the contracted axes
  /// follow.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let (a, b) = (operands[operands.startIndex], operands[operands.startIndex + 1])
    var left = [Int?](repeating: nil, count: a.rank)
    var right = [Int?](repeating: nil, count: b.rank)
    var next = 0
    for (i, j) in zip(leftBatch, rightBatch) {
      left[i] = next
      right[j] = next
      next += 1
    }
    for axis in leftFree(rank: a.rank) {
      left[axis] = next
      next += 1
    }
    for axis in rightFree(rank: b.rank) {
      right[axis] = next
      next += 1
    }
    for (offset, (i, j)) in zip(leftContracted, rightContracted).enumerated() {
      left[i] = next + offset
      right[j] = next + offset
    }
    let reduced = Set(next..<(next + leftContracted.count))
    return IndexStructure(operands: [left, right], result: Array(0..<next), reduced: reduced)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let types = operands.map(\.type)
    let structure = indexing(types[...], result: result)!
    let contracted = Shape(leftContracted.map { types[0].shape[$0] })
    func starts(_ operand: Int, _ space: Shape, from first: Int) -> [Int] {
      let strides = types[operand].shape.rowMajorStrides
      let steps = space.indices.map { i in
        structure.operands[operand].firstIndex(of: first + i).map { strides[$0] } ?? 0
      }
      return space.positions(steps: steps)
    }
    let places = Array(zip(starts(0, result.shape, from: 0), starts(1, result.shape, from: 0)))
    let terms = Array(
      zip(starts(0, contracted, from: result.rank), starts(1, contracted, from: result.rank)))
    guard case .floating(let a) = operands[0].elements, case .floating(let b) = operands[1].elements else {
      let (a, b) = (operands[0].integers, operands[1].integers)
      let values = places.map { place in
        terms.reduce(Int64(0)) { $0 &+ a[place.0 + $1.0] &* b[place.1 + $1.1] }
      }
      return [ReferenceTensor(result, wrapping: values)]
    }
    count.floatingPointOperations += 2 * places.count * terms.count
    let values = places.map { place in terms.reduce(0.0) { $0 + a[place.0 + $1.0] * b[place.1 + $1.1] } }
    return [ReferenceTensor(result, rounding: values)]
  }
}
