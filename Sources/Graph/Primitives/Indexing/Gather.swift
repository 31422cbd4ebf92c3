/// Takes what the indices name. Operands: the source and the indices (any integer type).
public struct Gather: PrimitiveRules {
  public var form: IndexForm

  public init(_ form: IndexForm) { self.form = form }

  public var name: String { "gather" }
  public var primitive: Primitive { .gather(self) }
  public func mix(into hash: inout StructureHash) { form.mix(into: &hash) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let source = operands[operands.startIndex]
    let indices = operands[operands.startIndex + 1]
    return TensorType(source.dtype, try form.selectedShape(source.shape, indices, operation: name))
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    // An index may occur twice, so what it took must add up.
    let zeros = try graph.zeros(graph.type(context.operands[0]))
    return [try graph.add(Scatter(form, .add), Operands(zeros, context.operands[1], context.cotangent)), nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [try graph.add(self, Operands(context.tangents[0]!, context.operands[1]))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let (source, indices) = (context.operands[0], context.operands[1])
    switch form {
    case .axis(let axis) where !context.isBatched[1]:
      return [try graph.add(Gather(.axis(axis + 1)), Operands(source, indices))]
    case .axis(let axis) where !context.isBatched[0]:
      // The examples become a dimension of the indices like any other.
      return [try graph.moveAxis(graph.add(self, Operands(source, indices)), from: axis, to: 0)]
    case .axis(let axis):
      return [try batchedAlong(axis, source, indices, in: &graph)]
    case .points(batch: 0) where !context.isBatched[0]:
      return [try graph.add(self, Operands(source, indices))]
    case .elements, .points:
      return [try graph.add(Gather(form.insideBatch), Operands(graph.withBatches(context)))]
    }
  }

  /// Takes slices along `axis` of each example's source, by each example's indices.
  private func batchedAlong(
    _ axis: Int, _ source: Value, _ indices: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let taken = graph.shape(indices).dropFirst()
    let shape = graph.shape(source)
    let result = Shape(Array(shape[...axis]) + Array(taken) + Array(shape[(axis + 2)...]))
    let points = try graph.indexPoints(indices)
    let moved = try graph.moveAxis(source, from: axis + 1, to: 1)
    let found = try graph.add(Gather(.points(batch: 1)), Operands(moved, points))
    return try graph.reshape(graph.moveAxis(found, from: 1, to: axis + 1), to: result)
  }

  /// Only what is taken must be read, and the indices.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    Cost(moving: [result, operands.last!], to: result)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let indices = operands[operands.startIndex + 1].rank
    let (source, taken) = form.loops(source: operands[operands.startIndex].rank, indices: operands.last!.shape)
    return IndexStructure(operands: [source, Array(taken.prefix(indices))], result: Array(0..<result.rank))
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let places = try form.places(in: operands[0].type.shape, indices: operands[1], operation: name)
    return [operands[0].picking(places, as: result)]
  }
}

extension GraphBuilder {
  /// The indices `[examples, …]` into one axis as points `[examples, count, 1]`.
  mutating func indexPoints(_ indices: Value) throws(GraphError) -> Value {
    let shape = shape(indices)
    return try reshape(indices, to: [shape[0], shape.dropFirst().reduce(1, *), 1])
  }
}
