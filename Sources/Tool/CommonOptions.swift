import ArgumentParser
import MartletFormats
import MartletZoo

/// Options of every command that computes.
struct EngineOptions: ParsableArguments {
  @Option(help: "Threads to compute with. (default: one for each processor)")
  var threads: Int?

  @Option(help: "The engine to compute with.")
  var device = "cpu"

  @Flag(help: "Print JSON lines on standard output and nothing else.")
  var json = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
    guard Machine.engines.contains(device) else {
      throw ValidationError("There is no device '\(device)'; there is \(Machine.engines.joined(separator: ", ")).")
    }
  }

  /// Makes the kernels follow the options.
  func apply() {
    if let threads { Machine.useThreads(threads) }
  }
}

/// Options of every command that trains.
struct TrainingArguments: ParsableArguments {
  @Option(help: "Where to put the run. (default: runs/NAME-DATE)", completion: .directory)
  var output: String?

  @Option(help: "Go on with the run in this folder, with its settings.", completion: .directory)
  var resume: String?

  @Option(help: "Updates to train for.")
  var steps: Int?

  @Option(help: "Passes over the data to train for.")
  var epochs: Int?

  @Option(help: "Examples in an update.")
  var batchSize: Int?

  @Option(help: "The largest step size of the schedule.")
  var learningRate: Double?

  @Option(help: "Determines initial weights, order and augmentation.")
  var seed: UInt64?

  @Option(
    parsing: .upToNextOption, help: "Steps after which a profile of the last ten is saved, for martlet profile RUN.")
  var profileSteps: [Int] = []

  @Flag(help: "Print no progress.")
  var quiet = false

  func validate() throws {
    for (name, value) in [("--steps", steps), ("--epochs", epochs), ("--batch-size", batchSize)] {
      if let value, value < 1 { throw ValidationError("\(name) must be at least 1.") }
    }
    if profileSteps.contains(where: { $0 < 0 }) { throw ValidationError("--profile-steps must not be negative.") }
    if let learningRate, !(learningRate > 0) { throw ValidationError("--learning-rate must be positive.") }
    if steps != nil && epochs != nil { throw ValidationError("--steps and --epochs exclude each other.") }
    if output != nil && resume != nil { throw ValidationError("--output and --resume exclude each other.") }
  }

  /// The options as the library takes them.
  func request(data: [String], json: Bool) -> TrainingRequest {
    var request = TrainingRequest()
    (request.data, request.output, request.resume) = (data, output, resume)
    (request.steps, request.epochs, request.batchSize) = (steps, epochs, batchSize)
    (request.learningRate, request.seed) = (learningRate, seed)
    request.profileSteps = Set(profileSteps)
    request.isQuiet = quiet || json
    if json { request.report = { print($0) } }
    return request
  }
}

/// Prints the end of a run; one that a signal ended exits as the shell says it for that signal.
func show(_ summary: TrainingSummary, json: Bool, quiet: Bool) throws {
  if json { print(summary.json) } else if !quiet { print(summary.description) }
  if let signal = summary.signal { throw ExitCode(128 + signal) }
}
