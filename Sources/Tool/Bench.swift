import ArgumentParser
import MartletONNX
import MartletZoo

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// `martlet bench WORKLOAD|all|overhead|operators|MODEL.onnx`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time workloads that other frameworks run too.",
    discussion: """
      Workloads: \(Workloads.names.joined(separator: ", ")).

      overhead, which is not among all, measures what the framework costs beside the kernels' work, and fails if a \
      number is above its bar.

      operators times operators of everyday use at three sizes each; --filter chooses rows, --interactive reads the \
      names of rows from standard input, --list prints them. shapes reads contractions and convolutions from standard \
      input, an object in JSON a line; Benchmarks/sweep.py writes them.

      A model in the format of ONNX is read and called with random numbers; --shape NAME=SIZES is the shape of an \
      input. With --interactive it is called again for each line of standard input.
      """)

  private static let others = ["all", "overhead", "operators", "shapes"]

  @Argument(
    help: "A workload, all, overhead, operators, shapes, or a model in ONNX.",
    completion: .list(Workloads.names + others))
  var workload: String

  @Option(help: "Timed steps.")
  var steps = 20

  @Option(help: "Steps before those.")
  var warmup = 3

  @Option(help: "Stop after so many seconds of timed steps, once there are three.")
  var seconds = 20.0

  @Option(help: "Rows of operators whose name contains this.")
  var filter = ""

  @Flag(help: "Print the rows of operators.")
  var list = false

  @Option(help: "The shape of an input of a model in ONNX: NAME=8x3x224x224.")
  var shape: [String] = []

  @Flag(help: "Read the rows of operators from standard input, and time each at once.")
  var interactive = false

  @OptionGroup var engine: EngineOptions

  func validate() throws {
    guard isModel || Bench.others.contains(workload) || Workloads.names.contains(workload) else {
      throw ValidationError("There is no workload '\(workload)'; there are \(Workloads.names.joined(separator: ", ")).")
    }
    if steps < 1 || warmup < 1 { throw ValidationError("--steps and --warmup must be at least 1.") }
    if !(seconds > 0) { throw ValidationError("--seconds must be positive.") }
  }

  private var isModel: Bool { ONNXSummary.recognizes(path: workload) }

  func run() throws {
    engine.apply()
    if isModel { return try timeModel() }
    if workload == "overhead" { return try measureOverhead() }
    if workload == "operators" { return try timeOperators() }
    if workload == "shapes" { return try timeShapes() }
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

  private func timeModel() throws {
    let speed = try ONNXSpeed(path: workload, warmupCalls: warmup) { try $0.randomInputs(shape) }
    func show() throws {
      let calls = try speed.callSeconds(steps, limit: seconds)
      print(engine.json ? speed.json(calls).serialized() : speed.description(calls))
      fflush(nil)
    }
    guard interactive else { return try show() }
    while readLine() != nil { try show() }
  }

  private func timeOperators() throws {
    // Nothing contains the empty string.
    let rows = OperatorBenchmark.rows.filter { filter.isEmpty || $0.contains(filter) }
    if list { return rows.forEach { print($0) } }
    guard interactive else {
      for row in rows { try timeOperator(row) }
      return
    }
    while let row = readLine() {
      try timeOperator(row)
      fflush(nil)
    }
  }

  private func timeShapes() throws {
    while let request = readLine() {
      print(try ShapeBenchmark.run(request).serialized())
      fflush(nil)
    }
  }

  private func timeOperator(_ row: String) throws {
    guard let result = try OperatorBenchmark.run(row) else { throw ValidationError("There is no row '\(row)'.") }
    print(engine.json ? result.json.serialized() : result.description)
  }
}
