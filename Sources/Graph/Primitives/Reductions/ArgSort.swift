/// The stable order of the elements along one axis, as `int64` positions; NaN comes last either way.
///
/// Sorting values, or carrying a payload, is this and a ``Gather`` of elements.
public struct ArgSort: PrimitiveRules {
  public var axis: Int
  public var isDescending: Bool

  public init(axis: Int, isDescending: Bool = false) {
    self.axis = axis
    self.isDescending = isDescending
  }

  public var name: String { "argSort" }
  public var primitive: Primitive { .argSort(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(axis)
    hash.mix(isDescending)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if axis < 0 || axis >= operand.rank { throw GraphError(name, "axis \(axis) is outside \(operand.shape)") }
    return TensorType(.int64, operand.shape)
  }
}
