import Martlet
import MartletCPU
import MartletGraph
import MartletProfiling

/// What a kernel took over all runs of its program.
struct KernelTotal {
  var nanoseconds = 0.0
  var runs = 0
  /// The most bytes in which it packed or added up.
  var scratchBytes = 0
}

/// Turns a planned program into its record.
struct ProgramTranslation {
  let flat: FlatProgram
  let notes: RecordingTrace.Notes
  let machine: MachineFacts
  /// What kernels cost on the machine; nil if nobody measured that.
  let costs: KernelCosts?
  let work: [OperationWork]
  /// For each operation, the variable whose value it is, or a mere view of.
  let variableOf: [Int?]
  /// For each operation, the layer that it belongs to.
  let layers: [String]
  let phases: [Phase]
  /// What each kernel took, over all runs of the program.
  let totals: [KernelTotal]

  /// - Parameters:
  ///   - variableOf: What ``variables(_:_:)`` gives.
  ///   - layerOfNumber: The layer of each operation that was recorded, by its number in the recording.
  ///   - totals: The time of each kernel, as numbered in its description.
  init(
    _ flat: FlatProgram, _ notes: RecordingTrace.Notes, variableOf: [Int?], machine: MachineFacts, costs: KernelCosts?,
    layerOfNumber: [Int: String], totals: [KernelTotal]
  ) {
    self.variableOf = variableOf
    (self.flat, self.notes, self.totals) = (flat, notes, totals)
    (self.machine, self.costs) = (machine, costs)
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

extension Primitive {
  /// Whether the result is its operand, in another shape, order or type.
  var isView: Bool {
    switch self {
    case .reshape, .transpose, .broadcast, .cast, .identity, .slice, .reverse: true
    default: false
    }
  }
}
