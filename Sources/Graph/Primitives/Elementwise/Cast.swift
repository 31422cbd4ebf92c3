/// Converts every element to another type.
///
/// Floating point to integer truncates toward zero, saturates at the bounds and turns NaN into 0; integer to
/// narrower integer wraps; anything to bool asks whether it is not 0; float to narrower float rounds to nearest,
/// ties to even.
public struct Cast: PrimitiveRules {
  public var dtype: DType

  public init(to dtype: DType) { self.dtype = dtype }

  public var name: String { "cast" }
  public var primitive: Primitive { .cast(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    TensorType(dtype, operands[operands.startIndex].shape)
  }
}
