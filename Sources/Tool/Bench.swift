import ArgumentParser
import MartletZoo

/// `martlet bench WORKLOAD|all`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time workloads that other frameworks run too.",
    discussion: """
      Workloads: \(Workloads.names.joined(separator: ", ")).

      overhead, which is not among all, measures what the framework costs beside the kernels' work, and fails if a \
      number is above its bar.
      """)

  @Argument(help: "A workload, all, or overhead.", completion: .list(Workloads.names + ["all", "overhead"]))
  var workload: String

  @Option(help: "Timed steps.")
  var steps = 20

  @Option(help: "Steps before those.")
  var warmup = 3

  @Option(help: "Stop after so many seconds of timed steps, once there are three.")
  var seconds = 20.0

  @OptionGroup var engine: EngineOptions

  func validate() throws {
    guard ["all", "overhead"].contains(workload) || Workloads.names.contains(workload) else {
      throw ValidationError("There is no workload '\(workload)'; there are \(Workloads.names.joined(separator: ", ")).")
    }
    if steps < 1 || warmup < 1 { throw ValidationError("--steps and --warmup must be at least 1.") }
    if !(seconds > 0) { throw ValidationError("--seconds must be positive.") }
  }

  func run() throws {
    engine.apply()
    if workload == "overhead" { return try measureOverhead() }
    for name in workload == "all" ? Workloads.names : [workload] {
      let result = try Benchmark.run(name, steps: steps, warmupSteps: warmup, timeLimit: .seconds(seconds))
      if let result { print(engine.json ? result.json.serialized() : result.description) }
    }
  }

  private func measureOverhead() throws {
    let overhead = try Overhead.measured()
    print(engine.json ? overhead.json.serialized() : overhead.description)
    if !overhead.isMet { throw ExitCode.failure }
  }
}
