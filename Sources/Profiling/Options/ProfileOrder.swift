/// What a report sorts siblings by: a value of `order_by`.
///
/// Names ascend, depths too; all others descend.
public enum ProfileOrder: String, Sendable, Hashable, CaseIterable {
  case name
  case depth
  case bytes
  case peakBytes = "peak_bytes"
  case residualBytes = "residual_bytes"
  case outputBytes = "output_bytes"
  case micros
  case acceleratorMicros = "accelerator_micros"
  case cpuMicros = "cpu_micros"
  case params
  case floatOps = "float_ops"
  case occurrence

  /// The order that the command line calls so; dashes and underscores are the same.
  init(option: String, text: some StringProtocol) throws(ProfileError) {
    guard let order = ProfileOrder(rawValue: text.replacingDashes()) else {
      let known = ProfileOrder.allCases.map(\.rawValue).joined(separator: ", ")
      throw ProfileError(.unknownName, option, "there is no order \"\(text)\"; there are \(known)")
    }
    self = order
  }

  /// The measure that is compared; nil for names and depths.
  var measure: (@Sendable (Measures) -> Double)? {
    switch self {
    case .name, .depth: nil
    case .bytes: { $0[.requestedBytes] }
    case .peakBytes: { $0[.peakBytes] }
    case .residualBytes: { $0[.residualBytes] }
    case .outputBytes: { $0[.outputBytes] }
    case .micros: { $0.nanoseconds }
    case .acceleratorMicros: { $0[.acceleratorNanoseconds] }
    case .cpuMicros: { $0[.cpuNanoseconds] }
    case .params: { $0[.parameters] }
    case .floatOps: { $0[.floatOperations] }
    case .occurrence: { $0[.runs] }
    }
  }
}
