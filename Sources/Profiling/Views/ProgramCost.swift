/// Divides what a program took among its operations.
struct ProgramCost {
  private let program: ProgramRecord
  /// Runs in an average step; in a profile without any, one that is imagined.
  private let runs: Double
  private let isStatic: Bool
  private var nanoseconds: [Double]
  private var workspace: [Double]
  private var allocated: [Double]
  private var residual: [Double]

  init(_ program: ProgramRecord, _ usage: ProgramUsage, stepCount: Int, isStatic: Bool) {
    self.program = program
    self.isStatic = isStatic
    let steps = Double(max(stepCount, 1))
    runs = Double(usage.runs) / steps
    let zeros = [Double](repeating: 0, count: program.operations.count)
    (nanoseconds, workspace, allocated, residual) = (zeros, zeros, zeros, zeros)
    for (i, kernel) in program.kernels.enumerated() {
      for part in kernel.parts {
        nanoseconds[part.operation] += usage.kernelNanoseconds[i] * part.share / steps
        workspace[part.operation] += Double(kernel.workspaceBytes) * part.share
      }
    }
    for buffer in program.buffers {
      guard let operation = buffer.operation else { continue }
      allocated[operation] += Double(buffer.bytes)
      if buffer.lastKernel > buffer.firstKernel { residual[operation] += Double(buffer.bytes) }
    }
  }

  /// What an operation took in an average step; parameters are left to the caller.
  func measures(of index: Int) -> Measures {
    let operation = program.operations[index]
    var result = Measures()
    setCounts(operation, &result)
    setMemory(operation, index, &result)
    let isOnProcessor = operation.device.hasPrefix("cpu")
    result[isOnProcessor ? .cpuNanoseconds : .acceleratorNanoseconds] = nanoseconds[index]
    switch operation.phase {
    case .forward: result[.forwardNanoseconds] = nanoseconds[index]
    case .backward: result[.backwardNanoseconds] = nanoseconds[index]
    case .update: result[.updateNanoseconds] = nanoseconds[index]
    }
    return result
  }

  private func setCounts(_ operation: OperationRecord, _ result: inout Measures) {
    // What did not run in the chosen steps shows what one run would count, as in tfprof.
    let trips = Double(operation.runsPerExecution)
    let times = runs > 0 ? runs * trips : trips
    let operations = Double(operation.floatingPointOperations ?? 0) * times
    result[.floatOperations] = operations
    result[.multiplyAdds] = Double(operation.multiplyAdds ?? 0) * times
    result[.runs] = runs * trips
    result[.definitions] = 1
    switch operation.phase {
    case .forward: result[.forwardOperations] = operations
    case .backward: result[.backwardOperations] = operations
    case .update: result[.updateOperations] = operations
    }
  }

  private func setMemory(_ operation: OperationRecord, _ index: Int, _ result: inout Measures) {
    let times = isStatic ? 1 : runs
    let output = operation.results.reduce(0.0) { $0 + Double($1.sizeInBytes) }
    // Without a plan of buffers every result is taken to have its own.
    let own = program.buffers.isEmpty ? output : allocated[index]
    let left = program.buffers.isEmpty ? output : residual[index]
    result[.requestedBytes] = (own + workspace[index]) * times
    result[.outputBytes] = output * times
    result[.residualBytes] = left * times
    result[.peakBytes] = times > 0 ? own + workspace[index] : 0
  }
}
