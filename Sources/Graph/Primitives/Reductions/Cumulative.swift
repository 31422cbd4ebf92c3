/// Combines each element with all those before it along one axis (inclusive), or after it when reversed.
///
/// `logSumExp` is the logarithm of running sums of exponentials, for floating-point numbers; it neither overflows nor
/// underflows, however far apart the elements are.
///
/// NaN wins in `max` and `min`, whose cotangents go to the first of equal elements. The derivative of a product holds
/// with zeros among the factors, to any order.
public struct Cumulative: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case sum, product, max, min, logSumExp
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
    if kind == .logSumExp && !operand.dtype.isFloatingPoint {
      throw GraphError(name, "needs a floating-point element type, got \(operand.dtype); cast it first")
    }
    if axis < 0 || axis >= operand.rank { throw GraphError(name, "axis \(axis) is outside \(operand.shape)") }
    return operand
  }
}
