// Bodies of regions that compute derivatives of other bodies.

extension Graph {
  /// The positions of floating-point outputs: those that have cotangents and tangents.
  var differentiableOutputs: [Int] { outputs.indices.filter { self[outputs[$0]].type.dtype.isFloatingPoint } }

  /// The graph that computes cotangents of inputs.
  ///
  /// Takes the inputs of this graph, then a cotangent for each floating-point output, in order; gives a cotangent for
  /// each input in `needed`, in that order, zeros where nothing depends on it.
  ///
  /// - Parameters:
  ///   - needed: Positions of floating-point inputs.
  ///   - isRecomputing: Whether a barrier keeps engines from sharing values with another run of this graph, so that
  ///     they are computed again instead of kept.
  public func gradient(needed: [Int], isRecomputing: Bool = false) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let inputs = inputTypes.map { builder.input($0) }
    let cotangents = differentiableOutputs.map { builder.input(self[outputs[$0]].type) }
    var operands = inputs
    if isRecomputing {
      for index in operands.indices { operands[index] = try builder.add(Identity(.barrier), Operands(operands[index])) }
    }
    let results = try builder.gradient(of: self, operands: operands, cotangents: cotangents, needed: needed)
    return builder.graph(inputs: inputs + cotangents, outputs: results)
  }

  /// The graph that computes tangents of outputs.
  ///
  /// Takes the inputs of this graph, then a tangent for each input in `given`, in that order; gives a tangent for each
  /// floating-point output, in order, zeros where it depends on none.
  ///
  /// - Parameter given: Positions of floating-point inputs.
  public func tangent(given: [Int]) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let inputs = inputTypes.map { builder.input($0) }
    let tangents = given.map { builder.input(self[self.inputs[$0]].type) }
    let (_, results) = try builder.tangent(of: self, operands: inputs, tangents: tangents, given: given)
    return builder.graph(inputs: inputs + tangents, outputs: results)
  }
}

extension GraphBuilder {
  /// Records `graph` and the cotangents of its inputs `needed`, given one for each floating-point output.
  ///
  /// - Precondition: No value is given for two inputs, because its cotangents could not be told apart.
  mutating func gradient(
    of graph: Graph, operands: [Value], cotangents: [Value], needed: [Int]
  ) throws(GraphError) -> [Value] {
    let start = nodes.count
    let sources = needed.map { operands[$0] }
    let results = try inline(graph, operands: operands)
    let outputs = graph.differentiableOutputs.map { results[$0] }
    let found = try pullback(from: outputs, cotangents: cotangents, to: sources, after: start)
    return try orZeros(found, like: sources)
  }

  /// Records `graph` and the tangents of its floating-point outputs, given those of its inputs `given`.
  mutating func tangent(
    of graph: Graph, operands: [Value], tangents: [Value], given: [Int]
  ) throws(GraphError) -> (results: [Value], tangents: [Value]) {
    let start = nodes.count
    let results = try inline(graph, operands: operands)
    let outputs = graph.differentiableOutputs.map { results[$0] }
    let found = try pushforward(of: outputs, from: given.map { operands[$0] }, tangents: tangents, after: start)
    return (results, try orZeros(found, like: outputs))
  }

  /// Zeros for the derivatives that are not there, each of the type of its value.
  mutating func orZeros(_ derivatives: [Value?], like values: [Value]) throws(GraphError) -> [Value] {
    try orZeros(derivatives, types: values.map { type($0) })
  }

  /// Zeros for the derivatives that are not there.
  mutating func orZeros(_ derivatives: [Value?], types: [TensorType]) throws(GraphError) -> [Value] {
    var filled: [Value] = []
    for (derivative, type) in zip(derivatives, types) {
      if let derivative { filled.append(derivative) } else { filled.append(try zeros(type)) }
    }
    return filled
  }

  /// The tangents of an operation's results by its reverse rule.
  ///
  /// The rule is linear in the cotangents, so pulling back through it, from the operands' cotangents to the results',
  /// is the forward derivative. The cotangents that it is recorded with do not matter.
  mutating func pushforward(
    transposing rule: ([Value], inout GraphBuilder) throws(GraphError) -> [Value?], results: [TensorType],
    tangents: [Value?]
  ) throws(GraphError) -> [Value?] {
    let start = nodes.count
    var placeholders: [Value] = []
    for type in results { placeholders.append(try zeros(type)) }
    let linear = try rule(placeholders, &self)
    let known = linear.indices.filter { linear[$0] != nil && tangents[$0] != nil }
    let found = try pullback(
      from: known.map { linear[$0]! }, cotangents: known.map { tangents[$0]! },
      to: placeholders.filter { type($0).dtype.isFloatingPoint }, after: start)
    return found.spread(over: results.indices.filter { results[$0].dtype.isFloatingPoint }, count: results.count)
  }
}

extension Array where Element == Value? {
  /// These values at the given positions of a longer list, nil elsewhere.
  func spread(over positions: [Int], count: Int) -> [Value?] {
    var list = [Value?](repeating: nil, count: count)
    for (value, position) in zip(self, positions) { list[position] = value }
    return list
  }
}
