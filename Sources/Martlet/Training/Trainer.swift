import MartletFormats
import MartletGraph

/// Runs the training loop that most people want.
///
/// ```swift
/// let options = TrainingOptions(.epochs(10), output: "runs/digits")
/// let trainer = Trainer(model, optimizer: optimizer, data: loader, options: options) { batch in
///   softmaxCrossEntropy(model(batch.inputs), labels: batch.labels)
/// }
/// trainer.validation = { ["accuracy": accuracy(model, on: test)] }
/// let report = try trainer.run()
/// ```
///
/// A run with an output folder writes its settings, a log and checkpoints there. Interrupted by a signal or a crash and
/// run again, it goes on from the newest good checkpoint and gives, bit for bit, what it would have given without the
/// interruption.
public final class Trainer<Source: BatchSource> {
  /// What is trained: parameters and states by name.
  public let variables: [String: Variable]
  /// Where batches come from.
  public let data: Source
  /// How to train.
  public var options: TrainingOptions
  /// Measures the model after each epoch; the moving average of the weights, if there is one.
  public var validation: (() throws -> [String: Double])?
  /// Called after steps, epochs and checkpoints; any of them can end the run.
  public var callbacks: [(TrainingEvent) throws -> TrainingDecision] = []
  /// Called around each update with its number, counted from 0: does something before and after, and must give back what
  /// the body gives, the loss. A profiler records steps so.
  public var aroundSteps: ((_ step: Int, _ body: () throws -> Double) throws -> Double)?
  /// Called with sentences about damaged checkpoints.
  public var warn: (String) -> Void = printWarning

  let optimizerStates: [String: Variable]
  /// What the file of final weights holds.
  private let weights: [String: Variable]
  private let change: (consuming Gradients) throws -> Void
  private let loss: (Source.Batch) throws -> Tensor

  var state = TrainingState()
  var folder: RunFolder?
  var average: AveragedWeights?
  private var log: TrainingLog?
  private var lastLoss: Double?
  var savedStep: Int?
  private var progress = Progress(.quiet, from: 0, totalSteps: nil)

  /// A trainer of anything that is changed by gradients.
  ///
  /// - Parameters:
  ///   - variables: Parameters and states by name: what a checkpoint holds of the model.
  ///   - optimizerStates: What a checkpoint holds of the optimizer, by name.
  ///   - data: Where batches come from.
  ///   - options: How to train.
  ///   - weights: What the file of final weights holds; all variables if nil.
  ///   - update: Changes the parameters, and ends the step.
  ///   - loss: The loss of a batch, a scalar.
  public init(
    variables: [String: Variable], optimizerStates: [String: Variable] = [:], data: Source, options: TrainingOptions,
    weights: [String: Variable]? = nil, update: @escaping (consuming Gradients) throws -> Void,
    loss: @escaping (Source.Batch) throws -> Tensor
  ) {
    (self.variables, self.optimizerStates, self.data) = (variables, optimizerStates, data)
    (self.options, self.change, self.loss) = (options, update, loss)
    self.weights = weights ?? variables
  }

  /// Trains until the limit, or until something ends it earlier.
  ///
  /// - Throws: ``TrainingError``, ``CheckpointError``, and what data, loss, validation and callbacks throw.
  @discardableResult
  public func run() throws -> TrainingReport {
    guard data.batchesPerEpoch > 0 else { throw TrainingError.noData }
    let interrupts = Interrupts()
    try prepare()
    defer { (folder, log) = (nil, nil) }
    lastLoss = nil
    var outcome = isFinished ? TrainingOutcome.finished : nil
    // Nothing reads the object's own fields, so it would go, and the handlers with it, before the first step.
    try withExtendedLifetime(interrupts) {
      while outcome == nil { outcome = try runEpoch(interrupts) }
    }
    return try finish(outcome!)
  }

