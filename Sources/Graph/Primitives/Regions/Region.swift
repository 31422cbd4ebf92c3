/// A graph that another operation runs: the body of a loop, a branch, a named function.
///
/// Shared by reference, so that an operation that carries one stays small.
public final class Region: Sendable {
  public let graph: Graph
  /// The hash of the graph's structure and of the scalars in it.
  public let hash: UInt64

  public init(_ graph: Graph) {
    self.graph = graph
    var hash = StructureHash(seed: graph.structureHash)
    // Only a program's own scalars are given anew at each run; those of a body are part of what it is.
    for case .scalar(let scalar) in graph.nodes.lazy.map(\.primitive) { hash.mix(scalar.literal.bits) }
    self.hash = hash.state
  }

  /// Checks that operands of the given types fit the inputs.
  func check(_ operands: some Collection<TensorType>, operation: String) throws(GraphError) {
    let inputs = graph.inputTypes
    if Array(operands) != inputs {
      throw GraphError(operation, "the body takes \(inputs), but is given \(Array(operands))")
    }
  }
}

extension Region {
  /// The number of operations that one run does; the bytes that it moves depend on the engine.
  var operationCost: Cost {
    var total = Cost()
    for node in graph.nodes {
      let types = node.operands.map { graph[$0].type }
      total = total + node.primitive.rules.cost(types[...], result: node.type)
    }
    total.bytesRead = 0
    total.bytesWritten = 0
    return total
  }

  /// Runs the graph in the reference interpreter.
  func evaluate(
    _ inputs: [ReferenceTensor], count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    var interpreter = Interpreter(count: count)
    let outputs = try interpreter.run(graph, inputs: inputs)
    count = interpreter.count
    return outputs
  }
}

extension Cost {
  /// `operations` of a body that runs `count` times, and the bytes of operands and results, moved once.
  init(repeating body: Cost, count: Int = 1, moving operands: OperandTypes, to results: [TensorType]) {
    self.init(
      floatingPointOperations: body.floatingPointOperations * count,
      transcendentalOperations: body.transcendentalOperations * count,
      bytesRead: operands.reduce(0) { $0 + $1.sizeInBytes }, bytesWritten: results.reduce(0) { $0 + $1.sizeInBytes })
  }
}
