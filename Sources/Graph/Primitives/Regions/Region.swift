/// A graph that another operation runs: the body of a loop, a branch, a named function.
///
/// Shared by reference, so that an operation that carries one stays small.
public final class Region: Sendable {
  public let graph: Graph
  /// The hash of the graph's structure.
  public let hash: UInt64

  public init(_ graph: Graph) {
    self.graph = graph
    hash = graph.structureHash
  }

  /// Checks that operands of the given types fit the inputs.
  func check(_ operands: some Collection<TensorType>, operation: String) throws(GraphError) {
    let inputs = graph.inputTypes
    if Array(operands) != inputs {
      throw GraphError(operation, "the body takes \(inputs), but is given \(Array(operands))")
    }
  }
}
