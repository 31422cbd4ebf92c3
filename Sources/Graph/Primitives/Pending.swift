extension PrimitiveRules {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    throw GraphError(name, "pending")
  }
  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    throw GraphError(name, "pending")
  }
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    throw GraphError(name, "pending")
  }
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost() }
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }
  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] { throw ExecutionError(node: nil, message: "\(name) pending") }
}
extension GraphBuilder {
  public mutating func pullback(
    from outputs: [Value], cotangents: [Value], to sources: [Value], after start: Int = 0
  ) throws(GraphError) -> [Value?] { throw GraphError("pullback", "pending") }
  public mutating func pushforward(
    of outputs: [Value], from sources: [Value], tangents: [Value], after start: Int = 0
  ) throws(GraphError) -> [Value?] { throw GraphError("pushforward", "pending") }
  public mutating func batched(
    _ graph: Graph, operands: [Value], isBatched: [Bool], size: Int
  ) throws(GraphError) -> (results: [Value], isBatched: [Bool]) { throw GraphError("vmap", "pending") }
}
extension GraphBuilder {
  public mutating func inline(_ graph: Graph, operands: [Value]) throws(GraphError) -> [Value] { throw GraphError("inline", "pending") }
}
