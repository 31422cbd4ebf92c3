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
