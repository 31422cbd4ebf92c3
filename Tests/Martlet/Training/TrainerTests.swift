import Martlet
import MartletFormats
import MartletTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One after the other: signals and their handlers belong to the whole process.
@Suite(.serialized, .endsAtZero) struct TrainerTests {
  @Test func `training learns, and reports how it went`() throws {
    let run = Run(quietOptions(.epochs(60)))
    var losses: [Double] = []
    run.trainer.callbacks.append { event in
      if event.kind == .step { losses.append(event.loss) }
      return .proceed
    }
    let report = try run.trainer.run()
    #expect(report.outcome == .finished)
    #expect(report.steps == 300 && losses.count == 300)
    #expect(report.loss == losses.last)
    let (early, late) = (losses.prefix(20).reduce(0, +), losses.suffix(20).reduce(0, +))
    #expect(late < 0.3 * early)
    let mean = losses.suffix(5).reduce(0, +) / 5
    #expect(report.metrics["loss"] == mean)
  }

  @Test func `a run stopped at any steps and resumed ends with the bits and losses of a straight one`() throws {
    let scratch = try TrainingScratch()
    func options(_ folder: String) -> TrainingOptions {
      var options = quietOptions(.epochs(8), output: scratch.file(folder))
      options.averageDecay = 0.9
      options.gradientNormLimit = 0.5
      options.checkpointInterval = 3
      return options
    }
    let straight = Run(options("straight"))
    try straight.trainer.run()
    var random = TrainingRandom(state: 3)
    for trial in 0..<10 {
      var done = 0
      while done < 40 {
        let run = Run(options("stopped\(trial)"))
        let stop = done + Int.random(in: 1...17, using: &random)
        // At the last step of all there is nothing left to go on with but the epoch's end.
        run.trainer.callbacks.append { $0.kind == .step && $0.step >= stop && stop < 40 ? .stop : .proceed }
        done = try run.trainer.run().steps
        if done == 40 { #expect(run.bits == straight.bits) }
      }
      for name in ["log.jsonl", "weights.safetensors", "checkpoints/step-00000040/weights.safetensors"] {
        let expected = try FileSystem.read(scratch.file("straight/\(name)"))
        #expect(try FileSystem.read(scratch.file("stopped\(trial)/\(name)")) == expected, "\(name)")
      }
    }
  }

  // A signal reaches every run of its process, so each of these has a process of its own.
  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends the run after its step, saved, and the next run goes on`(number: Int32) async {
    await #expect(processExitsWith: .success) { [number] in
      try endingAtZero {
        let scratch = try TrainingScratch()
        let straight = Run(quietOptions(.steps(12)))
        try straight.trainer.run()
        let first = Run(quietOptions(.steps(12), output: scratch.file("r")))
        first.trainer.callbacks.append { event in
          if event.step == 7, event.kind == .step { deliver(number) }
          return .proceed
        }
        let report = try first.trainer.run()
        precondition(report.outcome == .interrupted(signal: number))
        precondition(report.steps == 7)
        let latest = try Checkpoint.latest(in: scratch.file("r/checkpoints"))
        precondition(latest?.step == 7)
        let second = Run(quietOptions(.steps(12), output: scratch.file("r")))
        let outcome = try second.trainer.run().outcome
        precondition(outcome == .finished)
        precondition(second.bits == straight.bits)
      }
    }
  }

  @Test func `a second signal ends the process at once`() async {
    await #expect(processExitsWith: .exitCode(130)) {
      let run = Run(quietOptions(.steps(100)))
      run.trainer.callbacks.append { _ in
        deliver(SIGINT)
        deliver(SIGINT)
        return .proceed
      }
      try run.trainer.run()
    }
  }

  @Test func `a loss that is no number stops with the step, and what was saved stays`() throws {
    let scratch = try TrainingScratch()
    let run = Run(quietOptions(.epochs(4), output: scratch.file("r")), data: LineBatches(badBatch: 12))
    let error = #expect(throws: TrainingError.self) { try run.trainer.run() }
    guard case .diverged(step: 13, epoch: 2, let loss)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(loss.isNaN)
    #expect(error?.description.contains("step 13, in epoch 3") == true)
    #expect(try Checkpoint.latest(in: scratch.file("r/checkpoints"))?.step == 10)
  }

  @Test func `the average of small batches' gradients is that of a large batch`() throws {
    // Without dropout, and with the mean over batches of equal size, both are the same sum in another order.
    struct Pairs: BatchSource {
      let isJoined: Bool
      let base = LineBatches(batchesPerEpoch: 4)
      var batchesPerEpoch: Int { isJoined ? 2 : 4 }

      func batches(from position: DataPosition) -> BatchStream<(x: Tensor, y: Tensor)> {
        let stream = base.batches(from: position)
        return BatchStream(from: position) { [isJoined] in
          guard let first = try stream.next() else { return nil }
          guard isJoined, let second = try stream.next() else { return (first, stream.position) }
          let x = Tensor(concatenating: [first.x, second.x], axis: 0)
          return ((x: x, y: Tensor(concatenating: [first.y, second.y], axis: 0)), stream.position)
        }
      }
    }
    func weights(isJoined: Bool) throws -> [Float] {
      let layer = Dense(3, 1, seed: 4)
      var options = quietOptions(.steps(6))
      options.accumulatedBatches = isJoined ? 1 : 2
      let optimizer = SGD(layer.parameters, learningRate: 0.1)
      let data = Pairs(isJoined: isJoined)
      try Trainer(layer, optimizer: optimizer, data: data, options: options) { batch in
        meanSquaredError(layer(batch.x), batch.y)
      }.run()
      return layer.weight.tensor.scalars(as: Float.self)
    }
    let (large, small) = (try weights(isJoined: true), try weights(isJoined: false))
    // Six updates of numbers near 1, each sum rounded differently.
    for (a, b) in zip(large, small) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func `training ends early when validation is not getting better, and the best checkpoint is kept`() throws {
    let scratch = try TrainingScratch()
    var options = quietOptions(.epochs(50), output: scratch.file("r"))
    options.goal = Goal("accuracy", isLargerBetter: true)
    options.patience = 4
    options.keptCheckpoints = 2
    let run = Run(options)
    var epoch = 0
    run.trainer.validation = {
      epoch += 1
      let values = [0.1, 0.5, 0.9, 0.8, 0.9, 0.7, 0.6, 0.99]
      return ["accuracy": values[epoch - 1]]
    }
    let report = try run.trainer.run()
    #expect(report.outcome == .stoppedEarly)
    #expect(epoch == 7)
    #expect(report.best?.value == 0.9 && report.best?.step == 15)
    #expect(try Checkpoint.all(in: scratch.file("r/checkpoints")).map(\.step) == [15, 30, 35])
    options.goal = Goal("f1", isLargerBetter: true)
    options.output = nil
    #expect(throws: TrainingError.unknownMetric("f1", known: ["loss"])) { try Run(options).trainer.run() }
  }

  @Test func `a folder in use is refused, and free again afterwards`() throws {
    let scratch = try TrainingScratch()
    do {
      let folder = try RunFolder(scratch.file("r"), configuration: ["layers": 3])
      let error = #expect(throws: CheckpointError.self) { try RunFolder(scratch.file("r")) }
      #expect(error?.kind == .locked)
      #expect(error?.message.contains("process \(getpid()) is training in this folder") == true)
      #expect(try JSON(path: folder.configurationPath)["layers"] == 3)
    }
    #expect(throws: Never.self) { try RunFolder(scratch.file("r")) }
  }

  @Test func `a damaged newest checkpoint is passed over with a sentence, and only damaged ones stop the run`() throws {
    let scratch = try TrainingScratch()
    let straight = Run(quietOptions(.epochs(4)))
    try straight.trainer.run()
    try Run(quietOptions(.epochs(3), output: scratch.file("r"))).trainer.run()
    try FileSystem.removeFile(scratch.file("r/checkpoints/step-00000015/state.json"))
    let next = Run(quietOptions(.epochs(4), output: scratch.file("r")))
    var words: [String] = []
    next.trainer.warn = { words.append($0) }
    try next.trainer.run()
    #expect(words.count == 1 && words[0].contains("step-00000015"))
    #expect(next.bits == straight.bits)
    for checkpoint in try Checkpoint.all(in: scratch.file("r/checkpoints")) {
      try FileSystem.removeFile(checkpoint.path + "/manifest.json")
    }
    let lost = Run(quietOptions(.epochs(5), output: scratch.file("r")))
    lost.trainer.warn = { _ in }
    #expect(throws: CheckpointError.self) { try lost.trainer.run() }
  }

  @Test func `averaged weights are measured and written, and training goes on with its own`() throws {
    let scratch = try TrainingScratch()
    var options = quietOptions(.epochs(2), output: scratch.file("r"))
    options.averageDecay = 0.5
    let layer = Dense(3, 1, seed: 4)
    var expected = layer.weight.tensor.scalars(as: Float.self).map(Double.init)
    var measured: [Float] = []
    let optimizer = SGD(layer.parameters, learningRate: 0.1)
    let trainer = Trainer(layer, optimizer: optimizer, data: LineBatches(), options: options) { batch in
      meanSquaredError(layer(batch.x), batch.y)
    }
    trainer.callbacks.append { event in
      if event.kind == .step {
        let now = layer.weight.tensor.scalars(as: Float.self)
        expected = zip(expected, now).map { 0.5 * $0 + 0.5 * Double($1) }
      }
      return .proceed
    }
    trainer.validation = {
      measured = layer.weight.tensor.scalars(as: Float.self)
      return [:]
    }
    try trainer.run()
    // Ten averages in float 32 against float 64.
    for (a, b) in zip(measured, expected) { #expect(abs(Double(a) - b) < 1e-6) }
    #expect(layer.weight.tensor.scalars(as: Float.self) != measured)
    let file = try SafetensorsFile(path: scratch.file("r/weights.safetensors"))
    #expect(try file.tensor("weight").values(as: Float.self) == measured)
  }

  @Test func `the log holds every step and the epochs' metrics`() throws {
    let scratch = try TrainingScratch()
    try Run(quietOptions(.epochs(2), output: scratch.file("r"))).trainer.run()
    let lines = try FileSystem.read(scratch.file("r/log.jsonl")).split(separator: 10)
      .map { try JSON(parsing: SharedBytes(Array($0))) }
    #expect(lines.count == 12)
    #expect(lines.compactMap { $0["step"]?.intValue } == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10])
    let mean = lines[0..<5].compactMap { $0["loss"]?.doubleValue }.reduce(0, +) / 5
    #expect(lines[5]["trainingLoss"]?.doubleValue == mean)
  }
}

/// Sends a signal that is handled before this returns; the threads of tasks block signals.
private func deliver(_ number: Int32) {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, number)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  raise(number)
}
