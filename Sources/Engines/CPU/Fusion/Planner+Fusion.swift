import MartletGraph

// Groups are found in one pass in program order. A group stays at the step at which it was opened, and an operation
// may join it only if everything else it reads is there before that step: so no group can wait for itself, and no
// search is needed to know it.
extension Planner {
  /// Puts an element-wise operation into a group.
  mutating func fuse(_ position: Int32) {
    let node = program.nodes[Int(position)]
    for operand in node.operands { materializeCount(operand.index, over: node.type.shape) }
    // An operand that this group can compute for itself need not be waited for.
    let early = firstStep(of: node, recomputing: true)
    let start = firstStep(of: node)
    if early >= 0, early < start {
      let group = steps[early].group >= 0 ? steps[early].group : openEpilogue(early, for: node)
      if group >= 0 && joinElementwise(position, group) { return }
    }
    if start < steps.count, start >= 0 {
      let group = steps[start].group >= 0 ? steps[start].group : openEpilogue(start, for: node)
      if group >= 0 && joinElementwise(position, group) { return }
    }
    if node.type.elementCount >= Planner.sharingElements {
      for operand in node.operands {
        let group = lastReader[Int(views[operand.position].base)]
        if group >= 0, groups[Int(group)].step >= start, joinElementwise(position, group) { return }
      }
    }
    let group = openGroup(domain: node.type.shape)
    let joined = joinElementwise(position, group)
    precondition(joined, "\(node.primitive.rules.name) does not fit a group of its own")
  }

  /// Puts a reduction into the group of its operand, or a new one.
  mutating func fuseReduction(_ position: Int32, _ reduce: Reduce) {
    let node = program.nodes[Int(position)]
    let operand = node.operands[0].index
    materializeCount(operand, over: program.type(operand).shape)
    let base = Int(views[Int(operand)].base)
    for group in [groupOf[base], lastReader[base]] where group >= 0 {
      if groups[Int(group)].step >= available[Int(operand)], joinReduction(position, reduce, group) { return }
    }
    if !columnsMerge(reduce, operand) {
      program.nodes[Int(position)].operands = Operands(Value(Int(appendCopy(of: operand))))
    }
    let own = openGroup(domain: program.type(operand).shape)
    let joined = joinReduction(position, reduce, own)
    precondition(joined, "a reduction does not fit a group of its own")
  }

  /// Whether a group that reads `operand` can take what `reduce` keeps, or reduces, as columns.
  private func columnsMerge(_ reduce: Reduce, _ operand: Int32) -> Bool {
    let shape = program.type(operand).shape
    let split = Planner.split(reduce, shape).columns
    return Group.merges(shape, views[Int(operand)].strides(shape, over: shape), from: split)
  }

  /// Where the columns begin for a reduction over neighboring axes, where the reduced rows begin if it is over rows.
  private static func split(_ reduce: Reduce, _ shape: Shape) -> (isRow: Bool, outer: Int, columns: Int) {
    let last = reduce.axes.last!
    let isRow = (last + 1..<shape.rank).allSatisfy { shape[$0] == 1 }
    var outer = reduce.axes.first!
    while outer > 0 && shape[outer - 1] == 1 { outer -= 1 }
    return (isRow, outer, isRow ? outer : last + 1)
  }

  // Sharing what is read is worth a search only where memory is what costs.
  static var sharingElements: Int { 4096 }

  /// The first step before which every operand is complete.
  func firstStep(of node: Node, recomputing: Bool = false) -> Int {
    var step: Int32 = -1
    for operand in node.operands {
      step = max(step, recomputing ? firstStep(recomputing: operand) : available[operand.position])
    }
    return Int(step)
  }

  mutating func openGroup(domain: Shape) -> Int32 {
    let group = Int32(groups.count)
    groups.append(Group(domain: domain, step: Int32(steps.count)))
    steps.append(PlannedStep(kind: .group, node: -1, group: group))
    return group
  }

  /// Opens a group on the tiles of the contraction at `step`, if that is what `node` reads there.
  private mutating func openEpilogue(_ step: Int, for node: Node) -> Int32 {
    let anchor = steps[step].node
    guard anchor >= 0, steps[step].kind == .operation, node.type.shape.elementCount > 0 else { return -1 }
    guard let columns = epilogueColumns(program.nodes[Int(anchor)]), node.type.shape == program.type(anchor).shape
    else {
      return -1
    }
    guard node.operands.contains(where: { views[$0.position].base == anchor }) else { return -1 }
    let group = Int32(groups.count)
    var place = Group(domain: node.type.shape, step: Int32(step))
    place.anchor = anchor
    place.split = node.type.rank - columns
    groups.append(place)
    steps[step].group = group
    return group
  }

  /// The number of dimensions that are columns of the matrix which a contraction computes, if it has an epilogue.
  private func epilogueColumns(_ node: Node) -> Int? {
    guard node.type.dtype == .float32 || node.type.dtype == .float64 else { return nil }
    switch node.primitive {
    case .contract(let contract):
      let right = program.type(node.operands[1].index).rank
      return right - contract.rightBatch.count - contract.rightContracted.count
    case .convolve(let convolve):
      return convolve.form == .forward && node.type.rank <= 5 ? 1 : nil
    default: return nil
    }
  }

