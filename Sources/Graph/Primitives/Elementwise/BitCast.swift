/// Reads the bits of every element as another type of the same width.
public struct BitCast: PrimitiveRules {
  public var dtype: DType

  public init(to dtype: DType) { self.dtype = dtype }

  public var name: String { "bitCast" }
  public var primitive: Primitive { .bitCast(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if operand.dtype == .bool || dtype == .bool { throw GraphError(name, "bool has only two valid bit patterns") }
    if operand.dtype.sizeInBytes != dtype.sizeInBytes {
      throw GraphError(name, "\(operand.dtype) and \(dtype) differ in width")
    }
    return TensorType(dtype, operand.shape)
  }
}
