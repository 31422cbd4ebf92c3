/// Runs one of two bodies.
///
/// Operands: a bool scalar, then the operands of both bodies. Only the chosen body runs.
public struct Conditional: PrimitiveRules {
  public var ifTrue: Region
  public var ifFalse: Region

  public init(ifTrue: Region, ifFalse: Region) {
    self.ifTrue = ifTrue
    self.ifFalse = ifFalse
  }

  public var name: String { "cond" }
  public var primitive: Primitive { .conditional(self) }
  public var resultTypes: [TensorType]? { ifTrue.graph.outputTypes }

  public func mix(into hash: inout StructureHash) {
    hash.mix(ifTrue.hash)
    hash.mix(ifFalse.hash)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    guard let predicate = operands.first, predicate == TensorType(.bool, Shape()) else {
      throw GraphError(name, "the predicate is one bool, not \(operands.first.map(\.description) ?? "nothing")")
    }
    try ifTrue.check(operands.dropFirst(), operation: name)
    try ifFalse.check(operands.dropFirst(), operation: name)
    let types = ifTrue.graph.outputTypes
    if types != ifFalse.graph.outputTypes {
      throw GraphError(name, "the branches give \(types) and \(ifFalse.graph.outputTypes)")
    }
    guard let first = types.first else { throw GraphError(name, "the branches have no outputs") }
    return first
  }
}
