import MartletGraph

/// A region planned once, to be run many times inside a step.
struct PlannedRegion: Sendable {
  let plan: Plan

  /// - Parameters:
  ///   - changingInputs: How many inputs, the first, differ from run to run; all if nil.
  ///   - describes: Whether steps say what they do.
  init(_ region: Region, changingInputs: Int? = nil, describes: Bool) throws(GraphError) {
    let count = region.graph.inputs.count
    let isDonated = [Bool](repeating: false, count: count)
    plan = try Plan(
      region.graph, isDonated: isDonated, fixesScalars: true, fixedInputs: (changingInputs ?? count)..<count,
      describes: describes)
  }

  /// Working memory for runs of one region, from its first to its last.
  final class Session {
    let region: PlannedRegion
    let engine: CPUEngine
    private let times: KernelTimes?
    private let arena: UnsafeMutableRawPointer
    private let scalars: UnsafeMutablePointer<UInt64>
    /// Addresses, to be set before each run.
    let inputs: UnsafeMutablePointer<UnsafeMutableRawPointer>
    let outputs: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let packed: UnsafeMutablePointer<UnsafeRawPointer?>
    private var packedBlocks: [(address: UnsafeMutableRawPointer, byteCount: Int)] = []

    init(_ region: PlannedRegion, _ frame: Frame) throws(ExecutionError) {
      self.region = region
      engine = frame.engine
      times = frame.times
      arena = try engine.workspace(byteCount: region.plan.memory.arenaBytes)
      let constants = region.plan.constants
      scalars = .allocate(capacity: constants.count + 1)
      for (index, bits) in constants.enumerated() { scalars[index] = bits }
      inputs = .allocate(capacity: region.plan.inputTypes.count + 1)
      outputs = .allocate(capacity: region.plan.outputTypes.count + 1)
      packed = .allocate(capacity: region.plan.packings.count + 1)
      packed.initialize(repeating: nil, count: region.plan.packings.count + 1)
    }

    /// Packs what products of all runs read, once the fixed inputs have their addresses.
    func pack() throws(ExecutionError) {
      for (index, packing) in region.plan.packings.enumerated() {
        let byteCount = packing.step.packedBytes(keepsBits: false)
        if byteCount == 0 { continue }
        let block = try engine.workspace(byteCount: byteCount)
        packedBlocks.append((block, byteCount))
        if packing.step.pack(inputs[packing.input], into: block) { packed[index] = UnsafeRawPointer(block) }
      }
    }

    func run() throws(ExecutionError) {
      try region.plan.execute(
        inputs: inputs, outputs: outputs, scalars: scalars, arena: arena, engine: engine, packed: packed,
        times: times)
    }

    deinit {
      engine.pool.give(arena, region.plan.memory.arenaBytes)
      scalars.deallocate()
      inputs.deallocate()
      outputs.deallocate()
      packed.deallocate()
      for block in packedBlocks { engine.pool.give(block.address, block.byteCount) }
    }
  }
}

/// Two sets of buffers for a carry: one is read while the other is written.
private final class CarryBuffers {
  private let engine: CPUEngine
  private let blocks: [(address: UnsafeMutableRawPointer, byteCount: Int)]
  private let count: Int

  init(_ types: [TensorType], _ engine: CPUEngine) throws(ExecutionError) {
    self.engine = engine
    count = types.count
    var blocks: [(UnsafeMutableRawPointer, Int)] = []
    do {
      for type in types + types { blocks.append((try engine.workspace(byteCount: type.sizeInBytes), type.sizeInBytes)) }
    } catch {
      for (address, byteCount) in blocks { engine.pool.give(address, byteCount) }
      throw error
    }
    self.blocks = blocks
  }

  func address(_ index: Int, turn: Int) -> UnsafeMutableRawPointer { blocks[turn % 2 * count + index].address }

  deinit { for block in blocks { engine.pool.give(block.address, block.byteCount) } }
}

extension Site {
  /// An error inside a region, at the operation of the program that holds the region; the line stays the inner one.
  func rethrow<T>(_ body: () throws(ExecutionError) -> T) throws(ExecutionError) -> T {
    do {
      return try body()
    } catch {
      throw ExecutionError(node: node, message: error.message, location: error.location ?? location)
    }
  }
}

