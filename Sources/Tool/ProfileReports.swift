import ArgumentParser
import MartletProfiler
import MartletProfiling
import MartletZoo

/// Options of reports that are about one step or all.
struct ProfileStepOption: ParsableArguments {
  @Option(help: "One step, or -1 for all.")
  var step = -1

  var options: ProfileOptions { ProfileOptions().withStep(step) }
}

/// `martlet profile advise`.
struct ProfileAdvise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advise", abstract: "Say what could be better.",
    discussion: AdviceChecker.allCases.map { "\($0.rawValue): \($0.documentation)" }.joined(separator: "\n"))
  @OptionGroup var file: ProfileFile
  @Argument(help: "Names of checkers. (default: all)")
  var checkers: [String] = []

  @Flag(help: "Try what is proposed in runs of its own, and drop what does not hold. For workloads of martlet bench.")
  var verify = false

  func validate() throws {
    if verify, !Workloads.names.contains(file.profile) {
      throw ValidationError("--verify has to run the work again: name a workload instead of a file.")
    }
  }

  func run() throws {
    let profile = try file.load()
    guard verify else { return print(try profile.report(.advise, checkers), terminator: "") }
    let found = profile.advice(try AdviceChecker.named(checkers))
    for advice in try AdviceVerification(workload: file.profile).verify(found) where advice.outcome != .refuted {
      print(advice)
    }
  }
}

/// `martlet profile memory`.
struct ProfileMemory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Show the peak of memory and who held it.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var step: ProfileStepOption

  func run() throws { print(try file.load().report(.memory, [], step.options), terminator: "") }
}

/// `martlet profile roofline`.
struct ProfileRoofline: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roofline", abstract: "Compare kernels with the machine's measured peaks.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var step: ProfileStepOption

  func run() throws { print(try file.load().report(.roofline, [], step.options), terminator: "") }
}

/// `martlet profile predict`.
struct ProfilePredict: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Compare the cost model with what was measured.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var step: ProfileStepOption

  func run() throws { print(try file.load().report(.predict, [], step.options), terminator: "") }
}

/// `martlet profile steps`.
struct ProfileSteps: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "steps", abstract: "Show how steps differ, and why.")
  @OptionGroup var file: ProfileFile

  func run() throws { print(try file.load().report(.steps), terminator: "") }
}

/// `martlet profile diff`.
struct ProfileDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two profiles of the same work.",
    discussion: "Exits with 0 if steps take as long or less, 1 if they take longer, 2 if the work is not the same.")
  @Argument(help: "The profile to compare with.", completion: .file())
  var before: String
  @Argument(help: "The profile in question.", completion: .file())
  var after: String
  @Option(help: "The least relative change of the step that counts.")
  var threshold = 0.05
  @Option(help: "The greatest probability of chance at which a change counts.")
  var significance = 0.01

  func validate() throws {
    guard threshold >= 0, significance > 0, significance < 1 else {
      throw ValidationError("--threshold must not be negative, --significance must be between 0 and 1.")
    }
  }

  func run() throws {
    let diff = ProfileDiff(
      try Profile(path: before), try Profile(path: after), threshold: threshold, significance: significance)
    print(diff, terminator: "")
    if diff.exitCode != 0 { throw ExitCode(diff.exitCode) }
  }
}

/// `martlet profile flame`.
struct ProfileFlame: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flame", abstract: "Print calls and their time in the form that flame graph programs read.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var step: ProfileStepOption

  func run() throws { print(try file.load().report(.flame, [], step.options), terminator: "") }
}

/// `martlet profile html`.
struct ProfileHTML: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "html", abstract: "Write one page with everything, for a browser without network.")
  @OptionGroup var file: ProfileFile
  @Argument(help: "Where to put the page.", completion: .file())
  var page: String

  func run() throws { print(try file.load().report(.html, [page]), terminator: "") }
}

/// `martlet profile check`.
struct ProfileCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Measure how good profiles are on this machine.",
    discussion: """
      For each workload: how much of a step's time is attributed to kernels and waits, how much of the operations' time to \
      lines, how far the cost model is off, how much longer recorded steps take, and whether all memory is counted. One \
      workload at a time gives the best figures of memory.
      """)
  @Argument(help: "Workloads of martlet bench.", completion: .list(Workloads.names))
  var workloads: [String]
  @Option(help: "Steps to record, each beside one that is not. (default: as many as two seconds hold, 10 to 200)")
  var pairs: Int?
  @Option(help: "Exit with 1 if the median error of all kernels' predictions is greater.")
  var limit: Double?
  @Flag(help: "Print JSON lines on standard output and nothing else.")
  var json = false

  func validate() throws {
    guard pairs ?? 1 >= 1, limit ?? 1 > 0 else { throw ValidationError("--pairs and --limit must be positive.") }
    for name in workloads where !Workloads.names.contains(name) {
      throw ValidationError("There is no workload '\(name)'; there are \(Workloads.names.joined(separator: ", ")).")
    }
  }

  func run() throws {
    if !json { print(ProfileCheck.head) }
    var errors: [Double] = []
    for name in workloads {
      guard let check = try ProfileCheck.run(name, pairs: pairs) else { continue }
      print(json ? check.json.serialized() : check.line)
      errors += try PredictionTable(check.profile).mainKernels.map(\.error)
    }
    guard !errors.isEmpty else { return }
    let median = errors.sorted()[errors.count / 2]
    if !json { print("Median error of the predictions of \(errors.count) kernels: \((median * 1000).rounded() / 10)%") }
    if let limit, median > limit { throw ExitCode.failure }
  }
}
