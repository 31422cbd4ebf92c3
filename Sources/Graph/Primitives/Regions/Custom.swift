/// An operation of the user's own: types, a computation on host memory, and a derivative.
public struct Custom: PrimitiveRules {
  public var operation: CustomOperation

  public init(_ operation: CustomOperation) { self.operation = operation }

  public var name: String { operation.name }
  public var primitive: Primitive { .custom(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(Int(bitPattern: ObjectIdentifier(operation))) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    try operation.resultType(Array(operands))
  }
}

/// What a ``Custom`` operation does. One value of this class is one operation; keep and reuse it.
public final class CustomOperation: Sendable {
  public let name: String
  /// The type of the result, or an error sentence.
  public let resultType: @Sendable ([TensorType]) throws(GraphError) -> TensorType
  /// Computes the result; operands and result are dense and row-major. May be called from any thread.
  public let compute: @Sendable ([UnsafeRawBufferPointer], [TensorType], UnsafeMutableRawBufferPointer) -> Void
  /// Records the cotangents of the operands; nil where the operation has no derivative.
  public let pullback: (@Sendable (PullbackContext, inout GraphBuilder) throws(GraphError) -> [Value?])?

  public init(
    name: String,
    resultType: @escaping @Sendable ([TensorType]) throws(GraphError) -> TensorType,
    compute: @escaping @Sendable ([UnsafeRawBufferPointer], [TensorType], UnsafeMutableRawBufferPointer) -> Void,
    pullback: (@Sendable (PullbackContext, inout GraphBuilder) throws(GraphError) -> [Value?])? = nil
  ) {
    self.name = name
    self.resultType = resultType
    self.compute = compute
    self.pullback = pullback
  }
}

extension Custom {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    guard let rule = operation.pullback else {
      throw GraphError(name, "the operation was made without a pullback, so it has no derivative")
    }
    return try rule(context, &graph)
  }

  /// By the reverse rule, which is linear in the cotangent and so can itself be pulled back.
  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    guard let rule = operation.pullback else {
      throw GraphError(name, "the operation was made without a pullback, so it has no derivative")
    }
    return try graph.pushforward(
      transposing: { cotangents, graph throws(GraphError) in
        let isNeeded = context.tangents.map { $0 != nil }
        let reverse = PullbackContext(
          operands: context.operands, result: context.result, cotangents: cotangents, isNeeded: isNeeded)
        return try rule(reverse, &graph)
      }, results: [graph.type(context.result)], tangents: context.tangents)
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    try graph.batchedOneByOne(self, context)
  }

  /// The bytes moved; what the closure computes is unknown.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let memory = operands.map { operand in
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: operand.type.sizeInBytes, alignment: 64)
      operand.write(to: bytes)
      return bytes
    }
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: result.sizeInBytes, alignment: 64)
    defer { (memory + [output]).forEach { $0.deallocate() } }
    operation.compute(memory.map { UnsafeRawBufferPointer($0) }, operands.map(\.type), output)
    return [ReferenceTensor(result, reading: UnsafeRawBufferPointer(output))]
  }
}
