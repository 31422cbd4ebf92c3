/// The position of the largest or smallest element along one axis, which disappears; `int64`.
///
/// The first of equal elements wins; NaN wins over everything.
public struct ArgReduce: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case max, min
  }

  public var kind: Kind
  public var axis: Int

  public init(_ kind: Kind, axis: Int) {
    self.kind = kind
    self.axis = axis
  }

  public var name: String { kind == .max ? "argMax" : "argMin" }
  public var primitive: Primitive { .argReduce(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    hash.mix(axis)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    var shape = operands[operands.startIndex].shape
    if axis < 0 || axis >= shape.rank { throw GraphError(name, "axis \(axis) is outside \(shape)") }
    if shape.remove(at: axis) == 0 && shape.elementCount > 0 {
      throw GraphError(name, "axis \(axis) of \(operands[operands.startIndex].shape) is empty")
    }
    return TensorType(.int64, shape)
  }
}
