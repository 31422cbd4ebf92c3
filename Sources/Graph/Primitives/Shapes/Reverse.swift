/// Turns the order of elements around along some axes.
public struct Reverse: PrimitiveRules {
  public var axes: AxisList

  public init(axes: AxisList) { self.axes = axes }

  public var name: String { "reverse" }
  public var primitive: Primitive { .reverse(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(axes) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    for axis in axes where axis >= operand.rank {
      throw GraphError(name, "axis \(axis) is outside \(operand.shape)")
    }
    return operand
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.cotangent))]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.tangents[0]!))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(Reverse(axes: AxisList(axes.map { $0 + 1 })), Operands(context.operands[0]))]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  /// The axes that are turned around are no indices: a slice of one side is another slice of the other.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let indices = (0..<result.rank).map { axes.contains($0) ? nil : $0 }
    return IndexStructure(operands: [indices], result: indices)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let positions = result.shape.elementIndices.map { index in
      result.shape.position(of: index.enumerated().map { axes.contains($0) ? result.shape[$0] - 1 - $1 : $1 })
    }
    return [operands[0].picking(positions, as: result)]
  }
}
