// Taking graphs apart and putting them together.

extension GraphBuilder {
  /// Records the operations of `graph` again, with `operands` in place of its inputs.
  ///
  /// - Returns: The values that its outputs have become.
  /// - Throws: A ``GraphError`` when the operands do not have the types of the inputs.
  public mutating func inline(_ graph: Graph, operands: [Value]) throws(GraphError) -> [Value] {
    try checkOperands(operands, of: graph)
    var copies = [Value](repeating: Value(-1), count: graph.nodes.count)
    for (input, operand) in zip(graph.inputs, operands) { copies[input.position] = operand }
    for position in graph.nodes.indices {
      if case .input = graph.nodes[position].primitive { continue }
      copies[position] = append(copying: graph.nodes[position]) { copies[$0.position] }
    }
    return graph.outputs.map { copies[$0.position] }
  }

  /// Adds a node once more, with other operands of the same types.
  mutating func append(copying node: Node, operand: (Value) -> Value) -> Value {
    append(
      node.primitive.rules, primitive: node.primitive, Operands(node.operands.map(operand)), type: node.type,
      location: node.location)
  }

  func checkOperands(_ operands: [Value], of graph: Graph) throws(GraphError) {
    let types = operands.map { type($0) }
    if types != graph.inputTypes {
      throw GraphError("call", "the body takes \(graph.inputTypes), but is given \(types)")
    }
  }

  /// The results of an operation that was just added: one value each.
  ///
  /// An operation with a single result is that result; several are taken apart.
  mutating func results(of operation: Value) throws(GraphError) -> [Value] {
    guard let types = self[operation].primitive.rules.resultTypes, types.count > 1 else { return [operation] }
    var results: [Value] = []
    for (index, type) in types.enumerated() {
      results.append(try add(Element(index, type: type), Operands(operation)))
    }
    return results
  }
}

extension GraphBuilder {
  /// The part of the recorded operations that computes `outputs`, as a graph of its own.
  ///
  /// This is how a closure becomes a region: note the number of nodes, add an input node for each argument, call the
  /// closure, and extract with the arguments as `boundary` and that number as `start`. Whatever the closure used of
  /// the values around it comes back as `captured`.
  ///
  /// Scalars and ``Iota`` are copied into the graph, wherever they are; nothing else from before `start` is.
  /// - Parameters:
  ///   - boundary: Values that become the first inputs, in this order; each once.
  ///   - start: Nodes before this position are captured instead of copied.
  /// - Returns: The graph, and the values that its inputs after those of `boundary` stand for, in the order of
  ///   recording: nodes before `start`, and inputs not in `boundary`.
  /// - Complexity: O(*n*) for the *n* nodes from `start` to the last output.
  public func extract(
    outputs: [Value], boundary: [Value], after start: Int = 0
  ) -> (graph: Graph, captured: [Value]) {
    let end = max((outputs.map(\.position).max() ?? -1) + 1, start)
    var isWanted = [Bool](repeating: false, count: end - start)
    // Values before the start are few, and may be anywhere.
    var outside = Set<Value>()
    let inner = Set(boundary)
    func want(_ value: Value) {
      if value.position >= start { isWanted[value.position - start] = true } else { outside.insert(value) }
    }
    outputs.forEach(want)
    for position in stride(from: end - 1, through: start, by: -1) where isWanted[position - start] {
      if !inner.contains(Value(position)) { nodes[position].operands.forEach(want) }
    }
    var positions = outside.subtracting(inner).map(\.position).sorted()
    positions += (start..<end).filter { isWanted[$0 - start] && !inner.contains(Value($0)) }
    return extract(outputs: outputs, boundary: boundary, positions: positions, after: start)
  }

  private func extract(
    outputs: [Value], boundary: [Value], positions: [Int], after start: Int
  ) -> (graph: Graph, captured: [Value]) {
    let captured = positions.filter { isCaptured($0, after: start) }.map { Value($0) }
    var builder = GraphBuilder(location: location)
    let inputs = (boundary + captured).map { value in
      builder.append(Input(), primitive: .input(Input()), Operands(), type: type(value), location: self[value].location)
    }
    var copies = Dictionary(zip(boundary + captured, inputs)) { first, _ in first }
    for position in positions where !isCaptured(position, after: start) {
      copies[Value(position)] = builder.append(copying: nodes[position]) { copies[$0]! }
    }
    return (Graph(nodes: builder.nodes, inputs: inputs, outputs: outputs.map { copies[$0]! }), captured)
  }

  private func isCaptured(_ position: Int, after start: Int) -> Bool {
    switch nodes[position].primitive {
    case .input: true
    case .scalar, .iota: false
    default: position < start
    }
  }
}

extension Graph {
  /// The same graph without the nodes that no output depends on; inputs stay.
  public func pruned() -> Graph {
    var isLive = [Bool](repeating: false, count: nodes.count)
    for value in inputs + outputs { isLive[value.position] = true }
    for position in nodes.indices.reversed() where isLive[position] {
      for operand in nodes[position].operands { isLive[operand.position] = true }
    }
    if !isLive.contains(false) { return self }
    var moved = [Int](repeating: -1, count: nodes.count)
    var kept: [Node] = []
    for position in nodes.indices where isLive[position] {
      var node = nodes[position]
      node.operands = Operands(node.operands.map { Value(moved[$0.position]) })
      moved[position] = kept.count
      kept.append(node)
    }
    return Graph(
      nodes: kept, inputs: inputs.map { Value(moved[$0.position]) }, outputs: outputs.map { Value(moved[$0.position]) })
  }
}

extension GraphBuilder {
  /// Adds an input node.
  public mutating func input(_ type: TensorType) -> Value { append(Input(), Operands(), type: type) }

  /// The graph of all nodes with the given inputs and outputs, without those that no output depends on.
  public func graph(inputs: [Value], outputs: [Value]) -> Graph {
    Graph(nodes: nodes, inputs: inputs, outputs: outputs).pruned()
  }
}
