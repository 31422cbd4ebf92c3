import ArgumentParser
import MartletONNX

/// `martlet onnx-tests FOLDER…`, for the developers of the importer.
struct ONNXTests: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "onnx-tests", abstract: "Run folders of ONNX's backend tests.", shouldDisplay: false)

  @Argument(help: "Folders of cases, as Benchmarks/ONNX/backend_tests.py lays them out.", completion: .directory)
  var folders: [String]

  @Option(help: "Write the table of operators to this file.", completion: .file())
  var article: String?

  @Flag(help: "Print JSON on standard output and nothing else.")
  var json = false

  func run() throws {
    var report = ConformanceReport()
    for folder in folders {
      try report.run(folder) { entry in
        if !json, let failure = entry.failure { print("\(entry.suite)/\(entry.name): \(failure)") }
      }
    }
    if let article { try report.write(to: article) }
    if json { return print(report.json.serialized()) }
    for suite in report.suites { print("\(suite.name): \(suite.passed) of \(suite.total)") }
  }
}
