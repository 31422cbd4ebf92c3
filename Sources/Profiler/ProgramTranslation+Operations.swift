import Martlet
import MartletGraph
import MartletProfiling

extension ProgramTranslation {
  /// The operations as they are recorded.
  ///
  /// - Parameter stacks: For each stack of the recording, its index in the profile.
  func operations(stacks: [Int?]) -> [OperationRecord] {
    let saved = savedForBackward
    let predicted = predictions
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
      record.predictedNanoseconds = predicted[index]
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
