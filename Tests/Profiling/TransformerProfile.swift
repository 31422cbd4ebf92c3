import MartletGraph
import MartletProfiling

/// A made-up profile of training a transformer: the size of a real one, with times that follow the counts.
struct TransformerProfile {
  var layers = 12
  var stepCount = 50
  private let width = 768
  private let rows = 512
  private var profile = Profile(
    name: "GPT, \(12) layers",
    machine: MachineFacts(
      name: "a machine with 2 threads", threads: 2, processors: 2,
      computePeaks: [
        ComputePeak(.float32, threads: 2, floatingPointOperationsPerSecond: 180e9),
        ComputePeak(.bfloat16, threads: 2, floatingPointOperationsPerSecond: 700e9),
      ],
      bandwidths: [
        MemoryBandwidth(level: "L1", capacityBytes: 96 << 10, threads: 2, bytesPerSecond: 400e9),
        MemoryBandwidth(level: "L2", capacityBytes: 4 << 20, threads: 2, bytesPerSecond: 150e9),
        MemoryBandwidth(level: "memory", capacityBytes: 0, threads: 2, bytesPerSecond: 22e9),
      ], memoryBytes: 16 << 30))
  private var program = ProgramRecord(id: 1, name: "training step", compileNanoseconds: 40_000_000)

  init(layers: Int = 12, stepCount: Int = 50) { (self.layers, self.stepCount) = (layers, stepCount) }

  func make() -> Profile {
    var copy = self
    copy.build()
    return copy.profile
  }

  private mutating func build() {
    profile.frames = [
      Frame(file: "App/main.swift", line: 31, function: "train()"),
      Frame(file: "App/Trainer.swift", line: 88, function: "step(batch:)"),
      Frame(file: "App/GPT.swift", line: 40, function: "callAsFunction(_:)"),
    ]
    var last = add("embedding/gather", "gather", 0, operations: 0, bytes: rows * width * 8, line: 41)
    var forward: [Int] = []
    for layer in 0..<layers { last = addBlock(layer, last, &forward) }
    last = add("head/matmul", "contract", 0, operations: 2 * rows * width * 32_000, bytes: rows * 32_000 * 4, line: 60)
    forward.append(last)
    last = add("loss/softmaxCrossEntropy", "call", 0, operations: 5 * rows * 32_000, bytes: rows * 32_000 * 8, line: 61)
    forward.append(last)
    for operation in forward.reversed() { last = addGradient(of: operation, last) }
    for variable in profile.variables.indices { addUpdate(variable) }
    profile.programs = [program]
    for step in 0..<stepCount { addStep(step) }
    addMemory()
  }

  private mutating func addBlock(_ layer: Int, _ input: Int, _ forward: inout [Int]) -> Int {
    let path = "blocks/\(layer)/"
    let parts: [(String, String, Int, Int)] = [
      ("norm1/layerNorm", "call", 8 * rows * width, 44), ("attention/query", "contract", 2 * rows * width * width, 20),
      ("attention/key", "contract", 2 * rows * width * width, 21),
      ("attention/value", "contract", 2 * rows * width * width, 22),
      ("attention/attention", "call", 4 * rows * rows * width, 24),
      ("attention/projection", "contract", 2 * rows * width * width, 25), ("residual1/add", "add", rows * width, 45),
      ("norm2/layerNorm", "call", 8 * rows * width, 46), ("mlp/expand", "contract", 8 * rows * width * width, 31),
      ("mlp/gelu", "call", 60 * rows * width, 32), ("mlp/contract", "contract", 8 * rows * width * width, 33),
      ("residual2/add", "add", rows * width, 47),
    ]
    var last = input
    for (name, type, operations, line) in parts {
      let bytes = rows * width * 4 * (name.hasPrefix("mlp") ? 4 : 2)
      last = add(path + name, type, 0, operations: operations, bytes: bytes, line: line, inputs: [last])
      forward.append(last)
      if type == "contract" { addVariable(path + name + "/weight", line) }
    }
    return last
  }

  private mutating func addVariable(_ name: String, _ line: Int) {
    let size = name.contains("mlp") ? 4 * width : width
    profile.variables.append(
      VariableRecord(name: name, layerPath: name, type: TensorType(.float32, [width, size]), stack: stack(line)))
  }

  private mutating func stack(_ line: Int) -> Int {
    let file = line < 35 ? "App/Blocks.swift" : "App/GPT.swift"
    let frame = Frame(file: file, line: line, function: "callAsFunction(_:)")
    let index = profile.frames.firstIndex(of: frame) ?? profile.frames.count
    if index == profile.frames.count { profile.frames.append(frame) }
    let stack = [index, 2, 1, 0]
    if let known = profile.stacks.firstIndex(of: stack) { return known }
    profile.stacks.append(stack)
    return profile.stacks.count - 1
  }

