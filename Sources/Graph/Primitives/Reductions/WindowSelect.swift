/// Carries values between a tensor and the window positions in which each element is the largest (or smallest).
///
/// The first of equal elements in row-major order of the window is the one selected; NaN is selected first.
/// The two directions are each other's transpose; together they are the derivatives of a max-pool, to any order. By
/// `x` they are piecewise constant. A window that lies in the padding alone selects nothing, which counts as 0.
public struct WindowSelect: PrimitiveRules {
  public enum Direction: UInt8, Sendable, Hashable, CaseIterable {
    /// Operands `x` and one value per window position; adds each value to the place of its window's selected
    /// element, and gives the shape of `x`.
    case scatter
    /// Operands `x` and another tensor of the same shape; gives that tensor's value at each window's selection.
    case gather
  }

  public var direction: Direction
  public var kind: ArgReduce.Kind
  public var window: Window

  public init(_ direction: Direction, _ kind: ArgReduce.Kind, window: Window) {
    self.direction = direction
    self.kind = kind
    self.window = window
  }

  public var name: String { "window \(direction)" }
  public var primitive: Primitive { .windowSelect(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(direction)
    hash.mix(kind)
    window.mix(into: &hash)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let x = operands[operands.startIndex]
    let values = operands[operands.startIndex + 1]
    let positions = try window.resultShape(x.shape, operation: name)
    let expected = direction == .scatter ? positions : x.shape
    if values.shape != expected {
      throw GraphError(name, "the values have shape \(values.shape), expected \(expected) for \(x.shape)")
    }
    if x.dtype == .bool || values.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    return TensorType(values.dtype, direction == .scatter ? x.shape : positions)
  }
}

extension WindowSelect {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    if !context.isNeeded[1] { return [nil, nil] }
    let transpose = WindowSelect(direction == .scatter ? .gather : .scatter, kind, window: window)
    return [nil, try graph.add(transpose, Operands(context.operands[0], context.cotangent))]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    guard let tangent = context.tangents[1] else { return [nil] }
    return [try graph.add(self, Operands(context.operands[0], tangent))]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let x = try graph.withBatch(context.operands[0], isBatched: context.isBatched[0], size: context.size)
    let values = try graph.withBatch(context.operands[1], isBatched: context.isBatched[1], size: context.size)
    let window = try window.batched(operation: name)
    return [try graph.add(WindowSelect(direction, kind, window: window), Operands(x, values))]
  }

  /// Comparisons as if every window were full; in the direction of ``Direction/scatter`` an addition a window as well.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let scattered = operands[operands.startIndex + 1]
    let positions = direction == .scatter ? scattered.elementCount : result.elementCount
    let comparisons = operands.first!.dtype.isFloatingPoint ? positions * (window.sizes.elementCount - 1) : 0
    let additions = direction == .scatter && result.dtype.isFloatingPoint ? positions : 0
    return Cost(moving: operands, to: result, operations: comparisons + additions)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let dimensions = window.freeDimensions
    return IndexStructure(operands: [dimensions, dimensions], result: dimensions)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let x = operands[0]
    let positions = direction == .scatter ? operands[1].type.shape : result.shape
    let groups = window.coverage(of: x.type.shape, positions: positions)
    if x.type.dtype.isFloatingPoint {
      count.floatingPointOperations += groups.count * (window.sizes.elementCount - 1)
    }
    if direction == .scatter && result.dtype.isFloatingPoint { count.floatingPointOperations += groups.count }
    let selected = groups.map { group -> Int? in
      group.dropFirst().reduce(group.first) { best, next in x.wins(kind, next, over: best!) ? next : best }
    }
    switch operands[1].elements {
    case .floating(let values):
      let moved = moved(values, selected, count: result.elementCount, zero: 0, +)
      return [ReferenceTensor(result, rounding: moved)]
    case .integer(let values):
      let moved = moved(values, selected, count: result.elementCount, zero: 0, &+)
      return [ReferenceTensor(result, wrapping: moved)]
    }
  }

  private func moved<Number>(
    _ values: [Number], _ selected: [Int?], count: Int, zero: Number, _ sum: (Number, Number) -> Number
  ) -> [Number] {
    if direction == .gather { return selected.map { $0.map { values[$0] } ?? zero } }
    var result = [Number](repeating: zero, count: count)
    for (value, target) in zip(values, selected) {
      if let target { result[target] = sum(result[target], value) }
    }
    return result
  }
}