  /// From the position to the end of its epoch, or to the end of the run.
  private func runEpoch(_ interrupts: Interrupts) throws -> TrainingOutcome? {
    let stream = data.batches(from: state.position)
    while let batches = try nextBatches(stream) {
      // Saving waits until it is known that the epoch goes on: at its end it is saved with the validation's results, and
      // no checkpoint is ever replaced by another of the same step.
      if let outcome = try betweenSteps(interrupts) { return outcome }
      let loss = try aroundSteps?(state.step) { try step(batches) } ?? step(batches)
      state.position = stream.position
      if let outcome = try afterStep(loss) { return outcome }
    }
    return try afterEpoch() ?? interrupts.received.map { .interrupted(signal: $0) }
  }

  /// The batches of one update; nil at the end of the epoch.
  private func nextBatches(_ stream: BatchStream<Source.Batch>) throws -> [Source.Batch]? {
    var batches: [Source.Batch] = []
    while batches.count < max(options.accumulatedBatches, 1), let batch = try stream.next() { batches.append(batch) }
    return batches.isEmpty ? nil : batches
  }

  /// One update.
  private func step(_ batches: [Source.Batch]) throws -> Double {
    let loss = try withMode(.training) {
      try checked { try update(batches) }
    }
    state.step += 1
    guard loss.isFinite else {
      throw TrainingError.diverged(step: state.step, epoch: state.position.epoch, loss: loss)
    }
    return loss
  }

  private func update(_ batches: [Source.Batch]) throws -> Double {
    var (loss, gradients) = try scaledGradients(batches[0])
    for batch in batches.dropFirst() {
      // Ends a program here: otherwise the activations of all batches would be in memory together.
      try Recorder.current.finishStep()
      let (next, more) = try scaledGradients(batch)
      (loss, gradients) = (loss + next, gradients.adding(more))
    }
    if batches.count > 1 {
      let share = 1 / Double(batches.count)
      (loss, gradients) = (loss * share, gradients.scaled(by: .full([], value: share, dtype: .float64)))
    }
    if let scaler = options.lossScaler {
      guard let unscaled = scaler.unscaled(gradients) else { return loss.scalar }
      gradients = unscaled
    }
    if let limit = options.gradientNormLimit { gradients = gradients.clipped(toNorm: limit) }
    try change(gradients)
    average?.update()
    return loss.scalar
  }
}

extension Trainer {
  /// The loss of a batch, and the gradients of the loss times the scaler's factor, if there is one.
  private func scaledGradients(_ batch: Source.Batch) throws -> (loss: Tensor, gradients: Gradients) {
    let ((_, loss), gradients) = try valueAndGradient {
      let loss = try self.loss(batch)
      return (options.lossScaler?.scaled(loss) ?? loss, loss)
    }
    return (loss, gradients)
  }
}

// MARK: - Around the steps

extension Trainer {
  private func prepare() throws {
    (state, savedStep) = (TrainingState(), nil)
    average = options.averageDecay.map { AveragedWeights(parameters, decay: $0) }
    if let output = options.output {
      folder = try RunFolder(output, configuration: options.configuration)
      try resume()
      log = try TrainingLog(path: folder!.logPath, continuingAt: state.step)
    }
    progress = Progress(options.progress, from: state.step, totalSteps: totalSteps)
    if state.step > 0 { progress.say("going on from step \(state.step), in epoch \(state.position.epoch + 1)") }
  }

  /// In an order that is the same in every process.
  private var parameters: [Parameter] {
    variables.sorted { $0.key < $1.key }.compactMap { $0.value as? Parameter }
  }

  /// The number of updates when the run is over.
  private var totalSteps: Int {
    switch options.limit {
    case .steps(let steps): return steps
    case .epochs(let epochs):
      let batches = max(options.accumulatedBatches, 1)
      return epochs * ((data.batchesPerEpoch + batches - 1) / batches)
    }
  }

  private var isFinished: Bool {
    switch options.limit {
    case .steps(let steps): state.step >= steps
    case .epochs(let epochs): state.position.epoch >= epochs
    }
  }

