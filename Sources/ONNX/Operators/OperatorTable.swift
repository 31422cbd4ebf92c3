/// All operators, found by domain, name and version.
enum OperatorTable {
  /// The newest version of ONNX's own operators that is known here (onnx 1.22).
  static let newestVersion = 27

  /// Every definition; an operator whose meaning changed so much that it was written anew has several.
  static let all: [Operator] =
    elementwise + comparisons + arithmetic + activations + casts + reductions + shapes + slices + joins + indexing
    + selections + products + convolutions + pools + normalizations + resizing + sampling + recurrence + attention
    + stateful + quantization + signals + losses + random + texts + images + sequences + controlFlow + creation
    + training + trees + fusions

  private static let byName: [String: [Operator]] = Dictionary(grouping: all) { key($0.domain, $0.name) }

  private static func key(_ domain: String, _ name: String) -> String { "\(domain)\u{0}\(name)" }

  /// The operator that a node means, or nil if there is none.
  static func find(_ name: String, domain: String, version: Int) -> Operator? {
    byName[key(domain, name)]?.first { $0.versions.contains(version) }
  }
}
