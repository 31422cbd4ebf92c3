/// An operation without operands: it has no derivative to pass on, and nothing to batch.
protocol LeafRules: PrimitiveRules {}

extension LeafRules {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] { [] }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    throw GraphError(name, "it has no operands that could carry examples")
  }
}
