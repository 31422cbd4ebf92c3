/// Joins tensors along an existing axis.
public struct Concatenate: PrimitiveRules {
  public var axis: Int

  public init(axis: Int) { self.axis = axis }

  public var name: String { "concatenate" }
  public var primitive: Primitive { .concatenate(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(axis) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    guard var result = operands.first else { throw GraphError(name, "there is nothing to join") }
    if axis < 0 || axis >= result.rank { throw GraphError(name, "axis \(axis) is outside \(result.shape)") }
    for (position, other) in operands.dropFirst().enumerated() {
      if other.dtype != result.dtype {
        throw GraphError(name, "element types differ: \(result) and \(other) (operand \(position + 1))")
      }
      var expected = other.shape
      if other.rank == result.rank { expected[axis] = result.shape[axis] }
      if expected != result.shape {
        throw GraphError(
          name, "\(other.shape) (operand \(position + 1)) does not join \(operands.first!.shape) along axis \(axis)")
      }
      let (sum, overflow) = result.shape[axis].addingReportingOverflow(other.shape[axis])
      if overflow { throw GraphError(name, "axis \(axis) grows too large") }
      result.shape[axis] = sum
    }
    return result
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var results: [Value?] = []
    var start = 0
    for (index, operand) in context.operands.enumerated() {
      let end = start + graph.shape(operand)[axis]
      results.append(context.isNeeded[index] ? try graph.slice(context.cotangent, axis: axis, start..<end) : nil)
      start = end
    }
    return results
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let tangents = try graph.orZeros(context.tangents, like: context.operands)
    return [try graph.add(self, Operands(tangents))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let operands = try graph.withBatches(context)
    return [try graph.add(Concatenate(axis: axis + 1), Operands(operands))]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  /// All axes but the joined one are indices.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let indices = (0..<result.rank).map { $0 == axis ? nil : $0 }
    return IndexStructure(operands: operands.map { _ in indices }, result: indices)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    var joined = ReferenceTensor(zeros: result)
    var start = 0
    for operand in operands {
      let moves = operand.type.shape.elementIndices.enumerated().map { position, index in
        var moved = index
        moved[axis] += start
        return (from: position, to: result.shape.position(of: moved))
      }
      joined.copyElements(of: operand, moves)
      start += operand.type.shape[axis]
    }
    return [joined]
  }
}
