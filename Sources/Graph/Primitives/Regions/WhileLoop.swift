/// Runs a body while a condition holds.
///
/// Operands: the initial carry, then values that every turn sees. Condition and body take both; the condition gives
/// one bool, the body the next carry. Results: the last carry. There is a forward but no reverse derivative, because
/// the number of turns is unknown; use ``Scan`` where it is known.
public struct WhileLoop: PrimitiveRules {
  public var condition: Region
  public var body: Region
  public var carryCount: Int

  public init(condition: Region, body: Region, carryCount: Int) {
    self.condition = condition
    self.body = body
    self.carryCount = carryCount
  }

  public var name: String { "while" }
  public var primitive: Primitive { .whileLoop(self) }
  public var resultTypes: [TensorType]? { body.graph.outputTypes }

  public func mix(into hash: inout StructureHash) {
    hash.mix(condition.hash)
    hash.mix(body.hash)
    hash.mix(carryCount)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    try condition.check(operands, operation: name)
    try body.check(operands, operation: name)
    if condition.graph.outputTypes != [TensorType(.bool, Shape())] {
      throw GraphError(name, "the condition gives \(condition.graph.outputTypes), not one bool")
    }
    let carry = Array(operands.prefix(carryCount))
    if body.graph.outputTypes != carry {
      throw GraphError(name, "the carry changes from \(carry) to \(body.graph.outputTypes)")
    }
    guard let first = carry.first else { throw GraphError(name, "there is nothing to carry") }
    return first
  }
}
