import MartletGraph

/// A program in steps, ready to run any number of times, from any number of threads.
final class Plan: Sendable {
  let steps: [any Step]
  let memory: MemoryPlan
  /// Inputs whose memory a run may overwrite.
  let donatedInputs: [Int]
  /// How many addresses a run keeps.
  let addressCount: Int
  let inputTypes: [TensorType]
  let outputTypes: [TensorType]
  let givenScalars: Int
  let constants: [UInt64]
  /// Products and convolutions whose right operand is one of the inputs that stay the same from run to run.
  let packings: [Packing]
  /// What it consists of, if that was asked for.
  let description: PlanDescription?

  /// Plans a graph.
  ///
  /// - Parameters:
  ///   - fixesScalars: Whether scalars keep the values written in the graph, as in the bodies of loops.
  ///   - fixedInputs: Inputs that have the same elements in many runs, if that is known; it is for the body of a loop.
  ///   - describes: Whether steps say what they do, for ``explanation``.
  init(
    _ graph: Graph, isDonated: [Bool], fixesScalars: Bool = false, fixedInputs: Range<Int>? = nil,
    describes: Bool = Debugging.explainsPlans
  ) throws(GraphError) {
    let lowered = try Lowering.lower(graph, fixesScalars: fixesScalars)
    let loweredCount = lowered.nodes.count
    var planner = Planner(lowered, isDonated: isDonated)
    try planner.plan()
    var builder = StepBuilder(planner, fixedInputs: fixedInputs, describes: describes)
    try builder.build()
    description = describes ? PlanDescription(planner, builder, loweredCount: loweredCount) : nil
    memory = builder.memory
    steps = builder.steps
    packings = builder.packings
    donatedInputs = isDonated.indices.filter { isDonated[$0] }
    addressCount = planner.program.nodes.count
    givenScalars = planner.program.givenScalars
    constants = planner.program.constants
    inputTypes = graph.inputTypes
    outputTypes = graph.outputTypes
  }

  /// Runs all steps on memory that the caller provides.
  ///
  /// - Parameters:
  ///   - inputs: An address for each input.
  ///   - outputs: An address for each output that has memory of its own.
  ///   - scalars: The table of scalars, ``constants`` included.
  ///   - arena: ``MemoryPlan/arenaBytes`` bytes.
  ///   - packed: For each of ``packings``, what it packed, or nil.
  ///   - times: Where to note how long each step takes, if somebody wants to know.
  func execute(
    inputs: UnsafeMutablePointer<UnsafeMutableRawPointer>, outputs: UnsafeMutablePointer<UnsafeMutableRawPointer>,
    scalars: UnsafeMutablePointer<UInt64>, arena: UnsafeMutableRawPointer, engine: CPUEngine,
    packed: UnsafePointer<UnsafeRawPointer?>? = nil, times: KernelTimes? = nil
  ) throws(ExecutionError) {
    let addresses = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: max(addressCount, 1))
    defer { addresses.deallocate() }
    for (base, place) in memory.places {
      addresses[Int(base)] =
        switch place {
        case .input(let index): inputs[index]
        case .scalar(let index): UnsafeMutableRawPointer(scalars + index)
        case .output(let index): outputs[index]
        case .arena(let offset): arena + offset
        }
    }
    let frame = Frame(addresses: addresses, scalars: scalars, engine: engine, packed: packed, times: times)
    if let times { return try times.run(self, frame) }
    for step in steps { try step.run(frame) }
  }
}
