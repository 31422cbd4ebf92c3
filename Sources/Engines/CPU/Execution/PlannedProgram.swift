import MartletGraph

/// A planned program as its user sees it.
struct PlannedProgram: Executable {
  let plan: Plan
  let engine: CPUEngine

  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    try run(inputs: inputs, scalars: scalars, times: nil)
  }

  /// - Parameter times: Where to note how long each kernel takes, if somebody wants to know.
  func run(inputs: [Buffer], scalars: [UInt64], times: KernelTimes?) throws(ExecutionError) -> [Buffer] {
    try check(inputs, scalars)
    var outputs: [Buffer] = []
    outputs.reserveCapacity(plan.memory.outputs.count)
    for source in plan.memory.outputs {
      switch source {
      case .fresh(let byteCount): outputs.append(try engine.allocate(byteCount: byteCount))
      case .input(let index): outputs.append(inputs[index])
      }
    }
    try withArena { arena throws(ExecutionError) in
      try execute(inputs, outputs, scalars, arena, times)
    }
    return outputs
  }

  private func check(_ inputs: [Buffer], _ scalars: [UInt64]) throws(ExecutionError) {
    if inputs.count != plan.inputTypes.count || scalars.count != plan.givenScalars {
      throw ExecutionError(
        node: nil,
        message: "the program takes \(plan.inputTypes.count) inputs and \(plan.givenScalars) scalars, "
          + "not \(inputs.count) and \(scalars.count)")
    }
    for index in inputs.indices where inputs[index].byteCount < plan.inputTypes[index].sizeInBytes {
      throw ExecutionError(
        node: nil,
        message: "a buffer of \(inputs[index].byteCount) bytes is too small for \(plan.inputTypes[index])")
    }
  }

  private static var nowhere: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: 64)! }

  private func withArena(
    _ body: (UnsafeMutableRawPointer) throws(ExecutionError) -> Void
  ) throws(ExecutionError) {
    // A program without intermediate values never looks at it.
    if plan.memory.arenaBytes == 0 { return try body(PlannedProgram.nowhere) }
    let arena = try engine.workspace(byteCount: plan.memory.arenaBytes)
    defer { engine.pool.give(arena, plan.memory.arenaBytes) }
    try body(arena)
  }

  private func execute(
    _ inputs: [Buffer], _ outputs: [Buffer], _ scalars: [UInt64], _ arena: UnsafeMutableRawPointer,
    _ times: KernelTimes?
  ) throws(ExecutionError) {
    let pointers = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: inputs.count + outputs.count + 1)
    defer { pointers.deallocate() }
    for (index, buffer) in inputs.enumerated() { pointers[index] = buffer.address }
    for (index, buffer) in outputs.enumerated() { pointers[inputs.count + index] = buffer.address }
    let table = UnsafeMutablePointer<UInt64>.allocate(capacity: scalars.count + plan.constants.count + 1)
    defer { table.deallocate() }
    for (index, bits) in scalars.enumerated() { table[index] = bits }
    for (index, bits) in plan.constants.enumerated() { table[scalars.count + index] = bits }
    let blocks = packedBlocks(inputs)
    try withExtendedLifetime(blocks) { () throws(ExecutionError) in
      let packed = blocks.isEmpty ? nil : UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: blocks.count)
      defer { packed?.deallocate() }
      for (index, block) in blocks.enumerated() { packed?[index] = block.map { UnsafeRawPointer($0.address) } }
      try plan.execute(
        inputs: pointers, outputs: pointers + inputs.count, scalars: table, arena: arena, engine: engine,
        packed: packed, times: times)
    }
  }
}
