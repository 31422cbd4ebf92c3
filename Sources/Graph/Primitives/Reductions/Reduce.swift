/// Combines all elements along some axes, which disappear.
///
/// Sums of 16-bit floats are accumulated in float 32. Over no elements a sum is 0, a product 1, `any` false and
/// `all` true; a maximum or minimum of nothing is an error. NaN wins in `max` and `min`.
///
/// Elements that tie for the maximum or minimum share its cotangent equally (a line that contains NaN shares it among
/// all its elements). The derivative of a product holds with zeros among the factors, to any order.
public struct Reduce: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case sum, product, max, min, any, all
  }

  public var kind: Kind
  /// Ascending, each once.
  public var axes: AxisList

  public init(_ kind: Kind, axes: AxisList) {
    self.kind = kind
    self.axes = axes
  }

  public var name: String { "\(kind)" }
  public var primitive: Primitive { .reduce(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    hash.mix(axes)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    switch kind {
    case .any, .all:
      if operand.dtype != .bool { throw GraphError(name, "needs bool, got \(operand.dtype); compare first") }
    case .sum, .product:
      if operand.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    case .max, .min: break
    }
    var shape = Shape()
    for i in 0..<operand.rank where !axes.contains(i) { shape.append(operand.shape[i]) }
    for axis in axes {
      if axis >= operand.rank { throw GraphError(name, "axis \(axis) is outside \(operand.shape)") }
      if operand.shape[axis] == 0 && (kind == .max || kind == .min) && shape.elementCount > 0 {
        throw GraphError(name, "axis \(axis) of \(operand.shape) is empty, and nothing has no \(kind)")
      }
    }
    return TensorType(operand.dtype, shape)
  }
}
