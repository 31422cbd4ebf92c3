import MartletGraph

/// A closure that was recorded as a graph of its own.
package struct RecordedRegion {
  /// Inputs: the arguments, the variables, the captures. Outputs: the results, then the variables' last values.
  package var region: Region
  /// Variables that the closure read or replaced, and what they held before.
  package var variables: [Variable]
  /// Values from outside that the closure used.
  package var captures: [Tensor]
  package var resultCount: Int

  /// What to pass for the inputs after the arguments.
  package var outerOperands: [Tensor] { variables.map(\.tensor) + captures }

  /// Stores the last values of the variables, and returns the results.
  package func finish(_ outputs: [Tensor]) -> [Tensor] {
    for (variable, value) in zip(variables, outputs.dropFirst(resultCount)) { variable.tensor = value }
    return Array(outputs.prefix(resultCount))
  }
}

extension Recorder {
  /// Records `body` on stand-ins of the given types.
  package func recordRegion(
    _ name: String, inputs types: [TensorType], _ body: ([Tensor]) throws -> [Tensor]
  ) rethrows -> RecordedRegion {
    var arguments: [Tensor] = []
    let (results, scope) = try scoped(.region(name: name)) {
      arguments = types.map { makeInput($0) }
      return try body(arguments)
    }
    // Nodes recorded since the scope began hold the inputs that stand for variables; find them by what was replaced.
    var inputs = arguments.map { position(of: $0.storage) }
    let outputs = (results + scope.touched.map { Tensor(storage: scope.values[ObjectIdentifier($0.variable)]!) }).map {
      position(of: $0.storage)
    }
    inputs += scope.standIns
    let (graph, captured) = locked { extract(outputs: outputs, inputs: inputs, from: scope.start) }
    let captures = captured.map { Tensor(storage: adoptNode(Value($0))) }
    withExtendedLifetime(arguments) {}
    return RecordedRegion(
      region: Region(graph), variables: scope.touched.map(\.variable), captures: captures, resultCount: results.count)
  }

  /// The graph that computes `outputs` from `inputs`, and the positions of further values it needs, which become
  /// inputs after those: everything before `start`, and every known value.
  private func extract(outputs: [Int], inputs: [Int], from start: Int) -> (graph: Graph, captured: [Int]) {
    syncEntries()
    let (body, outside) = reach(outputs: outputs, inputs: inputs, from: start)
    var graph = Graph()
    var renumbered: [Int: Value] = [:]
    for position in inputs + outside {
      let node = builder.nodes[position]
      renumbered[position] = Value(graph.nodes.count)
      graph.inputs.append(Value(graph.nodes.count))
      graph.nodes.append(Node(leaf: node.type, location: node.location))
    }
    for position in body {
      var node = builder.nodes[position]
      node.operands = Operands(node.operands.map { renumbered[$0.position]! })
      renumbered[position] = Value(graph.nodes.count)
      graph.nodes.append(node)
    }
    graph.outputs = outputs.map { renumbered[$0]! }
    return (graph, outside)
  }

  /// The nodes of a region in ascending order, and the values it takes from outside.
  private func reach(outputs: [Int], inputs: [Int], from start: Int) -> (body: [Int], outside: [Int]) {
    let given = Set(inputs)
    var isReached = [Bool](repeating: false, count: entries.count)
    for output in outputs { isReached[output] = true }
    var body: [Int] = []
    var outside: [Int] = []
    for position in entries.indices.reversed() where isReached[position] && !given.contains(position) {
      if position < start || entries[position].buffer != nil {
        outside.append(position)
        continue
      }
      body.append(position)
      for operand in builder.nodes[position].operands { isReached[operand.position] = true }
    }
    return (body.reversed(), outside.reversed())
  }
}
