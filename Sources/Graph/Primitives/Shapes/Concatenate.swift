/// Joins tensors along an existing axis.
public struct Concatenate: PrimitiveRules {
  public var axis: Int

  public init(axis: Int) { self.axis = axis }

  public var name: String { "concatenate" }
  public var primitive: Primitive { .concatenate(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(axis) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    guard var result = operands.first else { throw GraphError(name, "there is nothing to join") }
    if axis < 0 || axis >= result.rank { throw GraphError(name, "axis \(axis) is outside \(result.shape)") }
    for (position, other) in operands.dropFirst().enumerated() {
      if other.dtype != result.dtype {
        throw GraphError(name, "element types differ: \(result) and \(other) (operand \(position + 1))")
      }
      var expected = other.shape
      if other.rank == result.rank { expected[axis] = result.shape[axis] }
      if expected != result.shape {
        throw GraphError(name, "\(other.shape) (operand \(position + 1)) does not join \(operands.first!.shape) along axis \(axis)")
      }
      let (sum, overflow) = result.shape[axis].addingReportingOverflow(other.shape[axis])
      if overflow { throw GraphError(name, "axis \(axis) grows too large") }
      result.shape[axis] = sum
    }
    return result
  }
}
