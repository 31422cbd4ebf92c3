/// Counts 0, 1, 2, … along one axis and repeats along the others.
public struct Iota: PrimitiveRules {
  public var type: TensorType
  public var axis: Int

  public init(_ type: TensorType, axis: Int) {
    self.type = type
    self.axis = axis
  }

  public var name: String { "iota" }
  public var primitive: Primitive { .iota(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(axis) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    if type.dtype == .bool { throw GraphError(name, "bool has no successive values") }
    if axis < 0 || axis >= type.rank { throw GraphError(name, "axis \(axis) is outside \(type.shape)") }
    return type
  }
}
