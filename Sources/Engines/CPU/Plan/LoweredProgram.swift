import MartletGraph

/// A program made plain for planning: named bodies inlined, equal nodes merged, dead ones gone, and operations that
/// no kernel does in one go written as several.
struct LoweredProgram {
  /// In an order in which operands come first. Positions of operands refer to this list.
  var nodes: [Node] = []
  /// For each node, the node of the user's program that it came from, for error messages.
  var origin: [Int32] = []
  /// For each node that is a scalar, its place in the table of scalars; else -1.
  var scalarIndex: [Int32] = []
  /// Scalars that a run is given; those of inlined bodies follow them in the table.
  var givenScalars = 0
  /// The bits of the scalars of inlined bodies.
  var constants: [UInt64] = []
  var inputs: [Int32] = []
  var outputs: [Int32] = []
  /// Whether an output depends on the node.
  var isLive: [Bool] = []

  /// The type of a node.
  func type(_ value: Int32) -> TensorType { nodes[Int(value)].type }

  /// Appends a node that stands for the operation at `origin` of the user's program.
  mutating func append(_ node: Node, origin: Int32, scalarIndex: Int32 = -1) -> Int32 {
    nodes.append(node)
    self.origin.append(origin)
    self.scalarIndex.append(scalarIndex)
    return Int32(nodes.count - 1)
  }

  /// Marks what the outputs depend on.
  mutating func markLive() {
    isLive = [Bool](repeating: false, count: nodes.count)
    for output in outputs { isLive[Int(output)] = true }
    for position in nodes.indices.reversed() where isLive[position] {
      for operand in nodes[position].operands { isLive[operand.position] = true }
    }
  }
}
