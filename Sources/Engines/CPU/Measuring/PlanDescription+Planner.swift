import MartletGraph

extension PlanDescription {
  /// Describes what a planner decided and a builder made of it.
  init(_ planner: Planner, _ builder: StepBuilder, loweredCount: Int) {
    let program = planner.program
    operations = program.nodes.indices.map { index in
      Operation(
        node: program.nodes[index], isLive: index >= program.isLive.count || program.isLive[index],
        isAdded: index >= loweredCount)
    }
    inputs = program.inputs.map(Int.init)
    outputs = program.outputs.map(Int.init)
    let places = Dictionary(builder.memory.places.map { ($0.base, $0.place) }) { first, _ in first }
    kernels = zip(builder.steps, builder.sources).map { step, source in
      PlanDescription.kernel(step, source.operations, planner, places)
    }
    slots = PlanDescription.slots(builder)
    arenaBytes = builder.memory.arenaBytes
  }

  private static func kernel(
    _ step: any Step, _ operations: [Int32], _ planner: Planner, _ places: [Int32: MemoryPlan.Place]
  ) -> Kernel {
    let inside = Set(operations)
    var read: [Int32: Int] = [:]
    var written = 0
    for operation in operations {
      let node = planner.program.nodes[Int(operation)]
      let changed = changedBytes(of: operation, planner, places)
      for (index, operand) in node.operands.enumerated() where !inside.contains(operand.index) {
        let base = planner.views[operand.position].base
        // A view of a part needs no more than the part; a repeated one no more than what is there.
        var needed = min(planner.program.type(operand.index).sizeInBytes, planner.program.type(base).sizeInBytes)
        if index == 0 { needed = min(needed, changed ?? node.primitive.takenBytes(node.type) ?? needed) }
        if !inside.contains(base) { read[base] = max(read[base] ?? 0, needed) }
      }
      let results = planner.resultsOf[operation]
      guard planner.lastRead[Int(operation)] >= 0 || results != nil else { continue }
      written += changed ?? (results ?? [operation]).reduce(0) { $0 + planner.program.type($1).sizeInBytes }
    }
    return Kernel(
      summary: step.summary, operations: operations.map(Int.init), bytesRead: read.values.reduce(0, +),
      bytesWritten: written, bodies: step.bodies.compactMap(\.plan.description))
  }

  /// How much of its first operand an operation changes in place; nil where it makes a copy, and for others.
  private static func changedBytes(
    of operation: Int32, _ planner: Planner, _ places: [Int32: MemoryPlan.Place]
  ) -> Int? {
    let node = planner.program.nodes[Int(operation)]
    let update: Int
    switch node.primitive {
    case .scatter: update = node.operands.count - 1
    case .dynamicUpdate: update = 1
    default: return nil
    }
    guard let place = places[planner.views[Int(operation)].base],
      place == places[planner.views[node.operands[0].position].base]
    else { return nil }
    return min(planner.program.type(node.operands[update].index).sizeInBytes, node.type.sizeInBytes)
  }

  /// The pieces of memory, their times in steps that are run.
  private static func slots(_ builder: StepBuilder) -> [Slot] {
    let last = max(builder.steps.count - 1, 0)
    // For each planned step, the first that was made of it or of a later one.
    var made = [Int](repeating: last, count: builder.planner.steps.count + 1)
    for (index, source) in builder.sources.enumerated().reversed() { made[source.planned] = index }
    for index in made.indices.dropLast().reversed() { made[index] = min(made[index], made[index + 1]) }
    func step(_ planned: Int32, orElse end: Int) -> Int {
      planned < 0 || planned == .max ? end : made[Int(planned)]
    }
    return builder.memory.slots.map { slot in
      let first = min(step(slot.first, orElse: 0), last)
      return Slot(
        byteCount: slot.byteCount, place: Slot.Place(slot.place), operation: Int(slot.base),
        lifetime: first...max(first, step(slot.last, orElse: last)))
    }
  }
}

extension Primitive {
  /// How much it reads of its first operand, where that is what it takes out.
  fileprivate func takenBytes(_ result: TensorType) -> Int? {
    switch self {
    case .gather, .dynamicSlice: result.sizeInBytes
    default: nil
    }
  }
}

extension PlanDescription.Slot.Place {
  fileprivate init(_ place: MemoryPlan.Place) {
    switch place {
    case .input(let index): self = .input(index)
    case .scalar: self = .scalar
    case .output(let index): self = .output(index)
    case .arena(let offset): self = .arena(offset: offset)
    }
  }
}
