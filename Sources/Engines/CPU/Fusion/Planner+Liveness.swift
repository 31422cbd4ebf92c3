import MartletGraph

extension Planner {
  /// Takes out of groups what nobody needs, because another group has computed it for itself, and notes reads anew.
  ///
  /// What is left says how long memory is needed, and so what may be overwritten.
  mutating func dropUnneeded() {
    if recomputed.isEmpty { return }
    lastRead = [Int32](repeating: -1, count: lastRead.count)
    for base in outputBases { lastRead[Int(base)] = .max }
    for step in steps.indices.reversed() {
      let planned = steps[step]
      if planned.group >= 0 { keepNeeded(in: planned.group, at: Int32(step)) }
      for operand in planned.operands { noteRead(operand.base, at: Int32(step)) }
      if planned.kind == .copy {
        noteRead(views[program.nodes[Int(planned.node)].operands[0].position].base, at: Int32(step))
      }
    }
  }

  /// Keeps the members of a group that others read, or that those need.
  private mutating func keepNeeded(in group: Int32, at step: Int32) {
    let place = groups[Int(group)]
    var needed = Set<Int32>()
    var read: [RowOperand] = []
    for member in place.members.reversed() where needed.contains(member) || lastRead[Int(member)] >= 0 {
      needed.insert(member)
      for operand in program.nodes[Int(member)].operands {
        switch access(operand, of: member, in: group) {
        case .member(let other): needed.insert(other)
        case .memory(let operand): if !read.contains(operand) { read.append(operand) }
        case .scalar, .iota, .none: break
        }
      }
    }
    groups[Int(group)].members = place.members.filter { needed.contains($0) }
    for (index, member) in groups[Int(group)].members.enumerated() { placeOf[Int(member)] = Int32(index) }
    groups[Int(group)].operands = place.operands.filter { read.contains($0) }
    for operand in read { noteRead(operand.base, at: step) }
  }

  /// How a member of a group comes by one of its operands.
  func access(_ operand: Value, of member: Int32, in group: Int32) -> Access {
    let node = program.nodes[Int(member)]
    let isReduction = if case .reduce = node.primitive { true } else { false }
    let shape = isReduction ? program.type(operand.index).shape : node.type.shape
    return access(operand.index, in: group, shape: shape, role: isReduction ? .full : roles[Int(member)])
  }
}
