/// A plan as text.
extension Plan {
  /// One line a step, then the memory.
  var explanation: String {
    var lines = steps.enumerated().map { "\($0): \($1.summary)" }
    lines.append("arena: \(memory.arenaBytes) bytes")
    lines.append("in place: \(memory.inPlaceCount)")
    for (index, source) in memory.outputs.enumerated() {
      switch source {
      case .fresh(let byteCount): lines.append("output \(index): \(byteCount) bytes")
      case .input(let input): lines.append("output \(index): the memory of input \(input)")
      }
    }
    return lines.joined(separator: "\n")
  }
}
