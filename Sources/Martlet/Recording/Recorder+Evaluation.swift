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
    // Between numbering operands and recording, the owner relies on positions: nobody else may renumber them. Values
    // that nothing needs any more go first, so that their memory serves the new ones.
    if Recorder.current === self && scopes.isEmpty && (entries.count > 2048 || valueBytes > 1 << 20) {
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
    try run(targets.sorted(), donating: false)
  }

  /// Ends a step: computes every pending value that a live tensor stands for, as one program, and drops the history.
  ///
  /// Inside a scope nothing happens, since the step is part of something larger.
  package func finishStep() throws {
    guard scopes.isEmpty else { return }
    pthread_mutex_lock(evaluation)
    defer { pthread_mutex_unlock(evaluation) }
    let targets = locked { () -> [Int] in
      syncEntries()
      return entries.indices.filter { entries[$0].storage != nil && entries[$0].buffer == nil }
    }
    if !targets.isEmpty { try run(targets, donating: true) }
    locked { detachAll() }
  }

  /// Runs one program for `targets` (ascending positions) and stores their values.
  private func run(_ targets: [Int], donating: Bool) throws {
    let pending = locked { collect(targets, donating: donating) }
    let executable = try cache.executable(for: pending, engine: engine) {
      locked { pending.program(from: builder.nodes) }
    }
    let outputs: [Buffer]
    do {
      outputs = try executable.run(inputs: pending.inputs, scalars: pending.scalars)
    } catch {
      var located = error
      if let node = error.node, error.location == nil, node < pending.positions.count {
        located.location = locked { builder.nodes[pending.positions[node]].location }
      }
      throw located
    }
    locked {
      for (position, buffer) in zip(targets, outputs) {
        entries[position].buffer = buffer
        valueBytes += buffer.byteCount
        // The tensor may be going away on another thread, which then waits for the lock; it must not be retained.
        entries[position].storage?._withUnsafeGuaranteedRef { $0.buffer = buffer }
      }
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
    for (local, position) in positions.enumerated() {
      marks[position] = Int32(truncatingIfNeeded: local)
      if let buffer = entries[position].buffer {
        pending.addInput(buffer, at: local)
        hash.mix(1)
        hash.mix(builder.nodes[position].type)
        continue
      }
      if case .scalar(let scalar) = builder.nodes[position].primitive { pending.scalars.append(scalar.literal.bits) }
      hash.mix(builder.nodes[position].hash)
      for operand in builder.nodes[position].operands { hash.mix(Int(marks[operand.position])) }
    }
    for target in targets { hash.mix(Int(marks[target])) }
    if donating { markDonated(&pending, &hash) }
    for position in positions { marks[position] = -1 }
    pending.hash = hash.state
    return pending
  }

  /// The positions that `targets` need, ascending, down to those whose values are known.
  private func mark(_ targets: [Int]) -> [Int] {
    var outstanding = 0
    for target in targets where marks[target] < 0 {
      marks[target] = 0
      outstanding += 1
    }
    var positions: [Int] = []
    var position = targets.last ?? 0
    while outstanding > 0 {
      if marks[position] == 0 {
        outstanding -= 1
        positions.append(position)
        if entries[position].buffer == nil {
          for operand in builder.nodes[position].operands where marks[operand.position] < 0 {
            marks[operand.position] = 0
            outstanding += 1
          }
        }
      }
      position -= 1
    }
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
        pending.isDonated[index] = true
        hash.mix(index)
      }
      entries[position].buffer = pending.inputs[index]
    }
  }

  /// Forgets all nodes. Every live tensor has its value by now, and keeps it.
  private func detachAll() {
    for entry in entries {
      entry.storage?._withUnsafeGuaranteedRef { $0.slot.store(Slot.free.word, ordering: .releasing) }
    }
    entries.removeAll(keepingCapacity: entries.capacity <= 1 << 16)
    builder.truncate(to: 0)
    interned.removeAll(keepingCapacity: true)
    valueBytes = 0
    if marks.count > 1 << 17 { marks = [] }
  }

  /// Removes nodes on which no live tensor depends, and renumbers the rest.
  func sweep() {
    syncEntries()
    var isNeeded = entries.map { $0.storage != nil }
    for position in entries.indices.reversed() where isNeeded[position] && entries[position].buffer == nil {
      for operand in builder.nodes[position].operands { isNeeded[operand.position] = true }
    }
    var renumbered = [Int32](repeating: -1, count: entries.count)
    var count = 0
    for position in entries.indices where isNeeded[position] {
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
