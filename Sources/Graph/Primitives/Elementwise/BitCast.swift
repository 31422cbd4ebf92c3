/// Reads the bits of every element as another type of the same width.
public struct BitCast: PrimitiveRules {
  public var dtype: DType

  public init(to dtype: DType) { self.dtype = dtype }

  public var name: String { "bitCast" }
  public var primitive: Primitive { .bitCast(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if operand.dtype == .bool || dtype == .bool { throw GraphError(name, "bool has only two valid bit patterns") }
    if operand.dtype.sizeInBytes != dtype.sizeInBytes {
      throw GraphError(name, "\(operand.dtype) and \(dtype) differ in width")
    }
    return TensorType(dtype, operand.shape)
  }
}

extension BitCast {
  /// - Throws: Always for a floating-point operand: bits have no derivative. Integers never need one.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    try checkHasNoDerivative(graph.type(context.operands[0]))
    return [nil]
  }

  /// - Throws: As ``pullback(_:in:)``.
  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    try checkHasNoDerivative(graph.type(context.operands[0]))
    return [nil]
  }

  private func checkHasNoDerivative(_ operand: TensorType) throws(GraphError) {
    if operand.dtype.isFloatingPoint {
      throw GraphError(name, "the bits of \(operand) have no derivative; stop the gradient before them")
    }
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(self, Operands(context.operands[0]))]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(broadcasting: operands, to: result.shape)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let source = operands[0]
    let literals =
      switch source.elements {
      case .floating(let values): values.map { Literal($0, source.type.dtype) }
      case .integer(let values): values.map { Literal(Int($0), source.type.dtype) }
      }
    let cast = literals.map { Literal(dtype: dtype, bits: $0.bits) }
    if dtype.isFloatingPoint {
      return [ReferenceTensor(type: result, elements: .floating(cast.map(\.doubleValue)))]
    }
    return [ReferenceTensor(type: result, elements: .integer(cast.map(\.integerValue)))]
  }
}
