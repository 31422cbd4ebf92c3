/// Compares elements, with NumPy's broadcasting; the result is bool. NaN is unequal to everything.
public struct Compare: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  }

  public var kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var name: String { "\(kind)" }
  public var primitive: Primitive { .compare(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(kind) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let a = operands[operands.startIndex]
    let b = operands[operands.startIndex + 1]
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    return TensorType(.bool, try broadcastShape(a.shape, b.shape, operation: name))
  }
}
