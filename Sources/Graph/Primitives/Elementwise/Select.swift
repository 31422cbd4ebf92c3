/// Takes each element from the second operand where the first (bool) is true, else from the third; broadcasts.
public struct Select: PrimitiveRules {
  public init() {}

  public var name: String { "select" }
  public var primitive: Primitive { .select(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let condition = operands[operands.startIndex]
    let a = operands[operands.startIndex + 1]
    let b = operands[operands.startIndex + 2]
    if condition.dtype != .bool { throw GraphError(name, "the condition is bool, not \(condition.dtype)") }
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    let values = try broadcastShape(a.shape, b.shape, operation: name)
    return TensorType(a.dtype, try broadcastShape(condition.shape, values, operation: name))
  }
}

extension Select {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let condition = context.operands[0]
    let g = context.cotangent
    var cotangents: [Value?] = [nil, nil, nil]
    if context.isNeeded[1] {
      cotangents[1] = try graph.sum(graph.selectOrZero(condition, g), toShape: graph.shape(context.operands[1]))
    }
    if context.isNeeded[2] {
      let rest = try graph.select(condition, graph.scalar(0, like: g), g)
      cotangents[2] = try graph.sum(rest, toShape: graph.shape(context.operands[2]))
    }
    return cotangents
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    // A tangent of the condition, which is bool, cannot be.
    if context.tangents[1] == nil && context.tangents[2] == nil { return [nil] }
    let zero = graph.scalar(0, like: context.result)
    let tangent = try graph.select(context.operands[0], context.tangents[1] ?? zero, context.tangents[2] ?? zero)
    return [try graph.broadcast(tangent, to: graph.shape(context.result))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let operands = try graph.aligned(context)
    return [try graph.add(self, Operands(operands))]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(broadcasting: operands, to: result.shape)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let positions = operands.map { $0.type.shape.broadcastPositions(to: result.shape) }
    let conditions = operands[0].integers
    let choices = result.shape.elementCount == 0 ? [] : positions[0].map { conditions[$0] != 0 }
    if case .floating(let a) = operands[1].elements, case .floating(let b) = operands[2].elements {
      let values = choices.indices.map { choices[$0] ? a[positions[1][$0]] : b[positions[2][$0]] }
      return [ReferenceTensor(type: result, elements: .floating(values))]
    }
    let (a, b) = (operands[1].integers, operands[2].integers)
    let values = choices.indices.map { choices[$0] ? a[positions[1][$0]] : b[positions[2][$0]] }
    return [ReferenceTensor(type: result, elements: .integer(values))]
  }
}
