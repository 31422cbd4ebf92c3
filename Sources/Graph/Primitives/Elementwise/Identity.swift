/// Passes its operand on, and tells transforms or engines something.
public struct Identity: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Derivatives of any order and direction see a constant.
    case stopGradient
    /// Engines do not merge or move computations across.
    case barrier
  }

  public var kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var name: String { "\(kind)" }
  public var primitive: Primitive { .identity(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(kind) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    operands[operands.startIndex]
  }
}

extension Identity {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [kind == .stopGradient ? nil : context.cotangent]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [kind == .stopGradient ? nil : context.tangents[0]]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(self, Operands(context.operands[0]))]
  }

  // The same memory serves as operand and result.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost() }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(broadcasting: operands, to: result.shape)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] { [operands[0]] }
}
