import MartletFormats

extension FieldReader {
  mutating func variable(_ stackCount: Int) throws(FormatError) -> VariableRecord {
    var variable = VariableRecord(name: try text(), layerPath: try text(), type: try tensorType())
    variable.kind = try value(MemoryKind.self)
    (variable.isTrainable, variable.isRead, variable.isUpdated) = (try bool(), try bool(), try bool())
    variable.values = try flatList("values") { (item) throws(FormatError) in try item.anyNumber() }
    variable.stack = try optionalIndex(below: stackCount)
    return variable
  }

  mutating func program(_ stackCount: Int, _ variableCount: Int) throws(FormatError) -> ProgramRecord {
    guard let id = UInt64(try ownText(), radix: 16) else { throw error("is not a hexadecimal number") }
    var program = ProgramRecord(id: id, name: try text())
    (program.arenaBytes, program.compileNanoseconds) = (try int(), try int())
    var operations: [OperationRecord] = []
    _ = try list("operation") { (fields) throws(FormatError) in
      operations.append(try fields.operation(stackCount, variableCount, before: operations))
    }
    program.operations = operations
    program.kernels = try list("kernel") { (fields) throws(FormatError) in
      let (name, workspace, moved) = (try fields.text(), try fields.int(), try fields.optionalInt())
      let parts = try fields.flatList("parts") { (part) throws(FormatError) in
        KernelRecord.Part(try part.index(below: operations.count), share: try part.share())
      }
      return KernelRecord(name: name, parts: parts, workspaceBytes: workspace, bytesMoved: moved)
    }
    let kernelCount = program.kernels.count
    program.buffers = try list("buffer") { (fields) throws(FormatError) in
      let (bytes, first) = (try fields.int(), try fields.index(below: kernelCount))
      var buffer = BufferRecord(bytes: bytes, firstKernel: first, lastKernel: try fields.int(first...(kernelCount - 1)))
      buffer.operation = try fields.optionalIndex(below: operations.count)
      buffer.kind = try fields.value(MemoryKind.self)
      (buffer.offset, buffer.isAllocatedOutside) = (try fields.optionalInt(), try fields.bool())
      return buffer
    }
    return program
  }

  private mutating func operation(
    _ stackCount: Int, _ variableCount: Int, before operations: [OperationRecord]
  ) throws(FormatError) -> OperationRecord {
    var operation = OperationRecord(name: try text(), type: try text())
    operation.userTypes = try flatList("user types") { (item) throws(FormatError) in try item.text() }
    (operation.device, operation.phase) = (try text(), try value(Phase.self))
    (operation.layerPath, operation.stack) = (try text(), try optionalIndex(below: stackCount))
    operation.inputs = try flatList("inputs") { (item) throws(FormatError) in
      let source = try item.index(below: operations.count)
      return OperationRecord.Input(source, result: try item.index(below: operations[source].results.count))
    }
    var results = try record("results")
    while !results.isAtEnd { operation.results.append(try results.tensorType()) }
    (operation.floatingPointOperations, operation.multiplyAdds) = (try optionalInt(), try optionalInt())
    operation.uncountedReason = try optionalText()
    (operation.bytesRead, operation.bytesWritten, operation.parameters) = (try int(), try int(), try int())
    operation.variable = try optionalIndex(below: variableCount)
    (operation.isSavedForBackward, operation.isRecomputation) = (try bool(), try bool())
    (operation.runsPerExecution, operation.predictedNanoseconds) = (try int(), try optionalNumber())
    return operation
  }

  mutating func step(_ stackCount: Int, _ kernelCounts: [Int]) throws(FormatError) -> StepRecord {
    let (index, start, length) = (try int(), try int(), try int())
    var step = StepRecord(index: index, startNanoseconds: start, endNanoseconds: start + length)
    (step.examples, step.tokens) = (try int(), try int())
    (step.paddedTokens, step.processorNanoseconds) = (try int(), try int())
    step.runs = try list("run") { (fields) throws(FormatError) in
      let (program, start, length) = (try fields.index(below: kernelCounts.count), try fields.int(), try fields.int())
      let kernels = try fields.flatList("kernels") { (item) throws(FormatError) in
        let (kernel, offset) = (try item.index(below: kernelCounts[program]), try item.int())
        let (duration, thread) = (try item.int(), try item.int())
        return KernelTime(
          kernel: kernel, startNanoseconds: start + offset, endNanoseconds: start + offset + duration, thread: thread)
      }
      return ProgramRun(program: program, startNanoseconds: start, endNanoseconds: start + length, kernels: kernels)
    }
    step.waits = try list("wait") { (fields) throws(FormatError) in
      let (kind, start, length) = (try fields.value(Wait.Kind.self), try fields.int(), try fields.int())
      return Wait(
        kind: kind, startNanoseconds: start, endNanoseconds: start + length,
        stack: try fields.optionalIndex(below: stackCount))
    }
    return step
  }
}
