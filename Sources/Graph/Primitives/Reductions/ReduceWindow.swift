/// Combines the elements in each position of a sliding window.
public struct ReduceWindow: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case sum, max, min
  }

  public var kind: Kind
  public var window: Window

  public init(_ kind: Kind, window: Window) {
    self.kind = kind
    self.window = window
  }

  public var name: String { "\(kind)Pool" }
  public var primitive: Primitive { .reduceWindow(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    window.mix(into: &hash)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if operand.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    return TensorType(operand.dtype, try window.resultShape(operand.shape, operation: name))
  }
}
