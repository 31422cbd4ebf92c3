import MartletGraph

extension LoweredProgram {
  /// Runs a scan as part of a later one that does the same and more: what a derivative keeps of each step is recorded
  /// as such a scan, after the one that the program itself asked for.
  mutating func mergeScans() {
    var earlier: [Operands: [Int]] = [:]
    var replaced: [Int32: Int32] = [:]
    for position in nodes.indices {
      nodes[position].operands = nodes[position].operands.renumbered { replaced[$0.index] ?? $0.index }
      guard case .scan(let scan) = nodes[position].primitive else { continue }
      let operands = nodes[position].operands
      if let first = earlier[operands]?.first(where: { extends(position, $0) }) {
        nodes[first] = nodes[position]
        replaced[Int32(position)] = Int32(first)
      } else if let first = earlier[operands]?.first(where: { extends($0, position) }) {
        replaced[Int32(position)] = Int32(first)
      } else if scan.length > 0 {
        earlier[operands, default: []].append(position)
      }
    }
    if replaced.isEmpty { return }
    outputs = outputs.map { replaced[$0] ?? $0 }
  }

  private func extends(_ longer: Int, _ shorter: Int) -> Bool {
    guard case .scan(let long) = nodes[longer].primitive, case .scan(let short) = nodes[shorter].primitive else {
      return false
    }
    return long.extends(short)
  }
}
