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
}
