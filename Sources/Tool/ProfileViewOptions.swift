import ArgumentParser
import MartletProfiling

/// The options of a view.
struct ProfileViewOptions: ParsableArguments {
  @Option(name: .profile("max_depth"), help: "Levels of a tree, hops of the graph, rows of the list. (default: 10)")
  var maxDepth: String?
  @Option(name: .profile("min_bytes"), help: "Show only what asked for so many bytes.")
  var minBytes: String?
  @Option(name: .profile("min_peak_bytes"), help: "Show only what held so many bytes at once.")
  var minPeakBytes: String?
  @Option(name: .profile("min_residual_bytes"), help: "Show only what left so many bytes behind.")
  var minResidualBytes: String?
  @Option(name: .profile("min_output_bytes"), help: "Show only what has results of so many bytes.")
  var minOutputBytes: String?
  @Option(name: .profile("min_micros"), help: "Show only what took so many microseconds.")
  var minMicros: String?
  @Option(name: .profile("min_accelerator_micros"), help: "The same on accelerators.")
  var minAcceleratorMicros: String?
  @Option(name: .profile("min_cpu_micros"), help: "The same on processors.")
  var minCPUMicros: String?
  @Option(name: .profile("min_params"), help: "Show only what has so many parameters.")
  var minParams: String?
  @Option(name: .profile("min_float_ops"), help: "Show only what has so many floating-point operations.")
  var minFloatOps: String?
  @Option(name: .profile("min_occurrence"), help: "Show only what occurs so often.")
  var minOccurrence: String?
  @Option(name: .profile("step"), help: "One step, or -1 for the average. (default: -1)")
  var step: String?
  @Option(name: .profile("order_by"), help: "What to sort by. (default: name)")
  var orderBy: String?
  @Option(name: .profile("account_type_regexes"), help: "Count only operations of types that match. (default: .*)")
  var accountTypeRegexes: String?
  @Option(name: .profile("start_name_regexes"), help: "Begin at names that match. (default: .*)")
  var startNameRegexes: String?
  @Option(name: .profile("trim_name_regexes"), help: "Show nothing below names that match.")
  var trimNameRegexes: String?
  @Option(name: .profile("show_name_regexes"), help: "Show only names that match. (default: .*)")
  var showNameRegexes: String?
  @Option(name: .profile("hide_name_regexes"), help: "Do not show names that match.")
  var hideNameRegexes: String?
  @Option(name: .profile("account_displayed_op_only"), help: "Count only what is shown. (default: false)")
  var accountDisplayedOpOnly: String?
  @Option(name: .profile("select"), help: "The columns to show. (default: micros)")
  var select: String?
  @Option(
    name: .profile("output"),
    help: "stdout, none, or file:outfile=PATH; also timeline, pprof, json, csv, html. (default: stdout)")
  var output: String?

  /// The options as the library takes them.
  func values() throws -> ProfileOptions {
    var options = ProfileOptions()
    let given: [(String, String?)] = [
      ("max_depth", maxDepth), ("min_bytes", minBytes), ("min_peak_bytes", minPeakBytes),
      ("min_residual_bytes", minResidualBytes), ("min_output_bytes", minOutputBytes), ("min_micros", minMicros),
      ("min_accelerator_micros", minAcceleratorMicros), ("min_cpu_micros", minCPUMicros), ("min_params", minParams),
      ("min_float_ops", minFloatOps), ("min_occurrence", minOccurrence), ("step", step), ("order_by", orderBy),
      ("account_type_regexes", accountTypeRegexes), ("start_name_regexes", startNameRegexes),
      ("trim_name_regexes", trimNameRegexes), ("show_name_regexes", showNameRegexes),
      ("hide_name_regexes", hideNameRegexes), ("account_displayed_op_only", accountDisplayedOpOnly),
      ("select", select), ("output", output),
    ]
    for (name, value) in given { if let value { try options.set(name, to: value) } }
    return options
  }
}

extension NameSpecification {
  /// `--max-depth`, `--max_depth` and `-max_depth`.
  static func profile(_ name: String) -> NameSpecification {
    let dashed = String(name.map { $0 == "_" ? "-" : $0 })
    let names: [Element] = dashed == name ? [.customLong(name)] : [.customLong(dashed), .customLong(name)]
    return NameSpecification(names + [.customLong(name, withSingleDash: true)])
  }
}