  private mutating func add(
    _ name: String, _ type: String, _ phase: Int, operations: Int, bytes: Int, line: Int, inputs: [Int] = []
  ) -> Int {
    let index = program.operations.count
    program.operations.append(
      OperationRecord(
        name: name, type: type, phase: Phase.allCases[phase],
        layerPath: name.split(separator: "/").dropLast().joined(separator: "/"), stack: stack(line),
        inputs: inputs.map { .init($0) }, results: [TensorType(.float32, [rows, max(bytes / rows / 8, 1)])],
        floatingPointOperations: type == "gather" ? nil : operations,
        multiplyAdds: type == "contract" ? operations / 2 : 0,
        uncountedReason: type == "gather" ? "reads rows by index, without arithmetic" : nil, bytesRead: bytes / 2,
        bytesWritten: bytes / 2, isSavedForBackward: phase == 0,
        predictedNanoseconds: Double(operations) / 120 + Double(bytes) / 18))
    let kernel = program.kernels.count
    program.kernels.append(KernelRecord(name: name, parts: [.init(index, share: 1)]))
    program.buffers.append(
      BufferRecord(
        bytes: bytes / 2, firstKernel: kernel, lastKernel: kernel, operation: index,
        kind: phase == 0 ? .savedForBackward : .temporary))
    return index
  }

  private mutating func addGradient(of forward: Int, _ last: Int) -> Int {
    let record = program.operations[forward]
    let factor = record.type == "contract" ? 2 : 1
    let line = profile.frames[profile.stacks[record.stack!][0]].line
    let index = add(
      record.name + "_gradient", record.type, 1, operations: (record.floatingPointOperations ?? 0) * factor,
      bytes: (record.bytesRead + record.bytesWritten) * factor, line: line, inputs: [last, forward])
    program.buffers[forward].lastKernel = program.kernels.count - 1
    return index
  }

  private mutating func addUpdate(_ variable: Int) {
    let record = profile.variables[variable]
    let size = record.type.elementCount
    _ = add(
      record.name + "/adamW", "call", 2, operations: 12 * size, bytes: 28 * size,
      line: profile.frames[profile.stacks[record.stack!][0]].line)
  }

  private mutating func addStep(_ step: Int) {
    var time = (profile.steps.last?.endNanoseconds ?? 0) + 20_000
    let start = time
    let inputWait = step % 17 == 11 ? 90_000_000 : 4_000_000
    let waits = [Wait(kind: .input, startNanoseconds: time, endNanoseconds: time + inputWait)]
    time += inputWait
    let runStart = time
    var kernels: [KernelTime] = []
    for (i, kernel) in program.kernels.enumerated() {
      let record = program.operations[kernel.parts[0].operation]
      let work = Double(record.floatingPointOperations ?? 0) / 130
      let traffic = Double(record.bytesRead + record.bytesWritten) / 16
      // Some hundredths of variation, the same every time the profile is made.
      let noise = 1 + Double((step * 31 + i * 17) % 23) / 400
      let length = Int(max(work, traffic) * noise) + 2000
      kernels.append(KernelTime(kernel: i, startNanoseconds: time, endNanoseconds: time + length))
      time += length + 1500
    }
    let read = Wait(kind: .read, startNanoseconds: time, endNanoseconds: time + 900_000, stack: 0)
    profile.steps.append(
      StepRecord(
        index: step, startNanoseconds: start, endNanoseconds: time + 1_200_000,
        runs: [ProgramRun(program: 0, startNanoseconds: runStart, endNanoseconds: time, kernels: kernels)],
        waits: waits + [read], examples: 4, tokens: rows, paddedTokens: rows / 8,
        processorNanoseconds: Int(Double(time - start) * 1.6)))
  }

  private mutating func addMemory() {
    profile.memory.budgetBytes = 4 << 30
    for variable in profile.variables {
      for (suffix, kind) in [("", MemoryKind.variable), (".moment1", .optimizerState), (".moment2", .optimizerState)] {
        profile.memory.allocations.append(
          AllocationRecord(
            name: variable.name + suffix, bytes: variable.type.sizeInBytes, kind: kind, layerPath: variable.layerPath,
            stack: variable.stack))
      }
    }
    profile.memory.samples = [MemorySample(nanoseconds: 0, reservedBytes: 2_400_000_000, residentBytes: 2_900_000_000)]
    profile.overhead = ProfileOverhead(recordedStepNanoseconds: 1012, plainStepNanoseconds: 1000)
  }
}
