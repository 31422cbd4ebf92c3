/// Carries values between a tensor and the window positions in which each element is the largest (or smallest).
///
/// The first of equal elements in row-major order of the window is the one selected; NaN is selected first.
/// The two directions are each other's transpose; together they are the derivatives of a max-pool, to any order.
public struct WindowSelect: PrimitiveRules {
  public enum Direction: UInt8, Sendable, Hashable, CaseIterable {
    /// Operands `x` and one value per window position; adds each value to the place of its window's selected
    /// element, and gives the shape of `x`.
    case scatter
    /// Operands `x` and another tensor of the same shape; gives that tensor's value at each window's selection.
    case gather
  }

  public var direction: Direction
  public var kind: ArgReduce.Kind
  public var window: Window

  public init(_ direction: Direction, _ kind: ArgReduce.Kind, window: Window) {
    self.direction = direction
    self.kind = kind
    self.window = window
  }

  public var name: String { "window \(direction)" }
  public var primitive: Primitive { .windowSelect(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(direction)
    hash.mix(kind)
    window.mix(into: &hash)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let x = operands[operands.startIndex]
    let values = operands[operands.startIndex + 1]
    let positions = try window.resultShape(x.shape, operation: name)
    let expected = direction == .scatter ? positions : x.shape
    if values.shape != expected {
      throw GraphError(name, "the values have shape \(values.shape), expected \(expected) for \(x.shape)")
    }
    if x.dtype == .bool || values.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    return TensorType(values.dtype, direction == .scatter ? x.shape : positions)
  }
}
