/// Gives the elements, in row-major order, another shape.
public struct Reshape: PrimitiveRules {
  public var shape: Shape

  public init(to shape: Shape) { self.shape = shape }

  public var name: String { "reshape" }
  public var primitive: Primitive { .reshape(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    guard shape.checkedElementCount == operand.elementCount else {
      throw GraphError(name, "\(operand.shape) has \(operand.elementCount) elements, \(shape) has \(count)")
    }
    return TensorType(operand.dtype, shape)
  }

  private var count: String { shape.checkedElementCount.map(String.init) ?? "too many" }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.reshape(context.cotangent, to: graph.shape(context.operands[0]))]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.tangents[0]!))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(Reshape(to: shape.batched(context.size, name)), Operands(context.operands[0]))]
  }

  /// Nothing: the elements stay where they are.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost() }

  /// A dimension that lies between the same outer elements on both sides, and has the same size, is the same index.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let operand = operands[operands.startIndex].shape
    var structure = IndexStructure(
      operands: [Array(repeating: nil, count: operand.rank)], result: Array(repeating: nil, count: result.rank))
    if result.elementCount == 0 { return structure }
    var next = 0
    for (i, size) in operand.enumerated() where size != 1 {
      let outer = operand[..<i].reduce(1, *)
      for (j, other) in result.shape.enumerated() where other == size && result.shape[..<j].reduce(1, *) == outer {
        structure.operands[0][i] = next
        structure.result[j] = next
        next += 1
      }
    }
    return structure
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    [operands[0].picking(Array(0..<result.elementCount), as: result)]
  }
}
