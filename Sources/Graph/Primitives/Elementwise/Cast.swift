/// Converts every element to another type.
///
/// Floating point to integer truncates toward zero, saturates at the bounds and turns NaN into 0; integer to
/// narrower integer wraps; anything to bool asks whether it is not 0; float to narrower float rounds to nearest,
/// ties to even.
public struct Cast: PrimitiveRules {
  public var dtype: DType

  public init(to dtype: DType) { self.dtype = dtype }

  public var name: String { "cast" }
  public var primitive: Primitive { .cast(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    TensorType(dtype, operands[operands.startIndex].shape)
  }
}

extension Cast {
  // Between floating-point types only: an integer or bool is piecewise constant.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let source = graph.type(context.operands[0]).dtype
    return source.isFloatingPoint ? [try graph.cast(context.cotangent, to: source)] : [nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    dtype.isFloatingPoint ? [try graph.cast(context.tangents[0]!, to: dtype)] : [nil]
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
    if case .floating(let values) = source.elements {
      if dtype.isFloatingPoint { return [ReferenceTensor(result, rounding: values)] }
      // NaN is not 0, although no integer stands for it.
      if dtype == .bool { return [ReferenceTensor(result, wrapping: values.map { $0 == 0 ? 0 : 1 })] }
      return [ReferenceTensor(type: result, elements: .integer(values.map { Literal($0, dtype).integerValue }))]
    }
    if !dtype.isFloatingPoint { return [ReferenceTensor(result, wrapping: source.integers)] }
    return [ReferenceTensor(type: result, elements: .floating(source.integers.map { floating($0, source.type.dtype) }))]
  }

  /// The nearest number of the result's type, rounded once: an integer of 64 bits has more digits than a double.
  private func floating(_ value: Int64, _ source: DType) -> Double {
    if dtype == .float32 { return Double(source == .uint64 ? Float(UInt64(bitPattern: value)) : Float(value)) }
    return dtype.rounded(source == .uint64 ? Double(UInt64(bitPattern: value)) : Double(value))
  }
}