  private func betweenSteps(_ interrupts: Interrupts) throws -> TrainingOutcome? {
    if let signal = interrupts.received { return .interrupted(signal: signal) }
    let interval = options.checkpointInterval.map { max($0, 1) }
    if let interval, state.step > 0, state.step % interval == 0 { try save() }
    return nil
  }

  private func afterStep(_ loss: Double) throws -> TrainingOutcome? {
    lastLoss = loss
    state.lossSum += loss
    state.lossCount += 1
    progress.show(epoch: state.position.epoch, step: state.step, loss: loss)
    if state.step % max(options.logInterval, 1) == 0 { writeLog(["loss": .number(loss)]) }
    if try notify(.step, loss) == .stop { return .stoppedByCallback }
    if case .steps(let steps) = options.limit, state.step >= steps { return .finished }
    return nil
  }

  private func afterEpoch() throws -> TrainingOutcome? {
    let loss = state.meanLoss
    state.metrics = ["loss": loss].merging(try validated()) { $1 }
    let isBest = try judge()
    writeLog(metricsLine(state.metrics))
    let shown = state.metrics.keys.sorted().map { "\($0) \(rounded(state.metrics[$0]!))" }.joined(separator: "  ")
    progress.say("epoch \(state.position.epoch + 1)  step \(state.step)  \(shown)" + (isBest ? "  (best)" : ""))
    let decision = try notify(.epoch, loss)
    state.beginEpoch()
    try save()
    if decision == .stop { return .stoppedByCallback }
    if let patience = options.patience, state.epochsSinceBest >= patience { return .stoppedEarly }
    return isFinished ? .finished : nil
  }

  private func metricsLine(_ metrics: [String: Double]) -> JSON {
    var line: JSON = ["trainingLoss": .number(state.meanLoss)]
    for name in metrics.keys.sorted() { line[name] = .number(metrics[name]!) }
    return line
  }

  private func validated() throws -> [String: Double] {
    guard let validation else { return [:] }
    return try average?.withAverages(validation) ?? validation()
  }

  /// Compares with the best epoch so far.
  private func judge() throws -> Bool {
    guard let value = state.metrics[options.goal.metric] else {
      throw TrainingError.unknownMetric(options.goal.metric, known: Array(state.metrics.keys))
    }
    let isBest = options.goal.isBetter(value, than: state.best?.value)
    if isBest { state.best = (value, state.step) }
    state.epochsSinceBest = isBest ? 0 : state.epochsSinceBest + 1
    return isBest
  }

  func notify(_ kind: TrainingEvent.Kind, _ loss: Double) throws -> TrainingDecision {
    let event = TrainingEvent(
      kind: kind, step: state.step, epoch: state.position.epoch, loss: loss, metrics: state.metrics)
    var decision = TrainingDecision.proceed
    for callback in callbacks where try callback(event) == .stop { decision = .stop }
    return decision
  }

  private func writeLog(_ members: JSON) {
    guard let log else { return }
    var line: JSON = ["step": .integer(state.step), "epoch": .integer(state.position.epoch)]
    for (name, value) in members.objectValue?.members ?? [] { line[name] = value }
    log.append(line)
  }

  private func sayHowToGoOn() {
    guard let folder else {
      return progress.say("stopped at step \(state.step); nothing was saved, there is no folder")
    }
    progress.say("saved at step \(state.step); the same command with --output \(folder.path) goes on from there")
  }

  private func finish(_ outcome: TrainingOutcome) throws -> TrainingReport {
    try save()
    if case .interrupted = outcome {
      sayHowToGoOn()
    } else if let folder {
      let write = { try folder.saveWeights(self.weights) }
      try average?.withAverages(write) ?? write()
    }
    var metrics = state.metrics
    // A number of steps seldom ends with an epoch; what the last steps brought is measured all the same.
    if outcome == .finished, state.lossCount > 0 {
      metrics = ["loss": state.meanLoss].merging(try validated()) { $1 }
      writeLog(metricsLine(metrics))
    }
    return TrainingReport(outcome: outcome, steps: state.step, loss: lastLoss, metrics: metrics, best: state.best)
  }
}
