/// Puts updates where the indices say. Operands: the target, the indices (any integer type) and the updates.
///
/// Where an index occurs more than once, updates apply in row-major order of the indices; `set` keeps the last.
public struct Scatter: PrimitiveRules {
  public enum Combination: UInt8, Sendable, Hashable, CaseIterable {
    case set, add, multiply, min, max
  }

  public var form: IndexForm
  public var combination: Combination

  public init(_ form: IndexForm, _ combination: Combination) {
    self.form = form
    self.combination = combination
  }

  public var name: String { "scatter \(combination)" }
  public var primitive: Primitive { .scatter(self) }

  public func mix(into hash: inout StructureHash) {
    form.mix(into: &hash)
    hash.mix(combination)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let target = operands[operands.startIndex]
    let indices = operands[operands.startIndex + 1]
    let updates = operands[operands.startIndex + 2]
    if updates.dtype != target.dtype { throw GraphError(name, "element types differ: \(target) and \(updates)") }
    if target.dtype == .bool && (combination == .add || combination == .multiply) {
      throw GraphError(name, "bool has no arithmetic; cast it first")
    }
    let expected = try form.selectedShape(target.shape, indices, operation: name)
    if updates.shape != expected {
      throw GraphError(name, "updates have shape \(updates.shape), expected \(expected)")
    }
    return target
  }
}
