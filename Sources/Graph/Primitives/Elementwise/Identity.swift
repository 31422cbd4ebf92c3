/// Passes its operand on, and tells transforms or engines something.
public struct Identity: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Derivatives of any order and direction see a constant.
    case stopGradient
    /// Engines do not merge or move computations across.
    case barrier
  }

  public var kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var name: String { "\(kind)" }
  public var primitive: Primitive { .identity(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(kind) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    operands[operands.startIndex]
  }
}
