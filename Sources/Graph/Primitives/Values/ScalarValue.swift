/// A number written in the program.
///
/// The value does not take part in the structure's hash: a learning rate that changes at every step is the same
/// program. Engines receive the values of all scalars when a program starts.
public struct ScalarValue: PrimitiveRules {
  public var literal: Literal

  public init(_ literal: Literal) { self.literal = literal }

  public var name: String { "scalar" }
  public var primitive: Primitive { .scalar(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    TensorType(literal.dtype, Shape())
  }
}
