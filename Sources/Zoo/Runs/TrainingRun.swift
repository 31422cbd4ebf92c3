import Martlet
import MartletFormats
import MartletProfiler

/// What the tasks have in common: the folder, the trainer's options, the time.
struct TrainingRun {
  let path: String
  let request: TrainingRequest
  var options: TrainingOptions

  /// - Parameter settings: Everything that determines the run, kept in its folder.
  /// - Throws: `FormatError` if the folder holds a run with other settings that nobody asked to go on with.
  init(_ request: TrainingRequest, task: String, limit: TrainingLimit, settings: JSON) throws {
    self.request = request
    path = request.resume ?? request.output ?? RunFolder.defaultPath(name: task)
    options = TrainingOptions(limit, output: path)
    options.configuration = settings
    options.progress = request.isQuiet ? .quiet : .automatic
    // Going on by naming the same folder and the same settings is safe; with other settings it would be a surprise.
    guard request.resume == nil, FileSystem.status("\(path)/config.json") != nil else { return }
    guard try JSON(path: "\(path)/config.json") == settings else {
      throw FormatError(
        .mismatch, file: path, "holds a run with other settings; name another folder, or go on with it by --resume")
    }
  }

  /// Trains a model to the end.
  ///
  /// - Parameters:
  ///   - validation: Measured after each pass; does not count as training time.
  ///   - metric: Measured at the end; its name and its value.
  func train<Source: BatchSource>(
    _ model: some Module, with optimizer: any Optimizer, on data: Source,
    loss: @escaping (Source.Batch) throws -> Tensor, validation: @escaping () throws -> [String: Double],
    metric: () throws -> (name: String, value: Double)
  ) throws -> TrainingSummary {
    let trainer = Trainer(model, optimizer: optimizer, data: data, options: options, loss: loss)
    if !request.profileSteps.isEmpty { profile(trainer, model) }
    let clock = ContinuousClock()
    var elsewhere = Duration.zero
    trainer.validation = {
      let start = clock.now
      defer { elsewhere += clock.now - start }
      return try validation()
    }
    trainer.callbacks.append { event in
      if let report = request.report, case .epoch = event.kind { report(TrainingRun.line(event).serialized()) }
      return .proceed
    }
    let start = clock.now
    let report = try trainer.run()
    let seconds = (clock.now - start - elsewhere).inSeconds
    var signal: Int32?
    if case .interrupted(let received) = report.outcome { signal = received }
    return TrainingSummary(
      run: path, steps: report.steps, seconds: seconds, loss: report.loss, metric: try metric(),
      signal: signal)
  }

  /// Where a run's profiles are.
  static func profilesPath(of run: String) -> String { "\(run)/profiles" }

  /// Records the ten steps up to each that was asked for.
  private func profile<Source: BatchSource>(_ trainer: Trainer<Source>, _ model: some Module) {
    let steps = request.profileSteps
    let recorded = Set(steps.flatMap { max($0 - 9, 0)...$0 })
    let profiler = Profiler(model, schedule: .init(maximumSteps: 10, steps: recorded))
    profiler.dumps = ProfileDumps(TrainingRun.profilesPath(of: path), steps: steps)
    profiler.warn = trainer.warn
    trainer.record(with: profiler, examples: request.batchSize ?? 0)
  }

  /// What is reported after a pass over the data.
  private static func line(_ event: TrainingEvent) -> JSON {
    var line: JSON = ["epoch": .integer(event.epoch + 1), "step": .integer(event.step), "loss": .number(event.loss)]
    for name in event.metrics.keys.sorted() where name != "loss" { line[name] = .number(event.metrics[name]!) }
    return line
  }
}
