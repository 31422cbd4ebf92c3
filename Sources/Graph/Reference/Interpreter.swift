/// Runs graphs one operation at a time by the reference interpretation that each primitive states.
///
/// Slow and obviously right: the measure for every engine. Nothing recurses except into the bodies of regions, and a
/// value is freed after its last use.
public struct Interpreter {
  /// The operations done so far.
  public private(set) var count: OperationCount
  /// Sees, and may change, the results of every operation of the graph, by the position of its node.
  package var observer: ((_ position: Int, _ results: inout [ReferenceTensor]) -> Void)?

  public init() { count = OperationCount() }

  /// An interpreter that goes on counting from `count`.
  init(count: OperationCount) { self.count = count }

  /// Runs `graph` once.
  ///
  /// - Parameters:
  ///   - inputs: A tensor for each input, of its type.
  ///   - scalars: Values for the graph's own scalar nodes, in order; those written in the graph when nil. Scalars in
  ///     the bodies of regions always keep theirs.
  /// - Returns: A tensor for each output.
  /// - Throws: An ``ExecutionError`` with the node of `graph` at fault and the place where it was recorded.
  public mutating func run(
    _ graph: Graph, inputs: [ReferenceTensor], scalars: [Literal]? = nil
  ) throws(ExecutionError) -> [ReferenceTensor] {
    var run = Run(graph: graph)
    try run.setInputs(inputs)
    var nextScalar = 0
    for position in graph.nodes.indices {
      switch graph.nodes[position].primitive {
      case .input: continue
      case .scalar(let scalar):
        let literal = scalars.map { $0[nextScalar] } ?? scalar.literal
        nextScalar += 1
        run.results[position] = [ReferenceTensor(literal)]
      default: try run.evaluate(position, count: &count)
      }
      if observer != nil { observer?(position, &run.results[position]!) }
      run.releaseOperands(of: position)
    }
    return graph.outputs.map { run.results[$0.position]![0] }
  }
}

/// The values of one run that are still to be used.
private struct Run {
  let graph: Graph
  /// The results of each node: one, or several for operations with regions.
  var results: [[ReferenceTensor]?]
  /// For each node, the position of its last user; outputs are kept.
  let lastUse: [Int]

  init(graph: Graph) {
    self.graph = graph
    results = Array(repeating: nil, count: graph.nodes.count)
    var lastUse = Array(graph.nodes.indices)
    for position in graph.nodes.indices {
      for operand in graph.nodes[position].operands { lastUse[operand.position] = position }
    }
    for output in graph.outputs { lastUse[output.position] = .max }
    self.lastUse = lastUse
  }

  mutating func setInputs(_ inputs: [ReferenceTensor]) throws(ExecutionError) {
    if inputs.count != graph.inputs.count {
      throw ExecutionError(node: nil, message: "\(inputs.count) inputs for a program that takes \(graph.inputs.count)")
    }
    for (value, tensor) in zip(graph.inputs, inputs) {
      if graph[value].type != tensor.type {
        throw ExecutionError(
          node: value.position, message: "the input is \(tensor.type), the program takes \(graph[value].type)")
      }
      results[value.position] = [tensor]
    }
  }

  mutating func evaluate(_ position: Int, count: inout OperationCount) throws(ExecutionError) {
    let node = graph.nodes[position]
    if case .element(let element) = node.primitive {
      results[position] = [results[node.operands[0].position]![element.index]]
      return
    }
    let operands = node.operands.map { results[$0.position]![0] }
    do {
      results[position] = try node.primitive.rules.evaluate(operands, result: node.type, count: &count)
    } catch {
      // An error inside a region knows its own line already, which is the one to show.
      throw ExecutionError(node: position, message: error.message, location: error.location ?? node.location)
    }
  }

  mutating func releaseOperands(of position: Int) {
    for operand in graph.nodes[position].operands where lastUse[operand.position] == position {
      results[operand.position] = nil
    }
    if lastUse[position] == position { results[position] = nil }
  }
}
