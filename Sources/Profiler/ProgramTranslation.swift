import Martlet
import MartletCPU
import MartletGraph
import MartletProfiling

/// Turns a planned program into its record.
struct ProgramTranslation {
  private let flat: FlatProgram
  private let notes: RecordingTrace.Notes
  private let machine: MachineFacts
  private let work: [OperationWork]
  /// For each operation, the variable whose value it is, or a mere view of.
  private let variableOf: [Int?]
  /// For each operation, the layer that it belongs to.
  private let layers: [String]
  private let phases: [Phase]
  /// Nanoseconds and runs of each kernel, over all runs of the program.
  private let totals: [(nanoseconds: Double, runs: Int)]

  /// - Parameters:
  ///   - variableOf: What ``variables(_:_:)`` gives.
  ///   - layerOfNumber: The layer of each operation that was recorded, by its number in the recording.
  ///   - totals: The time of each kernel, as numbered in its description.
  init(
    _ flat: FlatProgram, _ notes: RecordingTrace.Notes, variableOf: [Int?], machine: MachineFacts,
    layerOfNumber: [Int: String], totals: [(nanoseconds: Double, runs: Int)]
  ) {
    self.variableOf = variableOf
    (self.flat, self.notes, self.machine, self.totals) = (flat, notes, machine, totals)
    let operations = flat.operations
    work = operations.map { operation in
      OperationWork(operation.node, operands: operation.operands.map { operations[$0].node.type })
    }
    phases = ProgramTranslation.phases(flat)
    layers = ProgramTranslation.layers(flat, notes, variableOf, layerOfNumber)
  }

  /// The variable that each operation stands for, if it only looks at it in another way.
  static func variables(_ flat: FlatProgram, _ notes: RecordingTrace.Notes) -> [Int?] {
    var result: [Int?] = []
    for operation in flat.operations {
      if let own = notes.variable(operation.node.location.context) {
        result.append(own)
      } else if operation.operands.count == 1, operation.node.primitive.isView {
        result.append(result[operation.operands[0]])
      } else {
        result.append(nil)
      }
    }
    return result
  }

  private static func phases(_ flat: FlatProgram) -> [Phase] {
    var result: [Phase] = []
    for operation in flat.operations {
      let own: Phase =
        switch operation.node.location.context.phase {
        case .forward, .variable: .forward
        case .backward: .backward
        case .update: .update
        }
      // What a derivative's loop computes anew belongs to the derivative.
      let outer = operation.parent.map { result[$0] } ?? .forward
      result.append(own == .forward ? outer : own)
    }
    return result
  }

  private static func layers(
    _ flat: FlatProgram, _ notes: RecordingTrace.Notes, _ variableOf: [Int?], _ layerOfNumber: [Int: String]
  ) -> [String] {
    var result: [String] = []
    for (index, operation) in flat.operations.enumerated() {
      let context = operation.node.location.context
      if let variable = variableOf[index] {
        result.append(notes.layer(of: variable))
      } else if context.phase != .update, let known = layerOfNumber[context.number] {
        result.append(known)
      } else {
        // An update belongs to the layer whose parameter it updates; what nobody saw recorded, to what it uses.
        let held = operation.operands.lazy.compactMap { variableOf[$0] }.map { notes.layer(of: $0) }.first
        result.append(held ?? operation.operands.lazy.map { result[$0] }.first { !$0.isEmpty } ?? "")
      }
    }
    return result
  }
}

// MARK: - Operations

extension ProgramTranslation {
  /// The operations as they are recorded.
  ///
  /// - Parameter stacks: For each stack of the recording, its index in the profile.
  func operations(stacks: [Int?]) -> [OperationRecord] {
    let saved = savedForBackward
    var names = Names()
    return flat.operations.indices.map { index in
      let operation = flat.operations[index]
      let variable = variableOf[index].flatMap { isVariable(index) ? $0 : nil }
      var record = OperationRecord(
        name: "", type: type(of: index), phase: phases[index], layerPath: slashed(layers[index]),
        inputs: operation.operands.map { OperationRecord.Input($0) }, results: operation.results)
      record.name = names.unique(
        variable.map { slashed(notes.variables[$0].name) } ?? joined(record.layerPath, record.type))
      if case .calls(let stack)? = notes.origin(operation.node.location.context) { record.stack = stacks[stack] }
      count(&record, index)
      record.isSavedForBackward = saved.contains(index)
      record.isRecomputation = operation.isAdded && !record.type.hasPrefix("copy")
      if let variable { describe(&record, variable) }
      return record
    }
  }

