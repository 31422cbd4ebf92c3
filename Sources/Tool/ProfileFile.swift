import ArgumentParser
import MartletFormats
import MartletProfiling
import MartletZoo

/// What every command looks at.
struct ProfileFile: ParsableArguments {
  @Argument(
    help: """
      A recorded profile; or something that is recorded first: a workload of martlet bench, the folder of a training \
      run, a model in ONNX. Of a file of weights, what it holds.
      """, completion: .file())
  var profile: String

  @Option(help: "The shape of an input of a model in ONNX: NAME=2x3x224x224. (default: sizes that may differ are 1)")
  var input: [String] = []

  @OptionGroup var recording: RecordingOptions

  /// What is in the file, or what is recorded now.
  func load() throws -> Profile {
    if Workloads.names.contains(profile) { return try recording.record(profile) }
    recording.apply()
    if profile.hasSuffix(".onnx") { return try Profile(onnx: profile, inputs: input, plan: recording.plan) }
    if FileSystem.status(profile)?.isDirectory == true { return try Profile(run: profile, plan: recording.plan) }
    if ProfileFile.weightEndings.contains(where: profile.hasSuffix) {
      return Profile(weights: try WeightFile(path: profile))
    }
    return try Profile(path: profile)
  }

  private static let weightEndings = [".safetensors", ".gguf", ".pt", ".pth", ".bin", ".npz", ".npy", ".index.json"]
}

/// How much of a program is recorded.
struct RecordingOptions: ParsableArguments {
  @Option(help: "Steps to record.")
  var recordedSteps = 10

  @Option(help: "Steps before those.")
  var warmup = 5

  @Option(help: "Threads to compute with. (default: one for each processor)")
  var threads: Int?

  @Flag(help: "Measure the machine's speed again, although it is known; the best result counts.")
  var measureAgain = false

  func validate() throws {
    guard recordedSteps >= 1, warmup >= 0, threads ?? 1 >= 1 else {
      throw ValidationError("--recorded-steps and --threads must be at least 1, --warmup not negative.")
    }
  }

  var plan: RecordingPlan { RecordingPlan(steps: recordedSteps, warmupSteps: warmup) }

  /// Makes the kernels follow the options.
  func apply() {
    if let threads { Machine.useThreads(threads) }
    if measureAgain { Machine.measureAgain() }
  }

  func record(_ workload: String) throws -> Profile {
    apply()
    guard let profile = try Profile.recording(workload: workload, plan: plan) else {
      throw ValidationError("There is no workload '\(workload)'; there are \(Workloads.names.joined(separator: ", ")).")
    }
    return profile
  }
}
