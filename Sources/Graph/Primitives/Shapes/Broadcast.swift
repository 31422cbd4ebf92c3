/// Repeats dimensions of size 1, and adds outer dimensions, up to the given shape (NumPy's `broadcast_to`).
public struct Broadcast: PrimitiveRules {
  public var shape: Shape

  public init(to shape: Shape) { self.shape = shape }

  public var name: String { "broadcast" }
  public var primitive: Primitive { .broadcast(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    guard operand.rank <= shape.rank, try broadcastShape(operand.shape, shape, operation: name) == shape else {
      throw GraphError(name, "\(operand.shape) cannot be repeated to \(shape)")
    }
    return TensorType(operand.dtype, shape)
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.sum(context.cotangent, toShape: graph.shape(context.operands[0]))]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.tangents[0]!))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let aligned = try graph.aligned(context.operands[0], isBatched: true, toRank: shape.rank)
    return [try graph.broadcast(aligned, to: shape.batched(context.size, name))]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  /// A dimension of size 1 that is repeated is no index of the operand.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let operand = operands[operands.startIndex].shape
    let added = result.rank - operand.rank
    let indices = operand.enumerated().map { i, size in size == result.shape[i + added] ? i + added : nil }
    return IndexStructure(operands: [indices], result: Array(0..<result.rank))
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let source = operands[0].type.shape
    let positions = result.shape.elementIndices.map { index in
      let aligned = zip(source, index.suffix(source.rank)).map { size, i in size == 1 ? 0 : i }
      return source.position(of: aligned)
    }
    return [operands[0].picking(positions, as: result)]
  }
}
