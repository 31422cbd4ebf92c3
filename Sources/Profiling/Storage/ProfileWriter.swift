import MartletFormats
import MartletGraph

/// Writes a profile as one JSON object, whose records are arrays without names: a tenth of the size.
struct ProfileWriter {
  static let format = "martlet-profile"
  static let version = 1

  private let strings = StringTable()

  func json(of profile: Profile) -> JSON {
    var object = JSONObject()
    object["format"] = .string(ProfileWriter.format)
    object["version"] = .integer(ProfileWriter.version)
    object["name"] = .string(profile.name)
    object["machine"] = machine(profile.machine)
    object["frames"] = list(profile.frames) { [text($0.file), int($0.line), int($0.column), text($0.function)] }
    object["stacks"] = .array(profile.stacks.map { .array($0.map(JSON.integer)) })
    object["variables"] = list(profile.variables) { variable($0) }
    object["programs"] = list(profile.programs) { program($0) }
    object["steps"] = list(profile.steps) { step($0) }
    object["memory"] = memory(profile.memory)
    let overhead = profile.overhead
    object["overhead"] = [
      int(overhead.recordingNanoseconds), int(overhead.recordedStepNanoseconds), int(overhead.plainStepNanoseconds),
      int(overhead.droppedEvents),
    ]
    object["strings"] = .array(strings.strings.map(JSON.string))
    return .object(object)
  }

  private func int(_ value: Int?) -> JSON { value.map(JSON.integer) ?? .null }

  private func number(_ value: Double?) -> JSON { value.map(JSON.number) ?? .null }

  private func text(_ value: String) -> JSON { .integer(strings.index(of: value)) }

  private func optionalText(_ value: String?) -> JSON { value.map { text($0) } ?? .null }

  private func list<Item>(_ items: [Item], _ fields: (Item) -> [JSON]) -> JSON {
    .array(items.map { .array(fields($0)) })
  }

  private func machine(_ machine: MachineFacts) -> JSON {
    [
      text(machine.name), int(machine.threads), int(machine.processors), int(machine.memoryBytes),
      list(machine.computePeaks) {
        [text($0.elementType.description), int($0.threads), number($0.floatingPointOperationsPerSecond)]
      },
      list(machine.bandwidths) {
        [text($0.level), int($0.capacityBytes), int($0.threads), number($0.bytesPerSecond)]
      },
    ]
  }

  private func type(_ type: TensorType) -> JSON {
    .array([text(type.dtype.description)] + (0..<type.rank).map { .integer(type.shape[$0]) })
  }

  private func variable(_ variable: VariableRecord) -> [JSON] {
    [
      text(variable.name), text(variable.layerPath), type(variable.type), text(variable.kind.rawValue),
      .bool(variable.isTrainable), .bool(variable.isRead), .bool(variable.isUpdated),
      .array(variable.values.map(JSON.number)), int(variable.stack),
    ]
  }

  private func program(_ program: ProgramRecord) -> [JSON] {
    [
      .string(String(program.id, radix: 16)), text(program.name), int(program.arenaBytes),
      int(program.compileNanoseconds), list(program.operations) { operation($0) },
      list(program.kernels) { kernel in
        [
          text(kernel.name), int(kernel.workspaceBytes), int(kernel.bytesMoved),
          .array(kernel.parts.flatMap { [.integer($0.operation), .number($0.share)] }),
        ]
      },
      list(program.buffers) { buffer in
        [
          int(buffer.bytes), int(buffer.firstKernel), int(buffer.lastKernel), int(buffer.operation),
          text(buffer.kind.rawValue), int(buffer.offset), .bool(buffer.isAllocatedOutside),
        ]
      },
    ]
  }

  private func operation(_ operation: OperationRecord) -> [JSON] {
    [
      text(operation.name), text(operation.type), .array(operation.userTypes.map { text($0) }),
      text(operation.device), text(operation.phase.rawValue), text(operation.layerPath), int(operation.stack),
      .array(operation.inputs.flatMap { [.integer($0.operation), .integer($0.result)] }),
      .array(operation.results.map { type($0) }), int(operation.floatingPointOperations), int(operation.multiplyAdds),
      optionalText(operation.uncountedReason), int(operation.bytesRead), int(operation.bytesWritten),
      int(operation.parameters), int(operation.variable), .bool(operation.isSavedForBackward),
      .bool(operation.isRecomputation), int(operation.runsPerExecution), number(operation.predictedNanoseconds),
    ]
  }

  private func step(_ step: StepRecord) -> [JSON] {
    let start = step.startNanoseconds
    return [
      int(step.index), int(start), int(step.nanoseconds), int(step.examples), int(step.tokens),
      int(step.paddedTokens), int(step.processorNanoseconds),
      list(step.runs) { run in
        [
          int(run.program), int(run.startNanoseconds), int(run.endNanoseconds - run.startNanoseconds),
          .array(
            run.kernels.flatMap { time in
              [
                .integer(time.kernel), .integer(time.startNanoseconds - run.startNanoseconds),
                .integer(time.nanoseconds), .integer(time.thread),
              ]
            }),
        ]
      },
      list(step.waits) { [text($0.kind.rawValue), int($0.startNanoseconds), int($0.nanoseconds), int($0.stack)] },
    ]
  }

  private func memory(_ memory: MemoryRecord) -> JSON {
    [
      int(memory.budgetBytes),
      list(memory.allocations) { allocation in
        [
          text(allocation.name), int(allocation.bytes), text(allocation.kind.rawValue),
          int(allocation.startNanoseconds), int(allocation.endNanoseconds), text(allocation.layerPath),
          int(allocation.stack),
        ]
      },
      .array(
        memory.samples.flatMap { [int($0.nanoseconds), int($0.reservedBytes), int($0.residentBytes)] }),
    ]
  }
}
