import MartletGraph
import MartletKernels

/// A selection between the two operands of the comparison that decides it, as in clipping and rectifying: one
/// instruction, and the comparison is not kept in between.
struct Replacement {
  /// What stays where the comparison does not hold.
  let value: Value
  /// What stands in its place where it does.
  let substitute: Value
  let code: martlet_binary

  /// Nil unless `node`, a member of the emitter's group, is such a selection.
  init?(_ node: Node, of member: Int32, _ emitter: RowEmitter) {
    guard case .select = node.primitive else { return nil }
    guard case .member(let condition) = emitter.access(node.operands[0], of: member),
      emitter.planner.roles[Int(condition)] == .full,
      case .compare(let compare) = emitter.node(condition).primitive
    else { return nil }
    let compared = emitter.node(condition).operands
    let (ifTrue, ifFalse) = (node.operands[1], node.operands[2])
    switch (ifTrue, ifFalse) {
    case (compared[1], compared[0]):
      guard let code = compare.kind.replacingLeft else { return nil }
      self.code = code
    case (compared[0], compared[1]):
      guard let code = compare.kind.replacingRight else { return nil }
      self.code = code
    default: return nil
    }
    (value, substitute) = (ifFalse, ifTrue)
  }
}

extension Compare.Kind {
  /// The instruction that takes the right operand where this holds, else the left.
  fileprivate var replacingLeft: martlet_binary? {
    switch self {
    case .less: MARTLET_BINARY_IF_LESS
    case .lessOrEqual: MARTLET_BINARY_IF_LESS_OR_EQUAL
    case .greater: MARTLET_BINARY_IF_GREATER
    case .greaterOrEqual: MARTLET_BINARY_IF_GREATER_OR_EQUAL
    case .equal, .notEqual: nil
    }
  }

  /// The instruction that takes the left operand where this holds, else the right, with the operands exchanged.
  fileprivate var replacingRight: martlet_binary? {
    switch self {
    case .less: MARTLET_BINARY_IF_GREATER
    case .lessOrEqual: MARTLET_BINARY_IF_GREATER_OR_EQUAL
    case .greater: MARTLET_BINARY_IF_LESS
    case .greaterOrEqual: MARTLET_BINARY_IF_LESS_OR_EQUAL
    case .equal, .notEqual: nil
    }
  }
}
