/// A number written in the program.
///
/// The value does not take part in the structure's hash: a learning rate that changes at every step is the same
/// program. Engines receive the values of all scalars when a program starts.
public struct ScalarValue: LeafRules {
  public var literal: Literal

  public init(_ literal: Literal) { self.literal = literal }

  public var name: String { "scalar" }
  public var primitive: Primitive { .scalar(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    TensorType(literal.dtype, Shape())
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost() }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(operands: [], result: [])
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] { [ReferenceTensor(literal)] }
}
