/// A value given from outside: a parameter of a region, a buffer of a recorded program.
public struct Input: PrimitiveRules {
  public init() {}

  public var name: String { "input" }
  public var primitive: Primitive { .input(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    throw GraphError(name, "an input has the type it is given")
  }
}
