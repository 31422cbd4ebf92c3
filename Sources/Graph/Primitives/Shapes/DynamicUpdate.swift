/// Replaces a block that begins where an operand says.
///
/// Operands: the tensor, the block, and the starts as `int64 [rank]`. A block that does not lie inside the tensor is
/// an error when the program runs.
public struct DynamicUpdate: PrimitiveRules {
  public init() {}

  public var name: String { "dynamicUpdate" }
  public var primitive: Primitive { .dynamicUpdate(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    let block = operands[operands.startIndex + 1]
    try checkStarts(operands[operands.startIndex + 2], for: operand.shape, operation: name)
    if block.dtype != operand.dtype { throw GraphError(name, "element types differ: \(operand) and \(block)") }
    if block.rank != operand.rank || zip(block.shape, operand.shape).contains(where: { $0 > $1 }) {
      throw GraphError(name, "a block of \(block.shape) does not fit into \(operand.shape)")
    }
    return operand
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let (block, starts) = (context.operands[1], context.operands[2])
    var results: [Value?] = [nil, nil, nil]
    if context.isNeeded[0] {
      let zeros = try graph.zeros(graph.type(block))
      results[0] = try graph.add(self, Operands(context.cotangent, zeros, starts))
    }
    if context.isNeeded[1] {
      results[1] = try graph.add(DynamicSlice(sizes: graph.shape(block)), Operands(context.cotangent, starts))
    }
    return results
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let tangents = try graph.orZeros(Array(context.tangents[..<2]), like: Array(context.operands[..<2]))
    return [try graph.add(self, Operands(tangents[0], tangents[1], context.operands[2]))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    if context.isBatched[2] { return try graph.batchedOneByOne(self, context) }
    let starts = try graph.startsWithBatch(context.operands[2])
    let operands = try graph.withBatches(context)
    return [try graph.add(self, Operands(operands[0], operands[1], starts))]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  /// Axes that are replaced whole are indices.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let block = operands[operands.startIndex + 1].shape
    let indices = (0..<result.rank).map { block[$0] == result.shape[$0] ? $0 : nil }
    return IndexStructure(operands: [indices, indices, [nil]], result: indices)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let block = operands[1].type.shape
    let starts = try checkedStarts(operands[2], of: block, in: result.shape, operation: name)
    var updated = operands[0]
    let moves = block.elementIndices.enumerated().map { position, index in
      (from: position, to: result.shape.position(of: zip(starts, index).map(+)))
    }
    updated.copyElements(of: operands[1], moves)
    return [updated]
  }
}
