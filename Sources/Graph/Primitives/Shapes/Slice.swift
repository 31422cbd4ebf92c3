/// Takes every `strides[i]`-th element of `starts[i]..<limits[i]` along each dimension.
public struct Slice: PrimitiveRules {
  public var starts: Shape
  public var limits: Shape
  /// At least 1; a negative step is a ``Reverse`` as well.
  public var strides: Shape

  public init(starts: Shape, limits: Shape, strides: Shape? = nil) {
    self.starts = starts
    self.limits = limits
    self.strides = strides ?? Shape(repeating: 1, rank: starts.rank)
  }

  public var name: String { "slice" }
  public var primitive: Primitive { .slice(self) }
  public func mix(into hash: inout StructureHash) {
    for part in [starts, limits, strides] { hash.mix(part) }
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if starts.rank != operand.rank || limits.rank != operand.rank || strides.rank != operand.rank {
      throw GraphError(name, "\(starts.rank) bounds for the \(operand.rank) axes of \(operand.shape)")
    }
    var shape = Shape()
    for i in 0..<operand.rank {
      if strides[i] < 1 { throw GraphError(name, "step \(strides[i]) along axis \(i) is less than 1") }
      if starts[i] < 0 || limits[i] > operand.shape[i] || starts[i] > limits[i] {
        throw GraphError(name, "\(starts[i])..<\(limits[i]) is outside axis \(i) of \(operand.shape)")
      }
      shape.append((limits[i] - starts[i] + strides[i] - 1) / strides[i])
    }
    return TensorType(operand.dtype, shape)
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    // Steps become gaps of zeros; what was cut off comes back as zeros.
    let operand = graph.shape(context.operands[0])
    let taken = graph.shape(context.cotangent)
    var high = operand
    for i in 0..<operand.rank {
      let end = taken[i] == 0 ? starts[i] : starts[i] + (taken[i] - 1) * strides[i] + 1
      high[i] = operand[i] - end
    }
    return [try graph.pad(context.cotangent, low: starts, high: high, interior: Shape(strides.map { $0 - 1 }))]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.tangents[0]!))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let whole = Slice(
      starts: Shape([0] + starts), limits: try limits.batched(context.size, name), strides: Shape([1] + strides))
    return [try graph.add(whole, Operands(context.operands[0]))]
  }

  /// Only what is taken must be read.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: [result], to: result) }

  /// Axes that are taken whole are indices.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let operand = operands[operands.startIndex].shape
    let indices = (0..<result.rank).map { operand[$0] == result.shape[$0] ? $0 : nil }
    return IndexStructure(operands: [indices], result: indices)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let source = operands[0].type.shape
    let positions = result.shape.elementIndices.map { index in
      source.position(of: index.enumerated().map { starts[$0] + $1 * strides[$0] })
    }
    return [operands[0].picking(positions, as: result)]
  }
}
