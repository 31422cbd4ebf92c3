/// One result of an operation that has several.
public struct Element: PrimitiveRules {
  public var index: Int
  public var type: TensorType

  public init(_ index: Int, type: TensorType) {
    self.index = index
    self.type = type
  }

  public var name: String { "element" }
  public var primitive: Primitive { .element(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(index) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType { type }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    throw belongsToOperation
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    throw belongsToOperation
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    throw belongsToOperation
  }

  // The transforms see operation and elements together, and never ask.
  private var belongsToOperation: GraphError {
    GraphError(name, "one result is transformed only together with the operation that has it")
  }

  /// Nothing: it names what is there.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost() }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }

  /// - Parameter operands: All results of the operation.
  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] { [operands[index]] }
}