  /// Makes room in memory for a count that no group can make up as it goes.
  private mutating func materializeCount(_ value: Int32, over shape: Shape) {
    let view = views[Int(value)]
    let base = Int(view.base)
    guard groupOf[base] < 0, case .iota = program.nodes[base].primitive else { return }
    let type = program.type(value)
    let strides = view.strides(type.shape, over: shape)
    if type.dtype == program.nodes[base].type.dtype, Planner.countedAxis(view, strides) != nil { return }
    materializeLeaf(view.base)
  }
}

// MARK: Joining

extension Planner {
  mutating func joinElementwise(_ position: Int32, _ group: Int32) -> Bool {
    let node = program.nodes[Int(position)]
    let place = groups[Int(group)]
    guard place.members.count < Group.maximumMembers else { return false }
    let role: Role
    if node.type.shape == place.domain {
      role = .full
    } else if place.hasRowReduction && place.isRowShaped(node.type.shape) {
      role = .row
    } else {
      return false
    }
    let divides = Planner.dividesIntegers(node)
    // The position of a division by zero is that in the domain, so row values are not divided here.
    if divides && (place.divides || role == .row) { return false }
    var needed: [RowOperand] = []
    var counted = place.iotaAxes
    var readsRow = role == .full
    var copied: [RowOperand] = []
    for operand in node.operands {
      if role == .full, let late = lateOperand(operand, of: group) {
        copied.append(late)
        continue
      }
      switch access(operand.index, in: group, shape: node.type.shape, role: role) {
      case .member: readsRow = true
      case .scalar: break
      case .iota(let axis):
        if place.split >= 0 && !Group.merges(place.domain, from: place.split, [axis]) { return false }
        if !counted.contains(axis) { counted.append(axis) }
      case .memory(let operand):
        if place.split >= 0 && !Group.merges(place.domain, operand.strides, from: place.split) { return false }
        if !place.operands.contains(operand) && !needed.contains(operand) { needed.append(operand) }
      case .none: return false
      }
    }
    let operands = node.operands
    for operand in copied where !recompute(operand, for: position, in: group) {
      program.nodes[Int(position)].operands = operands
      return false
    }
    if role == .full, node.type.elementCount >= Planner.sharingElements {
      needed.removeAll { recompute($0, for: position, in: group) }
      for axis in groups[Int(group)].iotaAxes where !counted.contains(axis) { counted.append(axis) }
      needed.removeAll { groups[Int(group)].operands.contains($0) }
    }
    guard readsRow, groups[Int(group)].operands.count + needed.count <= Group.maximumOperands else {
      program.nodes[Int(position)].operands = operands
      return false
    }
    groups[Int(group)].divides = place.divides || divides
    groups[Int(group)].iotaAxes = counted
    read(needed, in: group)
    add(position, to: group, role)
    return true
  }

  private mutating func joinReduction(_ position: Int32, _ reduce: Reduce, _ group: Int32) -> Bool {
    let operand = program.nodes[Int(position)].operands[0].index
    let shape = program.type(operand).shape
    var place = groups[Int(group)]
    guard place.anchor < 0, place.domain == shape, place.members.count < Group.maximumMembers else { return false }
    var needed: [RowOperand] = []
    switch access(operand, in: group, shape: shape, role: .full) {
    case .member, .scalar: break
    case .iota(let axis): if !place.iotaAxes.contains(axis) { place.iotaAxes.append(axis) }
    case .memory(let operand): if !place.operands.contains(operand) { needed.append(operand) }
    case .none: return false
    }
    let (isRow, outer, split) = Planner.split(reduce, shape)
    guard place.split < 0 || place.split == split, place.operands.count < Group.maximumOperands else { return false }
    guard place.columnsMerge(from: split, with: needed) else { return false }
    if !isRow {
      if place.groupDimensions >= 0 && place.groupDimensions != outer || place.columnReductions == 8 { return false }
      place.groupDimensions = outer
      place.columnReductions += 1
    }
    place.split = split
    if isRow { place.hasRowReduction = true }
    groups[Int(group)] = place
    read(needed, in: group)
    add(position, to: group, isRow ? .row : .column)
    return true
  }

  private mutating func add(_ position: Int32, to group: Int32, _ role: Role) {
    let index = Int(position)
    placeOf[index] = Int32(groups[Int(group)].members.count)
    groups[Int(group)].members.append(position)
    groupOf[index] = group
    roles[index] = role
    stepOf[index] = groups[Int(group)].step
    available[index] = stepOf[index]
  }

  private mutating func read(_ operands: [RowOperand], in group: Int32) {
    let place = groups[Int(group)]
    for operand in operands {
      groups[Int(group)].operands.append(operand)
      noteRead(operand.base, at: place.step)
      if operand.strides == place.denseStrides { lastReader[Int(operand.base)] = group }
    }
  }

  private static func dividesIntegers(_ node: Node) -> Bool {
    guard case .binary(let binary) = node.primitive, node.type.dtype.isInteger else { return false }
    switch binary.kind {
    case .divide, .floorDivide, .remainder, .modulo: return true
    default: return false
    }
  }
}
