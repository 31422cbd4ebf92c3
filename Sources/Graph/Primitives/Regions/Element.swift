/// One result of an operation that has several.
public struct Element: PrimitiveRules {
  public var index: Int
  public var type: TensorType

  public init(_ index: Int, type: TensorType) {
    self.index = index
    self.type = type
  }

  public var name: String { "element" }
  public var primitive: Primitive { .element(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(index) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType { type }
}
