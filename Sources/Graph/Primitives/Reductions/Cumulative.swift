/// Combines each element with all those before it along one axis (inclusive), or after it when reversed.
///
/// NaN wins in `max` and `min`, whose cotangents go to the first of equal elements. The derivative of a product holds
/// with zeros among the factors, to any order.
public struct Cumulative: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case sum, product, max, min
  }

  public var kind: Kind
  public var axis: Int
  public var isReversed: Bool

  public init(_ kind: Kind, axis: Int, isReversed: Bool = false) {
    self.kind = kind
    self.axis = axis
    self.isReversed = isReversed
  }

  public var name: String { "cumulative \(kind)" }
  public var primitive: Primitive { .cumulative(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    hash.mix(axis)
    hash.mix(isReversed)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if operand.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    if axis < 0 || axis >= operand.rank { throw GraphError(name, "axis \(axis) is outside \(operand.shape)") }
    return operand
  }
}
