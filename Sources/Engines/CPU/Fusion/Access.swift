import MartletGraph

/// How a member of a group comes by an operand.
enum Access {
  /// From another member.
  case member(Int32)
  /// From the table of scalars, at an index.
  case scalar(Int32)
  /// By counting along a dimension of the domain.
  case iota(axis: Int)
  /// From memory.
  case memory(RowOperand)
  /// Not at all: the value is not complete, or lies in another way.
  case none
}

extension Planner {
  /// How `group` would come by `value`, operand of an operation with a result of shape `shape`; `role` is that of the
  /// result.
  func access(_ value: Int32, in group: Int32, shape: Shape, role: Role) -> Access {
    let view = views[Int(value)]
    let type = program.type(value)
    var strides = view.strides(type.shape, over: shape)
    let place = groups[Int(group)]
    if role == .row { strides = place.spread(strides, of: shape) }
    let base = Int(view.base)
    let isSameType = program.nodes[base].type.dtype == type.dtype
    if groupOf[base] == group {
      guard isSameType, view.offset == 0 else { return .none }
      switch roles[base] {
      case .full: return role == .full && strides == place.denseStrides ? .member(view.base) : .none
      case .row: return strides == place.rowStrides ? .member(view.base) : .none
      case .column, .none: return .none
      }
    }
    if isSameType {
      switch program.nodes[base].primitive {
      case .scalar: return .scalar(program.scalarIndex[base])
      case .iota:
        if let axis = Planner.countedAxis(view, strides) { return .iota(axis: axis) }
      default: break
      }
    }
    let operand = RowOperand(base: view.base, offset: view.offset, strides: strides, dtype: type.dtype)
    if view.base == place.anchor {
      return isSameType && view.offset == 0 && strides == place.denseStrides ? .memory(operand) : .none
    }
    return stepOf[base] < place.step ? .memory(operand) : .none
  }

  /// The dimension along which a view of a count is itself a count from 0.
  static func countedAxis(_ view: View, _ strides: Shape) -> Int? {
    var axis: Int?
    for i in 0..<strides.rank where strides[i] != 0 {
      if axis != nil || strides[i] != 1 { return nil }
      axis = i
    }
    return view.offset == 0 ? axis : nil
  }
}
