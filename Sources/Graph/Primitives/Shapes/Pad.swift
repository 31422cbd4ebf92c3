/// Surrounds a tensor with a value, and puts `interior[i]` of them between neighbours.
///
/// Operands: the tensor and a scalar of its type. Negative `low` or `high` crops (after the interior is filled).
public struct Pad: PrimitiveRules {
  public var low: Shape
  public var high: Shape
  public var interior: Shape

  public init(low: Shape, high: Shape, interior: Shape? = nil) {
    self.low = low
    self.high = high
    self.interior = interior ?? Shape(repeating: 0, rank: low.rank)
  }

  public var name: String { "pad" }
  public var primitive: Primitive { .pad(self) }
  public func mix(into hash: inout StructureHash) {
    for part in [low, high, interior] { hash.mix(part) }
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    let value = operands[operands.startIndex + 1]
    if value != TensorType(operand.dtype, Shape()) {
      throw GraphError(name, "the padding value is \(operand.dtype) [], not \(value)")
    }
    if low.rank != operand.rank || high.rank != operand.rank || interior.rank != operand.rank {
      throw GraphError(name, "\(low.rank) widths for the \(operand.rank) axes of \(operand.shape)")
    }
    var shape = Shape()
    for i in 0..<operand.rank {
      if interior[i] < 0 { throw GraphError(name, "interior padding \(interior[i]) along axis \(i) is negative") }
      let (gaps, overflow) = max(operand.shape[i] - 1, 0).multipliedReportingOverflow(by: interior[i])
      let (size, overflow2) = (operand.shape[i] + low[i]).addingReportingOverflow(high[i])
      let (total, overflow3) = size.addingReportingOverflow(gaps)
      if overflow || overflow2 || overflow3 { throw GraphError(name, "axis \(i) of \(operand.shape) grows too large") }
      if total < 0 { throw GraphError(name, "axis \(i) of \(operand.shape) is cropped below 0") }
      shape.append(total)
    }
    return TensorType(operand.dtype, shape)
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let operand = graph.type(context.operands[0])
    var results: [Value?] = [nil, nil]
    if context.isNeeded[0] { results[0] = try cropped(context.cotangent, to: operand.shape, in: &graph) }
    if context.isNeeded[1] {
      let padding = try graph.selectOrZero(isPadding(of: operand.shape, in: &graph), context.cotangent)
      results[1] = try graph.sum(padding, axes: 0..<operand.rank)
    }
    return results
  }

  /// Takes out of `result` what came from an operand of shape `shape`; zeros for what was cropped.
  private func cropped(
    _ result: Value, to shape: Shape, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let whole = try graph.pad(result, low: Shape(low.map { -$0 }), high: Shape(high.map { -$0 }))
    let slice = Slice(
      starts: Shape(repeating: 0, rank: shape.rank), limits: graph.shape(whole), strides: Shape(interior.map { $0 + 1 })
    )
    return try graph.add(slice, Operands(whole))
  }

  /// Whether each element of the result is padding (bool), for an operand of shape `shape`.
  private func isPadding(of shape: Shape, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let inside = try graph.zeros(TensorType(.bool, shape))
    return try graph.add(self, Operands(inside, graph.scalar(1, .bool)))
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let tangents = try graph.orZeros(context.tangents, like: context.operands)
    return [try graph.add(self, Operands(tangents))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    var whole = self
    whole.low = Shape([0] + low)
    whole.high = Shape([0] + high)
    whole.interior = Shape([0] + interior)
    let operand = try graph.withBatch(context.operands[0], isBatched: context.isBatched[0], size: context.size)
    if !context.isBatched[1] { return [try graph.add(whole, Operands(operand, context.operands[1]))] }
    // Every example has its own value: pad with anything, then put the values in its place.
    let padded = try graph.add(whole, Operands(operand, graph.scalar(0, like: operand)))
    let isPadding = try whole.isPadding(of: graph.shape(operand), in: &graph)
    let value = try graph.aligned(context.operands[1], isBatched: true, toRank: low.rank)
    return [try graph.select(isPadding, value, padded)]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  /// Axes that get no padding are indices.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let indices = (0..<result.rank).map { low[$0] == 0 && high[$0] == 0 && interior[$0] == 0 ? $0 : nil }
    return IndexStructure(operands: [indices, []], result: indices)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let source = operands[0].type.shape
    var padded = operands[1].picking(Array(repeating: 0, count: result.elementCount), as: result)
    var moves: [(from: Int, to: Int)] = []
    for (position, index) in source.elementIndices.enumerated() {
      let moved = index.enumerated().map { low[$0] + $1 * (interior[$0] + 1) }
      let isInside = zip(moved, result.shape).allSatisfy { $0 >= 0 && $0 < $1 }
      if isInside { moves.append((position, result.shape.position(of: moved))) }
    }
    padded.copyElements(of: operands[0], moves)
    return [padded]
  }
}