/// A body run once for each element of the sequences.
struct ScanStep: Step {
  let scan: Scan
  let body: PlannedRegion
  let operands: [Placed]
  let results: [Int32]
  let site: Site
  let summary: String
  var bodies: [PlannedRegion] { [body] }

  func run(_ frame: Frame) throws(ExecutionError) {
    try site.rethrow { () throws(ExecutionError) in try loop(frame) }
  }

  private func loop(_ frame: Frame) throws(ExecutionError) {
    let inner = body.plan.inputTypes
    let outer = body.plan.outputTypes
    let session = try PlannedRegion.Session(body, frame)
    let carry = try CarryBuffers(Array(inner.prefix(scan.carryCount)), frame.engine)
    for index in operands.indices { session.inputs[index] = frame.address(operands[index]) }
    if scan.length > 1 { try session.pack() }
    for turn in 0..<scan.length {
      let step = scan.isReversed ? scan.length - 1 - turn : turn
      for index in 0..<scan.carryCount {
        if turn > 0 { session.inputs[index] = carry.address(index, turn: turn - 1) }
        let isLast = turn == scan.length - 1
        session.outputs[index] = isLast ? frame.address(results[index]) : carry.address(index, turn: turn)
      }
      for index in scan.carryCount..<scan.carryCount + scan.sequenceCount {
        session.inputs[index] = frame.address(operands[index]) + step * inner[index].sizeInBytes
      }
      for index in scan.carryCount..<outer.count {
        session.outputs[index] = frame.address(results[index]) + step * outer[index].sizeInBytes
      }
      try session.run()
    }
    guard scan.length == 0 else { return }
    for index in 0..<scan.carryCount {
      frame.address(results[index]).copyMemory(
        from: frame.address(operands[index]), byteCount: inner[index].sizeInBytes)
    }
  }
}

/// A body run while a condition holds.
struct WhileStep: Step {
  let carryCount: Int
  let condition: PlannedRegion
  let body: PlannedRegion
  let operands: [Placed]
  let results: [Int32]
  let site: Site
  let summary: String
  var bodies: [PlannedRegion] { [condition, body] }

  func run(_ frame: Frame) throws(ExecutionError) {
    try site.rethrow { () throws(ExecutionError) in try loop(frame) }
  }

  private func loop(_ frame: Frame) throws(ExecutionError) {
    let test = try PlannedRegion.Session(condition, frame)
    let session = try PlannedRegion.Session(body, frame)
    let types = Array(body.plan.inputTypes.prefix(carryCount))
    let carry = try CarryBuffers(types, frame.engine)
    for index in operands.indices {
      session.inputs[index] = frame.address(operands[index])
      test.inputs[index] = session.inputs[index]
    }
    var holds = false
    var turn = 0
    while true {
      try withUnsafeMutablePointer(to: &holds) { holds throws(ExecutionError) in
        test.outputs[0] = UnsafeMutableRawPointer(holds)
        try test.run()
      }
      if !holds { break }
      if turn == 1 { try session.pack() }
      for index in 0..<carryCount { session.outputs[index] = carry.address(index, turn: turn) }
      try session.run()
      for index in 0..<carryCount {
        session.inputs[index] = session.outputs[index]
        test.inputs[index] = session.outputs[index]
      }
      turn += 1
    }
    for index in 0..<carryCount {
      frame.address(results[index]).copyMemory(from: session.inputs[index], byteCount: types[index].sizeInBytes)
    }
  }
}

/// One of two bodies.
struct ConditionalStep: Step {
  let ifTrue: PlannedRegion
  let ifFalse: PlannedRegion
  let predicate: Placed
  let operands: [Placed]
  let results: [Int32]
  let site: Site
  let summary: String
  var bodies: [PlannedRegion] { [ifTrue, ifFalse] }

  func run(_ frame: Frame) throws(ExecutionError) {
    try site.rethrow { () throws(ExecutionError) in
      let holds = frame.address(predicate).load(as: UInt8.self) != 0
      let session = try PlannedRegion.Session(holds ? ifTrue : ifFalse, frame)
      for index in operands.indices { session.inputs[index] = frame.address(operands[index]) }
      for index in results.indices { session.outputs[index] = frame.address(results[index]) }
      try session.run()
    }
  }
}
