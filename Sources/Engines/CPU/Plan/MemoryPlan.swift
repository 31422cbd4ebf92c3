import MartletGraph

/// Where each value with memory of its own lies during a run.
struct MemoryPlan {
  enum Place: Equatable {
    case input(Int)
    case scalar(Int)
    case output(Int)
    /// Bytes from the start of the arena.
    case arena(Int)
  }

  enum OutputSource: Equatable {
    case fresh(byteCount: Int)
    /// A donated input's memory, which holds the output at the end.
    case input(Int)
  }

  var places: [(base: Int32, place: Place)] = []
  var outputs: [OutputSource] = []
  var arenaBytes = 0
  /// Values that took over the memory of one that nobody needs any more.
  var inPlaceCount = 0
  /// The pieces of memory.
  var slots: [Slot] = []

  struct Slot {
    var place: Place
    var byteCount: Int
    /// The value that it was first for.
    var base: Int32
    /// The planned steps that write it first and need it last; -1 and `.max` for what is there before and after.
    var first: Int32
    var last: Int32
  }
}

/// Gives every value that is stored a piece of memory, reusing what is dead.
struct MemoryPlanner {
  private struct Slot {
    var place: MemoryPlan.Place?
    var byteCount: Int
    var first: Int32
    var last: Int32
    var base: Int32 = -1
  }

  private let planner: Planner
  private let emitted: [EmittedGroup?]
  private var slots: [Slot] = []
  private var slotOf: [Int32]
  private var outputOf: [Int32]
  private var plan = MemoryPlan()

  private init(_ planner: Planner, _ emitted: [EmittedGroup?]) {
    self.planner = planner
    self.emitted = emitted
    slotOf = [Int32](repeating: -1, count: planner.program.nodes.count)
    outputOf = slotOf
  }

  static func plan(_ planner: Planner, _ emitted: [EmittedGroup?]) -> MemoryPlan {
    var memory = MemoryPlanner(planner, emitted)
    memory.placeGiven()
    for step in planner.steps.indices { memory.placeResults(Int32(step)) }
    memory.layOutArena()
    memory.placeAll()
    memory.plan.slots = memory.slots.compactMap { slot in
      slot.place.map {
        .init(place: $0, byteCount: slot.byteCount, base: slot.base, first: slot.first, last: slot.last)
      }
    }
    return memory.plan
  }

  private func byteCount(_ base: Int32) -> Int { planner.program.type(base).sizeInBytes }

  private mutating func placeGiven() {
    for (index, base) in planner.outputBases.enumerated() {
      outputOf[Int(base)] = Int32(index)
      plan.outputs.append(.fresh(byteCount: byteCount(base)))
    }
    for (index, base) in planner.program.inputs.enumerated() {
      if outputOf[Int(base)] >= 0 { plan.outputs[Int(outputOf[Int(base)])] = .input(index) }
      let last = planner.isDonated[index] ? planner.lastRead[Int(base)] : .max
      add(Slot(place: .input(index), byteCount: byteCount(base), first: -1, last: last), for: base)
    }
    for position in planner.program.nodes.indices where planner.program.scalarIndex[position] >= 0 {
      let place = MemoryPlan.Place.scalar(Int(planner.program.scalarIndex[position]))
      add(Slot(place: place, byteCount: 8, first: -1, last: .max), for: Int32(position))
    }
  }

  private mutating func add(_ slot: Slot, for base: Int32) {
    slotOf[Int(base)] = Int32(slots.count)
    slots.append(slot)
    slots[slots.count - 1].base = base
  }

  /// Gives memory to what a step writes.
  private mutating func placeResults(_ step: Int32) {
    let planned = planner.steps[Int(step)]
    var claimed: [Int32] = []
    if planned.node >= 0 {
      let results = planner.resultsOf[planned.node] ?? [planned.node]
      for result in results where !placeInPlace(result, planned, step) { place(result, step) }
    }
    guard planned.group >= 0, let group = emitted[Int(planned.group)] else { return }
    for store in group.stores where planner.roles[Int(store.node)] == .full {
      if let donor = donor(for: store, group, planned, step, claimed) {
        claimed.append(donor)
        take(over: donor, by: store.node)
      }
    }
    for store in group.stores where slotOf[Int(store.node)] < 0 { place(store.node, step) }
  }

  private mutating func place(_ base: Int32, _ step: Int32) {
    let output = outputOf[Int(base)]
    let last = max(planner.lastRead[Int(base)], step)
    let place = output >= 0 ? MemoryPlan.Place.output(Int(output)) : nil
    add(Slot(place: place, byteCount: max(byteCount(base), 1), first: step, last: last), for: base)
  }

  private mutating func take(over donor: Int32, by base: Int32) {
    let slot = Int(slotOf[Int(donor)])
    slotOf[Int(base)] = Int32(slot)
    slots[slot].last = planner.lastRead[Int(base)]
    plan.inPlaceCount += 1
    guard outputOf[Int(base)] >= 0 else { return }
    let output = Int(outputOf[Int(base)])
    if case .input(let input) = slots[slot].place {
      plan.outputs[output] = .input(input)
    } else {
      slots[slot].place = .output(output)
    }
  }
}

// MARK: In place

