/// Takes each element from the second operand where the first (bool) is true, else from the third; broadcasts.
public struct Select: PrimitiveRules {
  public init() {}

  public var name: String { "select" }
  public var primitive: Primitive { .select(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let condition = operands[operands.startIndex]
    let a = operands[operands.startIndex + 1]
    let b = operands[operands.startIndex + 2]
    if condition.dtype != .bool { throw GraphError(name, "the condition is bool, not \(condition.dtype)") }
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    let values = try broadcastShape(a.shape, b.shape, operation: name)
    return TensorType(a.dtype, try broadcastShape(condition.shape, values, operation: name))
  }
}
