/// The position of the largest or smallest element along one axis, which disappears; `int64`.
///
/// The first of equal elements wins; NaN wins over everything.
public struct ArgReduce: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case max, min
  }

  public var kind: Kind
  public var axis: Int

  public init(_ kind: Kind, axis: Int) {
    self.kind = kind
    self.axis = axis
  }

  public var name: String { kind == .max ? "argMax" : "argMin" }
  public var primitive: Primitive { .argReduce(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    hash.mix(axis)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    var shape = operands[operands.startIndex].shape
    if axis < 0 || axis >= shape.rank { throw GraphError(name, "axis \(axis) is outside \(shape)") }
    if shape.remove(at: axis) == 0 && shape.elementCount > 0 {
      throw GraphError(name, "axis \(axis) of \(operands[operands.startIndex].shape) is empty")
    }
    return TensorType(.int64, shape)
  }
}

extension ArgReduce {
  // Positions are integers, which never carry a cotangent or a tangent.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(ArgReduce(kind, axis: axis + 1), Operands(context.operands[0]))]
  }

  /// Comparisons: one less than there are elements for each result.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let operand = operands.first!
    let operations = operand.dtype.isFloatingPoint ? operand.elementCount - result.elementCount : 0
    return Cost(moving: operands, to: result, operations: operations)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let rank = operands.first!.rank
    let dimensions = (0..<rank).map { $0 == axis ? nil : $0 }
    return IndexStructure(operands: [dimensions], result: (0..<rank).filter { $0 != axis })
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let operand = operands[0]
    var winners: [Int64] = []
    for line in ReductionLines(operand.type.shape, axis: axis).positions {
      var best = 0
      for candidate in 1..<max(line.count, 1) where operand.wins(kind, line[candidate], over: line[best]) {
        best = candidate
      }
      winners.append(Int64(best))
      if operand.type.dtype.isFloatingPoint { count.floatingPointOperations += line.count - 1 }
    }
    return [ReferenceTensor(type: result, elements: .integer(winners))]
  }
}