extension MemoryPlanner {
  /// Whether a value is dead after a step, and its memory may be written.
  private func isSpent(_ base: Int32, _ step: Int32, size: Int) -> Bool {
    guard slotOf[Int(base)] >= 0, planner.lastRead[Int(base)] == step, byteCount(base) == size else { return false }
    let slot = slots[Int(slotOf[Int(base)])]
    guard slot.last == step, slot.byteCount == size else { return false }
    switch slot.place {
    case nil: return true
    case .input(let index): return planner.isDonated[index]
    default: return false
    }
  }

  /// An operand of a group whose memory a result may take over: dead afterwards, lying exactly like the result, and
  /// read for the last time before it is written.
  private func donor(
    for store: (node: Int32, position: Int), _ group: EmittedGroup, _ planned: PlannedStep, _ step: Int32,
    _ claimed: [Int32]
  ) -> Int32? {
    let place = planner.groups[Int(planned.group)]
    let type = planner.program.type(store.node)
    var found: Int32?
    for candidate in place.operands {
      let base = candidate.base
      guard isSpent(base, step, size: type.sizeInBytes), !claimed.contains(base) else { continue }
      guard !planned.operands.contains(where: { $0.base == base }) else { continue }
      let isSafe = place.operands.indices.allSatisfy { index in
        let operand = place.operands[index]
        return operand.base != base
          || operand.offset == 0 && operand.strides == place.denseStrides && group.lastLoad[index] < store.position
            && operand.dtype.sizeInBytes == type.dtype.sizeInBytes
      }
      if !isSafe { continue }
      // An output is best kept in a donated input: then neither is moved, and no new memory is touched.
      if outputOf[Int(store.node)] < 0 || isInput(base) { return base }
      found = found ?? base
    }
    return found
  }

  private func isInput(_ base: Int32) -> Bool {
    if case .input = slots[Int(slotOf[Int(base)])].place { return true }
    return false
  }

  /// Lets an update overwrite its target when nobody needs that any more.
  private mutating func placeInPlace(_ result: Int32, _ planned: PlannedStep, _ step: Int32) -> Bool {
    switch planner.program.nodes[Int(result)].primitive {
    case .scatter, .dynamicUpdate: break
    default: return false
    }
    guard planned.kind == .operation, let target = planned.operands.first else { return false }
    let value = planner.program.nodes[Int(result)].operands[0].index
    let type = planner.program.type(value)
    let isWhole = target.byteOffset == 0 && planner.views[Int(value)].isDense(type.shape)
    let isReadElsewhere = planned.operands.dropFirst().contains { $0.base == target.base }
    guard isWhole, !isReadElsewhere, isSpent(target.base, step, size: type.sizeInBytes) else { return false }
    take(over: target.base, by: result)
    return true
  }
}

// MARK: Arena

extension MemoryPlanner {
  /// Lays temporary values out one beside the other, each from its first to its last step.
  private mutating func layOutArena() {
    var starting = [[Int]](repeating: [], count: planner.steps.count)
    var ending = starting
    for index in slots.indices where slots[index].place == nil {
      starting[Int(slots[index].first)].append(index)
      if slots[index].last != .max { ending[Int(slots[index].last)].append(index) }
    }
    var arena = ArenaLayout()
    for step in planner.steps.indices {
      for index in starting[step] { slots[index].place = .arena(arena.take(slots[index].byteCount)) }
      for index in ending[step] {
        if case .arena(let offset) = slots[index].place { arena.give(offset, slots[index].byteCount) }
      }
    }
    plan.arenaBytes = arena.byteCount
  }

  private mutating func placeAll() {
    for base in slotOf.indices where slotOf[base] >= 0 {
      if let place = slots[Int(slotOf[base])].place { plan.places.append((Int32(base), place)) }
    }
  }
}

/// Offsets in one block of memory for pieces that come and go.
struct ArenaLayout {
  /// Free pieces in order of offset; no two touch.
  private var free: [(offset: Int, size: Int)] = []
  /// The size that the block needs.
  private(set) var byteCount = 0

  private static func rounded(_ size: Int) -> Int { (size + 63) & ~63 }

  /// The offset of a piece of `size` bytes: in the tightest gap, else at the end.
  mutating func take(_ size: Int) -> Int {
    let size = ArenaLayout.rounded(size)
    var best = -1
    for index in free.indices where free[index].size >= size {
      if best < 0 || free[index].size < free[best].size { best = index }
    }
    if best >= 0 {
      let offset = free[best].offset
      free[best].offset += size
      free[best].size -= size
      if free[best].size == 0 { free.remove(at: best) }
      return offset
    }
    var offset = byteCount
    if let last = free.last, last.offset + last.size == byteCount {
      offset = last.offset
      free.removeLast()
    }
    byteCount = offset + size
    return offset
  }

  /// Frees a piece, joining it with free neighbors.
  mutating func give(_ offset: Int, _ size: Int) {
    let size = ArenaLayout.rounded(size)
    var index = free.firstIndex { $0.offset > offset } ?? free.count
    free.insert((offset, size), at: index)
    if index + 1 < free.count, free[index].offset + free[index].size == free[index + 1].offset {
      free[index].size += free[index + 1].size
      free.remove(at: index + 1)
    }
    if index > 0, free[index - 1].offset + free[index - 1].size == free[index].offset {
      free[index - 1].size += free[index].size
      free.remove(at: index)
      index -= 1
    }
  }
}
