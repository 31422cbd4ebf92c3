/// A graph made ready to run: names are numbers of slots, and operators are found.
final class GraphPlan: Sendable {
  /// The slots of what is passed in, in order, and their names.
  let inputs: [(name: String, slot: Int)]
  /// The slots of the results, in order, and their names.
  let outputs: [(name: String, slot: Int)]
  /// Values that are there from the start.
  let constants: [(slot: Int, value: ONNXValue)]
  /// The operations, in an order in which each finds its inputs.
  let nodes: [PlannedNode]
  /// Slots of graphs around this one that it reads.
  let captures: Set<Int>

  /// - Parameter firstSlot: The number of slots that were taken before this graph; its own are the later ones.
  init(
    inputs: [(name: String, slot: Int)], outputs: [(name: String, slot: Int)],
    constants: [(slot: Int, value: ONNXValue)], nodes: [PlannedNode], firstSlot: Int
  ) {
    (self.inputs, self.outputs, self.constants) = (inputs, outputs, constants)
    self.nodes = GraphPlan.withReleases(nodes, keeping: Set(outputs.map(\.slot)), firstSlot)
    let used = nodes.flatMap(\.reads) + outputs.map(\.slot)
    captures = Set(used.filter { $0 < firstSlot })
  }

  /// The nodes, each with the slots that nothing needs after it.
  private static func withReleases(_ nodes: [PlannedNode], keeping kept: Set<Int>, _ firstSlot: Int) -> [PlannedNode] {
    var needed = kept
    var result = nodes
    for place in nodes.indices.reversed() {
      let slots = Set(nodes[place].reads + nodes[place].outputs.compactMap { $0 })
      result[place].releases = slots.filter { $0 >= firstSlot && needed.insert($0).inserted }
    }
    return result
  }
}

/// A node of a graph that is ready to run.
struct PlannedNode: Sendable {
  /// The name in the file, or the position in its graph: `#7`.
  let name: String
  /// The operator's definition.
  let operation: Operator
  /// The version of the domain's operators that the model asks for.
  let version: Int
  /// The slots of the inputs; nil for those that are left out.
  let inputs: [Int?]
  /// The slots of the results; nil for those that nobody wants.
  let outputs: [Int?]
  let attributes: [String: Attribute]
  /// The slots that it reads itself, and those that graphs among its attributes read from outside.
  let reads: [Int]
  /// Slots whose values nothing needs after this node.
  var releases: [Int] = []

  init(
    name: String, operation: Operator, version: Int, inputs: [Int?], outputs: [Int?], attributes: [String: Attribute]
  ) {
    (self.name, self.operation, self.version) = (name, operation, version)
    (self.inputs, self.outputs, self.attributes) = (inputs, outputs, attributes)
    let inner = attributes.values.flatMap { attribute -> [Int] in
      if case .graph(let graph) = attribute { Array(graph.captures) } else { [] }
    }
    reads = inputs.compactMap { $0 } + inner
  }
}
