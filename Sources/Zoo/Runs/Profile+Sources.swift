import Martlet
public import MartletFormats
import MartletGraph
import MartletProfiler
public import MartletProfiling

/// How much of a program is recorded.
public struct RecordingPlan: Sendable, Hashable {
  /// Steps that are recorded.
  public var steps: Int
  /// Steps before those.
  public var warmupSteps: Int
  /// No further step begins after this long, once there are three.
  public var timeLimit: Duration

  public init(steps: Int = 10, warmupSteps: Int = 5, timeLimit: Duration = .seconds(20)) {
    (self.steps, self.warmupSteps, self.timeLimit) = (max(steps, 1), max(warmupSteps, 0), timeLimit)
  }
}

extension Profile {
  /// Records some steps of anything that can be done again and again.
  ///
  /// - Parameters:
  ///   - module: The model, by whose layers operations are sorted; nil if there is none.
  ///   - name: What reports call the root.
  ///   - examples: Examples in a step.
  ///   - step: Does one step to its end.
  package static func recording(
    _ module: (any Module)?, name: String, plan: RecordingPlan, examples: Int = 0, step: () throws -> Void
  ) rethrows -> Profile {
    let schedule = Profiler.Schedule(warmupSteps: plan.warmupSteps, maximumSteps: plan.steps)
    let profiler =
      module.map { Profiler($0, name: name, schedule: schedule) } ?? Profiler(name: name, schedule: schedule)
    let start = ContinuousClock.now
    for number in 0..<plan.warmupSteps + plan.steps {
      if number >= plan.warmupSteps + 3, ContinuousClock.now - start > plan.timeLimit { break }
      try profiler.step(examples: examples, step)
    }
    return profiler.profile()
  }

  /// The newest profile that a training run saved; for a run without one, a recording of its model computing one input.
  ///
  /// - Throws: `FormatError` or `CheckpointError` if the folder holds no run.
  public init(run: String, plan: RecordingPlan) throws {
    if let saved = ProfileDumps.newest(in: TrainingRun.profilesPath(of: run)) {
      self = try Profile(path: saved)
      return
    }
    switch try TrainedModel(run: run) {
    case .digits(let digits):
      let input = Tensor.zeros([1, DigitImage.side, DigitImage.side, 1])
      self = try .recording(digits.model, name: "digits", plan: plan, examples: 1) { try evaluate(digits.model(input)) }
    case .text(let text):
      let input = Tensor.zeros([1, text.model.configuration.context], dtype: .int32)
      self = try .recording(text.model, name: "text", plan: plan, examples: 1) { try evaluate(text.model(input)) }
    }
  }

  /// A profile of a file of weights, which knows names, shapes and sizes and nothing of what is computed.
  public init(weights file: WeightFile) {
    self.init(name: FileSystem.lastComponent(of: file.file), machine: MachineFacts(name: "not measured"))
    var program = ProgramRecord(name: "weights")
    for entry in file.entries {
      let path = entry.name.split(separator: ".").joined(separator: "/")
      let layer = path.split(separator: "/").dropLast().joined(separator: "/")
      let type = TensorType(entry.dtype ?? .uint8, Shape(entry.dtype == nil ? [entry.sizeInBytes] : entry.dimensions))
      program.operations.append(
        OperationRecord(
          name: path, type: "variable", userTypes: ["_trainable_variables", "_checkpoint_variables", entry.typeName],
          layerPath: layer, results: [type], floatingPointOperations: 0,
          parameters: entry.dimensions.reduce(1, *), variable: variables.count))
      variables.append(VariableRecord(name: entry.name, layerPath: layer, type: type))
    }
    programs = [program]
  }
}
