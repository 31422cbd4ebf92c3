/// What a report shows of each node: a value of `select`.
///
/// The first fourteen are those of tfprof; the others split time and operations by phase.
public enum ProfileColumn: String, Sendable, Hashable, CaseIterable {
  /// All memory that operations asked for.
  case bytes
  /// The most that operations held at one point, added up over nodes.
  case peakBytes = "peak_bytes"
  /// Memory that is not given back when the operation ends.
  case residualBytes = "residual_bytes"
  /// The size of results.
  case outputBytes = "output_bytes"
  /// Time on accelerators and processors together, and each.
  case micros
  /// Time on accelerators.
  case acceleratorMicros = "accelerator_micros"
  /// Time on processors.
  case cpuMicros = "cpu_micros"
  /// Elements of parameters.
  case params
  /// Floating-point operations.
  case floatOps = "float_ops"
  /// How often operations ran and how many there are.
  case occurrence
  /// The first elements of variables.
  case tensorValue = "tensor_value"
  /// Where operations ran.
  case device
  /// Kinds of operations, devices and user types.
  case opTypes = "op_types"
  /// Shapes of operands.
  case inputShapes = "input_shapes"
  /// Multiplications with an addition.
  case multiplyAdds = "multiply_adds"
  /// Time of the forward pass.
  case forwardMicros = "forward_micros"
  /// Time of derivatives.
  case backwardMicros = "backward_micros"
  /// Time of updates.
  case updateMicros = "update_micros"
  /// Floating-point operations of the forward pass.
  case forwardFloatOps = "forward_float_ops"
  /// Floating-point operations of derivatives.
  case backwardFloatOps = "backward_float_ops"
  /// Floating-point operations of updates.
  case updateFloatOps = "update_float_ops"

  /// The column that the command line calls so; dashes and underscores are the same.
  init(option: String, text: some StringProtocol) throws(ProfileError) {
    let name = text.replacingDashes()
    guard let column = ProfileColumn(rawValue: name) else {
      let known = ProfileColumn.allCases.map(\.rawValue).joined(separator: ", ")
      throw ProfileError(.unknownName, option, "there is no column \"\(text)\"; there are \(known)")
    }
    self = column
  }
}

extension StringProtocol {
  /// The text with underscores for dashes.
  func replacingDashes() -> String { String(map { $0 == "-" ? "_" : $0 }) }
}
