/// Repeats dimensions of size 1, and adds outer dimensions, up to the given shape (NumPy's `broadcast_to`).
public struct Broadcast: PrimitiveRules {
  public var shape: Shape

  public init(to shape: Shape) { self.shape = shape }

  public var name: String { "broadcast" }
  public var primitive: Primitive { .broadcast(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    guard shape.checkedElementCount != nil else { throw GraphError(name, "\(shape) has too many elements") }
    guard operand.rank <= shape.rank, try broadcastShape(operand.shape, shape, operation: name) == shape else {
      throw GraphError(name, "\(operand.shape) cannot be repeated to \(shape)")
    }
    return TensorType(operand.dtype, shape)
  }
}
