/// Takes a block of fixed size that begins where an operand says.
///
/// Operands: the tensor, and the starts as `int64 [rank]`. A block that does not lie inside the tensor is an error
/// when the program runs; nothing is moved to fit.
public struct DynamicSlice: PrimitiveRules {
  public var sizes: Shape

  public init(sizes: Shape) { self.sizes = sizes }

  public var name: String { "dynamicSlice" }
  public var primitive: Primitive { .dynamicSlice(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    try checkStarts(operands[operands.startIndex + 1], for: operand.shape, operation: name)
    if sizes.rank != operand.rank { throw GraphError(name, "\(sizes) is not a block of \(operand.shape)") }
    for i in 0..<sizes.rank where sizes[i] < 0 || sizes[i] > operand.shape[i] {
      throw GraphError(name, "a block of \(sizes) does not fit into \(operand.shape) (axis \(i))")
    }
    return TensorType(operand.dtype, sizes)
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let zeros = try graph.zeros(graph.type(context.operands[0]))
    return [try graph.add(DynamicUpdate(), Operands(zeros, context.cotangent, context.operands[1])), nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.tangents[0]!, context.operands[1]))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    if context.isBatched[1] { return try graph.batchedOneByOne(self, context) }
    let starts = try graph.startsWithBatch(context.operands[1])
    let whole = DynamicSlice(sizes: try sizes.batched(context.size, name))
    return [try graph.add(whole, Operands(context.operands[0], starts))]
  }

  /// Only what is taken must be read, and the starts.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    Cost(moving: [result, operands.last!], to: result)
  }

  /// Axes that are taken whole are indices.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let operand = operands[operands.startIndex].shape
    let indices = (0..<result.rank).map { operand[$0] == result.shape[$0] ? $0 : nil }
    return IndexStructure(operands: [indices, [nil]], result: indices)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let source = operands[0].type.shape
    let starts = try checkedStarts(operands[1], of: sizes, in: source, operation: name)
    let positions = result.shape.elementIndices.map { index in
      source.position(of: zip(starts, index).map(+))
    }
    return [operands[0].picking(positions, as: result)]
  }
}

func checkStarts(_ starts: TensorType, for shape: Shape, operation: String) throws(GraphError) {
  if starts != TensorType(.int64, [shape.rank]) {
    throw GraphError(operation, "the starts are int64 [\(shape.rank)], not \(starts)")
  }
}

/// Where a block of shape `block` begins in a tensor of shape `shape`, or the error of lying outside.
func checkedStarts(
  _ starts: ReferenceTensor, of block: Shape, in shape: Shape, operation: String
) throws(ExecutionError) -> [Int] {
  let starts = starts.integers.map { Int($0) }
  for (axis, start) in starts.enumerated() where start < 0 || start > shape[axis] - block[axis] {
    throw ExecutionError(
      node: nil,
      message: "\(operation): start \(start) of a block of \(block) is outside axis \(axis) of \(shape) "
        + "(valid: 0...\(shape[axis] - block[axis]))")
  }
  return starts
}

extension GraphBuilder {
  /// The starts of a block that takes all examples, whose dimension comes first.
  mutating func startsWithBatch(_ starts: Value) throws(GraphError) -> Value {
    try concatenate([zeros(TensorType(.int64, [1])), starts], axis: 0)
  }
}
