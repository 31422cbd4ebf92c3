/// Turns the order of elements around along some axes.
public struct Reverse: PrimitiveRules {
  public var axes: AxisList

  public init(axes: AxisList) { self.axes = axes }

  public var name: String { "reverse" }
  public var primitive: Primitive { .reverse(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(axes) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    for axis in axes where axis >= operand.rank {
      throw GraphError(name, "axis \(axis) is outside \(operand.shape)")
    }
    return operand
  }
}
