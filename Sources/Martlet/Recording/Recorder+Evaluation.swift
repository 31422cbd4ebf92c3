import MartletGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Recorder {
  /// Computes the values of `storages`, and nothing else that they do not need.
  ///
  /// The history stays while a scope is open, because a derivative may still ask for it.
  package func evaluate(_ storages: [TensorStorage]) {
    do {
      try tryEvaluate(storages)
    } catch let error as ExecutionError {
      report(error)
    } catch {
      report(ExecutionError(node: nil, message: "\(error)"))
    }
  }

  /// Computes the values of `storages`, or throws what went wrong while running.
  package func tryEvaluate(_ storages: [TensorStorage]) throws {
    pthread_mutex_lock(evaluation)
    defer { pthread_mutex_unlock(evaluation) }
    let isOwn = Recorder.current === self
    try land(isOwn: isOwn)
    // Between numbering operands and recording, the owner relies on positions: nobody else may renumber them. Values
    // that nothing needs any more go first, so that their memory serves the new ones.
    if isOwn && scopes.isEmpty && (entries.count > 2048 || valueBytes > 1 << 20) {
      locked { sweep() }
    }
    let targets = locked { () -> [Int] in
      syncEntries()
      var targets: [Int] = []
      for storage in storages where storage.buffer == nil {
        let slot = Slot(word: storage.slot.load(ordering: .relaxed))
        if slot != .free && slot.recorder == identifier { targets.append(slot.position) }
      }
      return targets
    }
    if targets.isEmpty { return }
    try compute(targets.count > 1 ? targets.sorted() : targets, isOwn: isOwn)
    if isOwn && scopes.isEmpty { locked { forgetRestorePoints() } }
  }

  /// Ends a step: every pending value that a live tensor stands for is computed, as one program, which may still be
  /// running when this returns.
  ///
  /// Inside a scope nothing happens, since the step is part of something larger.
  package func finishStep() throws {
    guard scopes.isEmpty else { return }
    if isChecking, let firstError { throw firstError }
    pthread_mutex_lock(evaluation)
    defer { pthread_mutex_unlock(evaluation) }
    try land(isOwn: true)
    // What variables held before may still have to be computed, and the program is about to give up its history.
    let unknown = locked { restorePoints.map(\.position).filter { entries[$0].buffer == nil } }
    if !unknown.isEmpty { try compute(unknown.sorted(), isOwn: true) }
    let targets = locked { pendingTargets() }
    if targets.isEmpty {
      endOfStep()
      return locked { detachAll() }
    }
    let (pending, program) = try prepare(targets, donating: true)
    let flight = Flight(program, inputs: pending.inputs, scalars: pending.scalars)
    let plan = FlightPlan(
      flight: flight, positions: pending.positions, targets: pending.targets, restorePoints: restorePoints,
      nodeCount: 0)
    endOfStep()
    inFlight = plan
    if program.isLong {
      flightThread.submit(flight)
      locked {
        sweep()
        inFlight?.nodeCount = entries.count
      }
    } else {
      flight.run()
      try land(isOwn: true)
      locked { detachAll() }
    }
  }

  /// As ``finishStep()``; what goes wrong is reported, and variables hold again what they held before the step.
  func endStep() {
    do {
      try finishStep()
    } catch {
      restoreVariables()
      report(error as? ExecutionError ?? ExecutionError(node: nil, message: "\(error)"))
    }
  }

  /// The positions of the values that live tensors stand for and that are not known, apart from those that are known to
  /// fail.
  private func pendingTargets() -> [Int] {
    syncEntries()
    var isFailing: [Bool] = []
    if let first = failed.min() {
      isFailing = [Bool](repeating: false, count: entries.count)
      for position in failed { isFailing[position] = true }
      for position in first..<entries.count where entries[position].buffer == nil && !isFailing[position] {
        isFailing[position] = builder.nodes[position].operands.contains { isFailing[$0.position] }
      }
    }
    return entries.indices.filter {
      entries[$0].storage != nil && entries[$0].buffer == nil && (isFailing.isEmpty || !isFailing[$0])
    }
  }

  private func endOfStep() {
    restorePoints = []
    stepNumber = Serial.next()
  }

  /// Waits for the program of the last step, and takes in its values.
  ///
  /// Another thread leaves a failure for the owner to find. When the owner finds it, the variables that the step
  /// replaced hold again what they held before, at once or, inside a ``checked(_:)`` or the closure of a derivative,
  /// at its end.
  /// - Precondition: `evaluation` is held.
  private func land(isOwn: Bool) throws(ExecutionError) {
    guard let plan = inFlight else { return }
    let outcome = isOwn ? waiting { plan.flight.wait() } : plan.flight.wait()
    if case .failure(let error) = outcome, !isOwn { throw located(error, plan.positions) }
    inFlight = nil
    switch outcome {
    case .success(let outputs):
      locked {
        store(outputs, at: plan.targets)
        if isOwn && scopes.isEmpty && restorePoints.isEmpty && entries.count == plan.nodeCount { detachAll() }
      }
    case .failure(let error):
      restorePoints.insert(contentsOf: plan.restorePoints, at: 0)
      if scopes.isEmpty && !isChecking { restoreVariables() }
      throw located(error, plan.positions)
    }
  }

  /// Waits for the program of the last step, and reports what went wrong in it.
  package func finishFlight() {
    pthread_mutex_lock(evaluation)
    defer { pthread_mutex_unlock(evaluation) }
    do throws(ExecutionError) { try land(isOwn: true) } catch { report(error) }
  }

  /// The thread that records ends: nothing of it may be left to the next.
  func threadEnds() {
    pthread_mutex_lock(evaluation)
    defer { pthread_mutex_unlock(evaluation) }
    try? land(isOwn: true)
    restorePoints = []
    locked { sweep() }
  }

  /// Runs one program for `targets` (ascending positions) and stores their values; the calling thread waits for them.
  private func compute(_ targets: [Int], isOwn: Bool) throws {
    let (pending, program) = try prepare(targets, donating: false)
    func run() -> Result<[Buffer], ExecutionError> {
      program.run(inputs: pending.inputs, scalars: pending.scalars, isTimed: false)
    }
    switch isOwn ? waiting(run) : run() {
    case .success(let outputs): locked { store(outputs, at: targets) }
    case .failure(let error): throw located(error, pending.positions)
    }
  }

  private func prepare(
    _ targets: [Int], donating: Bool
  ) throws -> (pending: PendingProgram, program: CachedProgram) {
    let pending = locked { collect(targets, donating: donating) }
    // Its own thread is told the name of the region, see `checkReadable`.
    if pending.hasStandIn {
      throw unreadable("a region", at: targets.first.map { position in locked { builder.nodes[position].location } })
    }
    let program = try cache.program(for: pending, engine: engine) { locked { pending.graph(from: builder.nodes) } }
    return (pending, program)
  }

  /// An error with the line at which the operation at fault was recorded. The operation will not be tried again.
  private func located(_ error: ExecutionError, _ positions: [Int]) -> ExecutionError {
    guard let node = error.node, node < positions.count else { return error }
    var located = error
    locked {
      let recorded = builder.nodes[positions[node]]
      if !failed.contains(positions[node]) { failed.append(positions[node]) }
      // A program knows the lines at which it was first recorded. Those inside a region are the best there are.
      if located.location == nil || !recorded.primitive.isRegion { located.location = recorded.location }
    }
    return located
  }

  private func store(_ buffers: [Buffer], at positions: [Int]) {
    for index in positions.indices {
      let (position, buffer) = (positions[index], buffers[index])
      entries[position].buffer = buffer
      valueBytes += buffer.byteCount
      // The tensor may be going away on another thread, which then waits for the lock; it must not be retained.
      entries[position].storage?._withUnsafeGuaranteedRef { $0.buffer = buffer }
    }
  }

  /// Everything about the program for `targets` that depends on this step, and the hash of its structure.
  private func collect(_ targets: [Int], donating: Bool) -> PendingProgram {
    if marks.count < entries.count {
      marks.append(contentsOf: repeatElement(-1, count: max(entries.count * 2, 256) - marks.count))
    }
    let positions = mark(targets)
    var pending = PendingProgram(positions: positions, targets: targets)
    var hash = StructureHash()
    for local in positions.indices {
      let position = positions[local]
      marks[position] = Int32(truncatingIfNeeded: local)
      if let buffer = entries[position].buffer {
        pending.addInput(buffer, at: local)
        hash.mix(1)
        hash.mix(builder.nodes[position].type)
        continue
      }
      switch builder.nodes[position].primitive {
      case .scalar(let scalar): pending.scalars.append(scalar.literal.bits)
      case .input: pending.hasStandIn = true
      default: break
      }
      hash.mix(builder.nodes[position].hash)
      // For a profiler, the same operations on other lines are another program.
      if let trace { hash.mix(trace.identity(builder.nodes[position].location.context)) }
      for operand in builder.nodes[position].operands { hash.mix(Int(marks[operand.position])) }
    }
    for target in targets { hash.mix(Int(marks[target])) }
    if donating { markDonated(&pending, &hash) }
    for position in positions { marks[position] = -1 }
    pending.hash = hash.state
    return pending
  }

  /// The positions that `targets` need, ascending, down to those whose values are known.
  ///
  /// Walks back from the last target to the first node that is to be computed. Known values often lie far before it, at
  /// the beginning of the recording; those that the walk has not met are sorted instead.
  private func mark(_ targets: [Int]) -> [Int] {
    var outstanding = 0
    var positions: [Int] = []
    positions.reserveCapacity(8)
    var known: [Int] = []
    func need(_ position: Int) {
      guard marks[position] < 0 else { return }
      marks[position] = 0
      if entries[position].buffer == nil { outstanding += 1 } else { known.append(position) }
    }
    for target in targets { need(target) }
    var position = targets.last ?? 0
    while outstanding > 0 {
      if marks[position] == 0 {
        positions.append(position)
        if entries[position].buffer == nil {
          outstanding -= 1
          for operand in builder.nodes[position].operands { need(operand.position) }
        }
      }
      position -= 1
    }
    if known.count > 1 { known.sort(by: >) }
    positions.append(contentsOf: known.lazy.filter { $0 <= position })
    positions.reverse()
    return positions
  }

  /// Inputs that no tensor stands for any more, and to whose memory nothing else refers, may be overwritten.
  private func markDonated(_ pending: inout PendingProgram, _ hash: inout StructureHash) {
    for (index, local) in pending.inputPositions.enumerated() {
      let position = pending.positions[local]
      guard entries[position].storage == nil else { continue }
      // One reference is the entry's, the other the pending program's own.
      entries[position].buffer = nil
      if isKnownUniquelyReferenced(&pending.inputs[index]) {
        pending.donated.append(index)
        hash.mix(index)
      }
      entries[position].buffer = pending.inputs[index]
    }
  }

  /// Forgets all nodes. Every live tensor has its value by now, and keeps it.
  private func detachAll() {
    // Something that failed may still be held; its history stays, for a reader to learn what went wrong.
    if !failed.isEmpty { return sweep() }
    for entry in entries {
      entry.storage?._withUnsafeGuaranteedRef { $0.slot.store(Slot.free.word, ordering: .releasing) }
    }
    entries.removeAll(keepingCapacity: entries.capacity <= 1 << 16)
    builder.truncate(to: 0)
    interned.removeAll(keepingCapacity: true)
    valueBytes = 0
    if marks.count > 1 << 17 { marks = [] }
  }

  /// Removes nodes that no pending value and no restore point needs, and renumbers the rest.
  func sweep() {
    syncEntries()
    var isNeeded = entries.map { $0.storage != nil && $0.buffer == nil }
    for point in restorePoints { isNeeded[point.position] = true }
    if let inFlight {
      for position in inFlight.positions { isNeeded[position] = true }
      for point in inFlight.restorePoints { isNeeded[point.position] = true }
    }
    for position in entries.indices.reversed() where isNeeded[position] && entries[position].buffer == nil {
      for operand in builder.nodes[position].operands { isNeeded[operand.position] = true }
    }
    var renumbered = [Int32](repeating: -1, count: entries.count)
    var count = 0
    for position in entries.indices {
      guard isNeeded[position] else {
        // A tensor whose value is known needs no place in the recording.
        entries[position].storage?._withUnsafeGuaranteedRef { $0.slot.store(Slot.free.word, ordering: .releasing) }
        continue
      }
      if entries[position].buffer != nil, !builder.nodes[position].isLeaf {
        builder.replace(
          Value(position), with: Node(leaf: builder.nodes[position].type, location: builder.nodes[position].location))
      }
      let operands = builder.nodes[position].operands.renumbered { renumbered[$0.position] }
      builder.move(from: position, to: count, operands: operands)
      entries.swapAt(position, count)
      renumbered[position] = Int32(count)
      let slot = Slot(recorder: identifier, position: count)
      entries[count].storage?._withUnsafeGuaranteedRef { $0.slot.store(slot.word, ordering: .relaxed) }
      count += 1
    }
    builder.truncate(to: count)
    entries.removeLast(entries.count - count)
    for index in restorePoints.indices {
      restorePoints[index].position = Int(renumbered[restorePoints[index].position])
    }
    failed = failed.map { Int(renumbered[$0]) }.filter { $0 >= 0 }
    inFlight?.renumber { Int(renumbered[$0]) }
    valueBytes = 0
    interned.removeAll(keepingCapacity: true)
  }

  /// Stops with the sentence of an error, or keeps it where mistakes are collected.
  func report(_ error: ExecutionError) {
    if isChecking {
      if firstError == nil { firstError = error }
    } else {
      fatalError("\(error)")
    }
  }
}

extension Node {
  fileprivate var isLeaf: Bool {
    if case .input = primitive { true } else { false }
  }

  /// A node whose value is known, and whose history is not needed.
  init(leaf type: TensorType, location: SourceLocation) {
    var builder = GraphBuilder()
    let value = builder.append(
      Input(), primitive: .input(Input()), Operands(), type: type, location: location)
    self = builder[value]
  }
}

extension Primitive {
  /// Whether it holds operations of its own, with lines of their own.
  fileprivate var isRegion: Bool {
    switch self {
    case .call, .scan, .whileLoop, .conditional: true
    default: false
    }
  }
}
