import MartletGraph

// A value that another group computed is computed again where that is cheaper than to write it there and to read it
// here: a few additions and multiplications of something that is in memory anyway, or would take its place there.
extension Planner {
  /// Makes `operand` of the operation at `position` a member of `group`, as a copy of what another group computes.
  ///
  /// - Returns: Whether it did; else the operand is to be read from memory.
  mutating func recompute(_ operand: RowOperand, for position: Int32, in group: Int32) -> Bool {
    let value = operand.base
    guard operand.strides == groups[Int(group)].denseStrides, pays(value, in: group) else { return false }
    if recomputed[group]?[value] == nil {
      let copy = append(program.nodes[Int(value)], origin: program.origin[Int(value)])
      guard joinElementwise(copy, group) else { return false }
      recomputed[group, default: [:]][value] = copy
    }
    let copy = recomputed[group]![value]!
    let old = program.nodes[Int(position)].operands
    program.nodes[Int(position)].operands = Operands(old.map { isWhole($0, of: value) ? Value(Int(copy)) : $0 })
    return true
  }

  /// The step after which an operand is there, or could be computed again by whoever needs it.
  func firstStep(recomputing operand: Value) -> Int32 {
    let known = available[operand.position]
    let base = views[operand.position].base
    let node = program.nodes[Int(base)]
    guard known >= 0, node.type.elementCount >= Planner.sharingElements, isWhole(operand, of: base) else {
      return known
    }
    guard groupOf[Int(base)] >= 0, roles[Int(base)] == .full, Planner.isCheap(node.primitive),
      lastRead[Int(base)] <= groups[Int(groupOf[Int(base)])].step
    else { return known }
    return min(known, Int32(firstStep(of: node)))
  }

  /// An operand that another group computes at the step of `group` or later, so that `group` has to do it itself.
  func lateOperand(_ operand: Value, of group: Int32) -> RowOperand? {
    let base = views[operand.position].base
    let place = groups[Int(group)]
    guard groupOf[Int(base)] >= 0, groupOf[Int(base)] != group, stepOf[Int(base)] >= place.step else { return nil }
    guard program.type(base).elementCount >= Planner.sharingElements, isWhole(operand, of: base) else { return nil }
    guard pays(base, in: group) else { return nil }
    return RowOperand(base: base, offset: 0, strides: place.denseStrides, dtype: program.type(base).dtype)
  }

  /// Whether `operand` is `value`, element by element.
  private func isWhole(_ operand: Value, of value: Int32) -> Bool {
    let view = views[operand.position]
    let shape = program.type(value).shape
    return view.base == value && view.offset == 0 && program.type(operand.index) == program.type(value)
      && view.isDense(shape)
  }

  /// Whether `value` takes at most one more operand of the size of the domain, and is kept for nobody else.
  private func pays(_ value: Int32, in group: Int32) -> Bool {
    guard let home = home(of: value, besides: group), lastRead[Int(value)] <= groups[Int(home)].step else {
      return false
    }
    var operations = Planner.recomputedOperations
    var leaves = Set<Int32>()
    guard findLeaves(of: value, in: group, &operations, &leaves), leaves.count <= 1 else { return false }
    return leaves.allSatisfy { leaf in
      // A product that only its epilogue reads is overwritten by what that makes of it.
      let isKept = stepOf[Int(leaf)] < 0 || lastRead[Int(leaf)] > stepOf[Int(leaf)]
      return isKept || program.type(leaf).dtype.sizeInBytes <= program.type(value).dtype.sizeInBytes
    }
  }

  /// The most operations that stand for one value.
  private static var recomputedOperations: Int { 6 }

  /// The group that computes `value` for every element of its domain, if that is another one.
  private func home(of value: Int32, besides group: Int32) -> Int32? {
    let home = groupOf[Int(value)]
    guard home >= 0, home != group, roles[Int(value)] == .full else { return nil }
    let node = program.nodes[Int(value)]
    return node.type.shape == groups[Int(group)].domain && Planner.isCheap(node.primitive) ? home : nil
  }

  /// Collects what a copy of `value` would read from memory, of the size of the domain and not read already; false
  /// when that takes too many operations, or looks at a value in another way than element by element.
  private func findLeaves(
    of value: Int32, in group: Int32, _ operations: inout Int, _ leaves: inout Set<Int32>
  ) -> Bool {
    operations -= 1
    if operations < 0 { return false }
    let place = groups[Int(group)]
    for operand in program.nodes[Int(value)].operands {
      let base = views[operand.position].base
      if groupOf[Int(base)] == group || program.type(base).elementCount * 8 <= place.domain.elementCount { continue }
      guard isWhole(operand, of: base), program.type(base).shape == place.domain else { return false }
      if place.operands.contains(where: { $0.base == base && $0.strides == place.denseStrides }) { continue }
      if recomputed[group]?[base] != nil { continue }
      if home(of: base, besides: group) != nil, lastRead[Int(base)] <= groups[Int(groupOf[Int(base)])].step {
        var further = leaves
        var left = operations
        if findLeaves(of: base, in: group, &left, &further), further.count <= 1 {
          (operations, leaves) = (left, further)
          continue
        }
      }
      leaves.insert(base)
    }
    return true
  }

  /// Whether an operation costs less than moving its result to memory and back.
  private static func isCheap(_ primitive: Primitive) -> Bool {
    switch primitive {
    case .binary(let binary):
      switch binary.kind {
      case .add, .subtract, .multiply, .maximum, .minimum: true
      default: false
      }
    case .unary(let unary): unary.kind == .negate
    case .compare, .select: true
    default: false
    }
  }
}
