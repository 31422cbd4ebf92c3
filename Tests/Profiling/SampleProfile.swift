import MartletGraph
import MartletProfiling

/// The small model of tfprof's own tests (parameters 162, 288 and 1) in two steps of training, with round times.
///
/// | kernel | operations | step 7 | step 8 |
/// |---|---|---|---|
/// | 0 | conv1 | 100 µs | 200 µs |
/// | 1 | conv2 (3/4), scale (1/4) | 200 µs | 400 µs |
/// | 2 | gradient of conv1, on an accelerator | 300 µs | 300 µs |
/// | 3 | update of DW | 50 µs | 50 µs |
/// | 4 | a custom operation nobody counts | 10 µs | 10 µs |
///
/// Steps take 1,000 µs and 1,200 µs; in each the first 100 µs are a wait for input.
enum SampleProfile {
  static func make() -> Profile {
    var profile = Profile(
      name: "_TFProfRoot",
      machine: MachineFacts(
        name: "test machine", threads: 2, processors: 2,
        computePeaks: [ComputePeak(.float32, threads: 2, floatingPointOperationsPerSecond: 1e9)],
        bandwidths: [MemoryBandwidth(level: "memory", capacityBytes: 0, threads: 2, bytesPerSecond: 1e8)]))
    profile.frames = [
      Frame(file: "App/main.swift", line: 3, function: "main"),
      Frame(file: "App/Model.swift", line: 10, function: "callAsFunction"),
      Frame(file: "App/Model.swift", line: 11, function: "callAsFunction"),
      Frame(file: "App/Model.swift", line: 12, function: "callAsFunction"),
    ]
    profile.stacks = [[1, 0], [2, 0], [3, 0]]
    profile.variables = [
      variable("DW", [3, 3, 3, 6], values: [0.5, -1.25]), variable("DW2", [2, 2, 6, 12]),
      variable("ScalarW", [], values: [2]),
    ]
    profile.programs = [program]
    profile.steps = [
      step(7, at: 0, length: 1000, [100, 200, 300, 50, 10]),
      step(8, at: 2000, length: 1200, [200, 400, 300, 50, 10]),
    ]
    return profile
  }

  private static func variable(_ name: String, _ shape: Shape, values: [Double] = []) -> VariableRecord {
    VariableRecord(name: name, type: TensorType(.float32, shape), values: values)
  }

  private static let program = ProgramRecord(
    id: 42, name: "train", operations: operations,
    kernels: [
      KernelRecord(name: "conv1", parts: [.init(4, share: 1)], workspaceBytes: 1000),
      KernelRecord(name: "conv2+scale", parts: [.init(5, share: 0.75), .init(6, share: 0.25)]),
      KernelRecord(name: "conv1 gradient", parts: [.init(7, share: 1)]),
      KernelRecord(name: "update", parts: [.init(8, share: 1)]),
      KernelRecord(name: "custom", parts: [.init(9, share: 1)]),
    ],
    buffers: [
      // conv1's result is needed by its successor, conv2's never leaves the fused kernel.
      BufferRecord(bytes: 432, firstKernel: 0, lastKernel: 1, operation: 4, kind: .savedForBackward, offset: 0),
      BufferRecord(bytes: 384, firstKernel: 1, lastKernel: 4, operation: 6, offset: 432),
      BufferRecord(bytes: 648, firstKernel: 2, lastKernel: 2, operation: 7, offset: 816),
    ], arenaBytes: 1600, compileNanoseconds: 5_000_000)

  private static let operations: [OperationRecord] = [
    parameter("DW", [3, 3, 3, 6], 0), parameter("DW2", [2, 2, 6, 12], 1), parameter("ScalarW", [], 2),
    OperationRecord(name: "input", type: "input", results: [float([2, 6, 6, 3])], floatingPointOperations: 0),
    OperationRecord(
      name: "conv1/Conv2D", type: "conv", layerPath: "conv1", stack: 0, inputs: [.init(3), .init(0)],
      results: [float([2, 3, 3, 6])], floatingPointOperations: 5832, multiplyAdds: 2916, bytesRead: 1512,
      bytesWritten: 432, isSavedForBackward: true, predictedNanoseconds: 50_000),
    OperationRecord(
      name: "conv2/Conv2D", type: "conv", layerPath: "conv2", stack: 1, inputs: [.init(4), .init(1)],
      results: [float([2, 2, 2, 12])], floatingPointOperations: 4608, multiplyAdds: 2304, bytesRead: 1584,
      bytesWritten: 384, predictedNanoseconds: 300_000),
    OperationRecord(
      name: "conv2/scale", type: "multiply", layerPath: "conv2", stack: 2, inputs: [.init(5), .init(2)],
      results: [float([2, 2, 2, 12])], floatingPointOperations: 96, bytesRead: 388, bytesWritten: 384),
    OperationRecord(
      name: "conv1/Conv2D_gradient", type: "conv", device: "gpu:0", phase: .backward, layerPath: "conv1", stack: 0,
      inputs: [.init(6), .init(3)], results: [float([3, 3, 3, 6])], floatingPointOperations: 11664,
      multiplyAdds: 5832, bytesRead: 1248, bytesWritten: 648),
    OperationRecord(
      name: "DW/update", type: "subtract", phase: .update, layerPath: "conv1", stack: 0,
      inputs: [.init(0), .init(7)], results: [float([3, 3, 3, 6])], floatingPointOperations: 324, bytesRead: 1296,
      bytesWritten: 648),
    OperationRecord(
      name: "custom", type: "custom", inputs: [.init(6)], results: [float([2])],
      uncountedReason: "a custom operation without a rule", runsPerExecution: 3),
  ]

  private static func float(_ shape: Shape) -> TensorType { TensorType(.float32, shape) }

  private static func parameter(_ name: String, _ shape: Shape, _ variable: Int) -> OperationRecord {
    OperationRecord(
      name: name, type: "parameter", userTypes: ["_trainable_variables", "_checkpoint_variables"],
      results: [float(shape)], floatingPointOperations: 0, parameters: shape.elementCount, variable: variable)
  }

  private static func step(_ index: Int, at micros: Int, length: Int, _ kernels: [Int]) -> StepRecord {
    let start = micros * 1000
    var time = start + 150_000
    let runStart = time
    var times: [KernelTime] = []
    for (i, duration) in kernels.enumerated() {
      times.append(KernelTime(kernel: i, startNanoseconds: time, endNanoseconds: time + duration * 1000))
      time += duration * 1000
    }
    return StepRecord(
      index: index, startNanoseconds: start, endNanoseconds: start + length * 1000,
      runs: [ProgramRun(program: 0, startNanoseconds: runStart, endNanoseconds: time, kernels: times)],
      waits: [Wait(kind: .input, startNanoseconds: start, endNanoseconds: start + 100_000)])
  }
}

extension ProfileView {
  /// The names of all rows but the root.
  var names: [String] { rows.dropFirst().map(\.name) }

  /// The row of that name; the test ends if there is none.
  func row(_ name: String) -> ProfileRow { rows.first { $0.name == name }! }
}
