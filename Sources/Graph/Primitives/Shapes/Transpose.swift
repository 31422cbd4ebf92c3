/// Reorders the dimensions: dimension *i* of the result is dimension `permutation[i]` of the operand.
public struct Transpose: PrimitiveRules {
  public var permutation: AxisList

  public init(_ permutation: AxisList) { self.permutation = permutation }

  public var name: String { "transpose" }
  public var primitive: Primitive { .transpose(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(permutation) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if permutation.sorted() != Array(0..<operand.rank) {
      throw GraphError(name, "\(permutation) is not an order of the \(operand.rank) axes of \(operand.shape)")
    }
    return TensorType(operand.dtype, Shape(permutation.map { operand.shape[$0] }))
  }

  /// The permutation that undoes this one.
  public var inverse: AxisList {
    AxisList((0..<permutation.count).map { i in permutation.firstIndex(of: i)! })
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(Transpose(inverse), Operands(context.cotangent))]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.tangents[0]!))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    if permutation.count == Shape.maximumRank { throw tooManyDimensions(name, graph.shape(context.operands[0])) }
    return [try graph.transpose(context.operands[0], [0] + permutation.map { $0 + 1 })]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(operands: [inverse.map { $0 }], result: Array(0..<result.rank))
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let source = operands[0].type.shape
    let positions = result.shape.elementIndices.map { index in
      source.position(of: inverse.map { index[$0] })
    }
    return [operands[0].picking(positions, as: result)]
  }
}