  /// Whether the operation is the variable itself, as the program is given it.
  private func isVariable(_ index: Int) -> Bool {
    if case .input = flat.operations[index].node.primitive { return variableOf[index] != nil }
    return false
  }

  private func type(of index: Int) -> String {
    let operation = flat.operations[index]
    if isVariable(index) { return "variable" }
    if operation.isAdded, case .identity = operation.node.primitive { return "copy" }
    if case .call(let call) = operation.node.primitive { return call.label }
    return operation.node.primitive.rules.name
  }

  private func count(_ record: inout OperationRecord, _ index: Int) {
    let work = work[index]
    record.runsPerExecution = flat.operations[index].trips ?? measuredTrips(index)
    record.floatingPointOperations = work.floatingPointOperations
    record.multiplyAdds = work.multiplyAdds
    record.uncountedReason = work.uncountedReason
    (record.bytesRead, record.bytesWritten) = (work.bytesRead, work.bytesWritten)
    if holdsOthers(index) {
      // The operations of its body are counted themselves.
      (record.floatingPointOperations, record.multiplyAdds) = (0, 0)
    }
    let isContraction = flat.operations[index].node.primitive.isContraction
    record.predictedNanoseconds = work.nanoseconds(on: machine, isContraction: isContraction)
  }

  private func describe(_ record: inout OperationRecord, _ variable: Int) {
    record.variable = variable
    record.parameters = notes.variables[variable].shape.elementCount
    let isTrained = (notes.variables[variable] as? Parameter)?.isTrainable == true
    record.userTypes = (isTrained ? ["_trainable_variables"] : []) + ["_checkpoint_variables"]
  }

  /// Whether the operations of a body stand in the list beside it.
  private func holdsOthers(_ index: Int) -> Bool {
    switch flat.operations[index].node.primitive {
    case .scan, .whileLoop, .conditional: true
    default: false
    }
  }

  /// For a body whose runs no shape tells: as many as were measured, on average over the runs of the program.
  private func measuredTrips(_ index: Int) -> Int {
    var trips = 1
    func search(_ kernels: [FlatProgram.Kernel], _ outerRuns: Int) {
      for kernel in kernels {
        let runs = kernel.number < totals.count ? totals[kernel.number].runs : 0
        if kernel.operations.contains(index), outerRuns > 0 { trips = runs / outerRuns }
        for body in kernel.bodies { search(body, outerRuns) }
      }
    }
    let programRuns = flat.kernels.compactMap { $0.number < totals.count ? totals[$0.number].runs : nil }.max() ?? 0
    search(flat.kernels, programRuns)
    return trips
  }

  /// Operations of the forward pass whose results the derivative uses.
  private var savedForBackward: Set<Int> {
    var saved = Set<Int>()
    for (index, operation) in flat.operations.enumerated() where phases[index] == .backward {
      for operand in operation.operands where phases[operand] == .forward && variableOf[operand] == nil {
        saved.insert(operand)
      }
    }
    return saved
  }

  private func joined(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path)/\(name)" }
}

/// Names of which none is given twice.
private struct Names {
  private var counts: [String: Int] = [:]

  mutating func unique(_ name: String) -> String {
    counts[name, default: 0] += 1
    return counts[name] == 1 ? name : "\(name)_\(counts[name]! - 1)"
  }
}

/// A path of names joined by slashes, as records have it.
func slashed(_ path: String) -> String {
  path.split(separator: ".").joined(separator: "/")
}

// MARK: - Kernels

