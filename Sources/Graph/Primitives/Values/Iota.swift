/// Counts 0, 1, 2, … along one axis and repeats along the others.
public struct Iota: LeafRules {
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

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  /// Repeated along every axis but the one it counts along, which no slice or permutation leaves as it is.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(operands: [], result: (0..<result.rank).map { $0 == axis ? nil : $0 })
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let counts = result.shape.elementIndices.map { $0[axis] }
    if result.dtype.isFloatingPoint { return [ReferenceTensor(result, rounding: counts.map(Double.init))] }
    return [ReferenceTensor(result, wrapping: counts.map(Int64.init))]
  }
}
