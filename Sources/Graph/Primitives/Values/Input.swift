/// A value given from outside: a parameter of a region, a buffer of a recorded program.
public struct Input: LeafRules {
  public init() {}

  public var name: String { "input" }
  public var primitive: Primitive { .input(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    throw GraphError(name, "an input has the type it is given")
  }

  /// Nothing: whoever gives the value has paid for it.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost() }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(operands: [], result: Array(0..<result.rank))
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    throw ExecutionError(node: nil, message: "input: no value was given for \(result)")
  }
}
