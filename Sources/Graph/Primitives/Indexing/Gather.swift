/// Takes what the indices name. Operands: the source and the indices (any integer type).
public struct Gather: PrimitiveRules {
  public var form: IndexForm

  public init(_ form: IndexForm) { self.form = form }

  public var name: String { "gather" }
  public var primitive: Primitive { .gather(self) }
  public func mix(into hash: inout StructureHash) { form.mix(into: &hash) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let source = operands[operands.startIndex]
    let indices = operands[operands.startIndex + 1]
    return TensorType(source.dtype, try form.selectedShape(source.shape, indices, operation: name))
  }
}