extension ProgramTranslation {
  /// The kernels as they are recorded, with each operation's share of the time.
  var kernels: [KernelRecord] {
    flat.kernels.map { kernel in
      let parts = times(of: kernel).sorted { $0.key < $1.key }
      let sum = parts.reduce(0) { $0 + $1.value }
      return KernelRecord(
        name: kernel.kernel.summary,
        parts: parts.map { .init($0.key, share: sum > 0 ? $0.value / sum : 1 / Double(parts.count)) },
        bytesMoved: kernel.kernel.bytesRead + kernel.kernel.bytesWritten)
    }
  }

  /// The time of a kernel, taken apart: what its bodies took as measured, the rest as its operations should take.
  private func times(of kernel: FlatProgram.Kernel) -> [Int: Double] {
    var result: [Int: Double] = [:]
    for body in kernel.bodies {
      for inner in body {
        for (operation, time) in times(of: inner) { result[operation, default: 0] += time }
      }
    }
    let measured = kernel.number < totals.count ? totals[kernel.number].nanoseconds : 0
    let inside = result.values.reduce(0, +)
    let weights = kernel.operations.map { operation in
      max(
        1e-3,
        work[operation].nanoseconds(
          on: machine, isContraction: flat.operations[operation].node.primitive.isContraction))
    }
    let sum = weights.reduce(0, +)
    // Nothing was measured where nothing ran.
    let own = measured > 0 ? max(measured - inside, 0) : kernel.bodies.isEmpty ? sum : 0
    for (operation, weight) in zip(kernel.operations, weights) {
      result[operation, default: 0] += own * weight / sum
    }
    return result
  }

  /// The number of the kernels that run one after the other in the program, among all kernels.
  var numbers: [Int] { flat.kernels.map(\.number) }
}

// MARK: - Memory

extension ProgramTranslation {
  /// The memory that a run holds.
  func buffers(_ description: PlanDescription) -> [BufferRecord] {
    description.slots.compactMap { slot in
      let operation = flat.topPositions[slot.operation]
      var record = BufferRecord(
        bytes: slot.byteCount, firstKernel: slot.lifetime.lowerBound, lastKernel: slot.lifetime.upperBound,
        operation: operation < 0 ? nil : operation)
      switch slot.place {
      case .scalar: return nil
      case .input:
        record.kind = operation >= 0 && variableOf[operation] != nil ? .variable : .input
        record.isAllocatedOutside = true
      case .output:
        // Results outlive the run; they are noted one by one.
        record.kind = .output
        record.isAllocatedOutside = true
      case .arena(let offset):
        record.offset = offset
        if operation >= 0, phases[operation] == .forward, isNeededBackward(slot.lifetime, description) {
          record.kind = .savedForBackward
        }
      }
      return record
    }
  }

  /// Whether memory is still needed when the derivative has begun.
  private func isNeededBackward(_ lifetime: ClosedRange<Int>, _ description: PlanDescription) -> Bool {
    guard lifetime.upperBound < flat.kernels.count,
      let main = flat.kernels[lifetime.upperBound].operations.first
    else { return false }
    return phases[main] == .backward
  }
}

extension Primitive {
  /// Whether the result is its operand, in another shape, order or type.
  var isView: Bool {
    switch self {
    case .reshape, .transpose, .broadcast, .cast, .identity, .slice, .reverse: true
    default: false
    }
  }
}

extension RecordingTrace.Notes {
  /// What a context stands for.
  func origin(_ context: RecordingContext) -> RecordingTrace.Origin? {
    context.number > 0 && context.number <= origins.count ? origins[context.number - 1] : nil
  }

  /// The variable that a context stands for.
  func variable(_ context: RecordingContext) -> Int? {
    if case .variable(let index)? = origin(context) { index } else { nil }
  }

  /// The layer that a variable belongs to; for the slot of an optimizer, that of the parameter it is for.
  func layer(of variable: Int) -> String {
    let name = variables[variable].name
    if variables[variable] is Parameter { return LayerPaths.holder(of: name) }
    let owner = variables.first { $0 is Parameter && !$0.name.isEmpty && name.hasSuffix(".\($0.name)") }
    return owner.map { LayerPaths.holder(of: $0.name) } ?? LayerPaths.holder(of: name)
  }
}
