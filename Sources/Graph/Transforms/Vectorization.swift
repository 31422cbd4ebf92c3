extension GraphBuilder {
  /// Records `graph` for many examples at once: `vmap`.
  ///
  /// - Parameters:
  ///   - operands: A value for each input of `graph`; those that are batched have an extra leading dimension.
  ///   - isBatched: Which ones are.
  ///   - size: The number of examples, the size of the extra dimension.
  /// - Returns: The outputs, and which of them have the extra leading dimension; the others are the same for every
  ///   example.
  /// - Throws: A ``GraphError`` where operands do not fit or a tensor would need more dimensions than there can be.
  public mutating func batched(
    _ graph: Graph, operands: [Value], isBatched: [Bool], size: Int
  ) throws(GraphError) -> (results: [Value], isBatched: [Bool]) {
    try checkBatch(of: graph, operands: operands, isBatched: isBatched, size: size)
    let savedLocation = location
    defer { location = savedLocation }
    var results = [[Value]](repeating: [], count: graph.nodes.count)
    var flags = [Bool](repeating: false, count: graph.nodes.count)
    for (index, input) in graph.inputs.enumerated() {
      results[input.position] = [operands[index]]
      flags[input.position] = isBatched[index]
    }
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      if case .input = node.primitive { continue }
      location = node.location
      flags[position] = node.operands.contains { flags[$0.position] }
      if !flags[position] {
        results[position] = [append(copying: node) { results[$0.position][0] }]
      } else if case .element(let element) = node.primitive {
        results[position] = [results[node.operands[0].position][element.index]]
      } else {
        let context = BatchContext(
          operands: node.operands.map { results[$0.position][0] }, isBatched: node.operands.map { flags[$0.position] },
          size: size)
        results[position] = try node.primitive.rules.batched(context, in: &self)
      }
    }
    return (graph.outputs.map { results[$0.position][0] }, graph.outputs.map { flags[$0.position] })
  }

  private func checkBatch(
    of graph: Graph, operands: [Value], isBatched: [Bool], size: Int
  ) throws(GraphError) {
    if operands.count != graph.inputs.count || isBatched.count != operands.count {
      throw GraphError("vmap", "\(operands.count) operands for the \(graph.inputs.count) inputs of the body")
    }
    for (index, (operand, type)) in zip(operands, graph.inputTypes).enumerated() {
      let expected = isBatched[index] ? TensorType(type.dtype, try type.shape.batched(size, "vmap")) : type
      if self.type(operand) != expected {
        throw GraphError("vmap", "operand \(index) is \(self.type(operand)), expected \(expected)")
      }
    }
  }

  /// The operands, each with the leading dimension of examples.
  mutating func withBatches(_ context: BatchContext) throws(GraphError) -> [Value] {
    var operands: [Value] = []
    for (operand, isBatched) in zip(context.operands, context.isBatched) {
      operands.append(try withBatch(operand, isBatched: isBatched, size: context.size))
    }
    return operands
  }

  /// Applies an operation to the examples one after the other: the batching rule of operations that have no better.
  mutating func batchedOneByOne(
    _ operation: some PrimitiveRules, _ context: BatchContext
  ) throws(GraphError) -> [Value] {
    var body = GraphBuilder(location: location)
    let inputs = context.operands.indices.map { index in
      let type = type(context.operands[index])
      let inner = context.isBatched[index] ? TensorType(type.dtype, Shape(type.shape.dropFirst())) : type
      return body.input(inner)
    }
    let outputs = try body.results(of: body.add(operation, Operands(inputs)))
    // A scan takes its sequences first, then what every step sees.
    let order = inputs.indices.filter { context.isBatched[$0] } + inputs.indices.filter { !context.isBatched[$0] }
    let region = Region(body.graph(inputs: order.map { inputs[$0] }, outputs: outputs))
    let sequenceCount = context.isBatched.count { $0 }
    let scan = Scan(body: region, length: context.size, carryCount: 0, sequenceCount: sequenceCount)
    return try results(of: add(scan, Operands(order.map { context.operands[$0] })))
  }
}

extension Graph {
  /// The region that runs this one for `size` examples.
  ///
  /// - Parameters:
  ///   - isBatched: Which inputs have an extra leading dimension.
  ///   - forced: Which outputs must have it even if they are the same for every example.
  /// - Returns: The region, and which of its outputs have the extra leading dimension.
  func batched(
    isBatched: [Bool], size: Int, forcing forced: [Bool]
  ) throws(GraphError) -> (region: Region, isBatched: [Bool]) {
    var builder = GraphBuilder()
    var inputs: [Value] = []
    for (type, isBatched) in zip(inputTypes, isBatched) {
      inputs.append(
        builder.input(isBatched ? TensorType(type.dtype, try type.shape.batched(size, "vmap")) : type))
    }
    var (outputs, flags) = try builder.batched(self, operands: inputs, isBatched: isBatched, size: size)
    for index in outputs.indices where forced[index] && !flags[index] {
      outputs[index] = try builder.withBatch(outputs[index], isBatched: false, size: size)
      flags[index] = true
    }
    return (Region(builder.graph(inputs: inputs, outputs: outputs)), flags)
  }
}

extension Shape {
  /// This shape with a leading dimension for `size` examples.
  func batched(_ size: Int, _ operation: String) throws(GraphError) -> Shape {
    if rank == Shape.maximumRank { throw tooManyDimensions(operation, self) }
    var shape = self
    shape.insert(size, at: 0)
    return shape
  }
}
