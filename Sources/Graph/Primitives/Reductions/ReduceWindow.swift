/// Combines the elements in each position of a sliding window.
public struct ReduceWindow: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case sum, max, min
  }

  public var kind: Kind
  public var window: Window

  public init(_ kind: Kind, window: Window) {
    self.kind = kind
    self.window = window
  }

  public var name: String { "\(kind)Pool" }
  public var primitive: Primitive { .reduceWindow(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    window.mix(into: &hash)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if operand.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    return TensorType(operand.dtype, try window.resultShape(operand.shape, operation: name))
  }
}

extension ReduceWindow {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let x = context.operands[0]
    let g = context.cotangent
    switch kind {
    case .sum: return [try sumTranspose(g, to: graph.shape(x), in: &graph)]
    case .max: return [try graph.add(WindowSelect(.scatter, .max, window: window), Operands(x, g))]
    case .min: return [try graph.add(WindowSelect(.scatter, .min, window: window), Operands(x, g))]
    }
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let x = context.operands[0]
    let t = context.tangents[0]!
    switch kind {
    case .sum: return [try graph.add(self, Operands(t))]
    case .max: return [try graph.add(WindowSelect(.gather, .max, window: window), Operands(x, t))]
    case .min: return [try graph.add(WindowSelect(.gather, .min, window: window), Operands(x, t))]
    }
  }

  /// Adds the value of each window position to all elements of `shape` that the window covers there.
  ///
  /// That is a window sum as well, with stride 1: strides become gaps between the values, and the padding is what the
  /// first and the last window reach over.
  private func sumTranspose(_ g: Value, to shape: Shape, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let positions = graph.shape(g)
    var low = Shape(repeating: 0, rank: shape.rank)
    var high = low
    var gaps = low
    for i in 0..<shape.rank where shape[i] > 0 && positions[i] > 0 {
      let reach = (window.sizes[i] - 1) * window.dilations[i]
      gaps[i] = window.strides[i] - 1
      low[i] = reach - window.paddingLow[i]
      high[i] = shape[i] + reach - ((positions[i] - 1) * window.strides[i] + 1) - low[i]
    }
    let spread = try graph.pad(g, low: low, high: high, interior: gaps)
    let strides = Shape(repeating: 1, rank: shape.rank)
    let sliding = Window(sizes: window.sizes, strides: strides, dilations: window.dilations)
    return try graph.add(ReduceWindow(.sum, window: sliding), Operands(spread))
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let window = try window.batched(operation: name)
    return [try graph.add(ReduceWindow(kind, window: window), Operands(context.operands[0]))]
  }

  /// Combinations of two elements, as if every window were full: one less than the window's size for each position.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let operations = result.dtype.isFloatingPoint ? result.elementCount * (window.sizes.elementCount - 1) : 0
    return Cost(moving: operands, to: result, operations: operations)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(operands: [window.freeDimensions], result: window.freeDimensions)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let groups = window.coverage(of: operands[0].type.shape, positions: result.shape)
    if case .floating(let values) = operands[0].elements {
      // The padding takes part: it adds 0 or loses.
      count.floatingPointOperations += groups.count * (window.sizes.elementCount - 1)
      return [ReferenceTensor(result, rounding: groups.map { group in floating(group.map { values[$0] }) })]
    }
    let values = operands[0].integers
    return [ReferenceTensor(result, wrapping: groups.map { group in integer(group.map { values[$0] }, result.dtype) })]
  }

  private func floating(_ values: [Double]) -> Double {
    switch kind {
    case .sum: values.reduce(0, +)
    case .max: values.reduce(-.infinity, Binary.larger)
    case .min: -values.map { -$0 }.reduce(-.infinity, Binary.larger)
    }
  }

  private func integer(_ values: [Int64], _ dtype: DType) -> Int64 {
    switch kind {
    case .sum: values.reduce(0, &+)
    case .max: values.reduce(Literal(-.infinity, dtype).integerValue) { Binary.isLess($0, $1, dtype) ? $1 : $0 }
    case .min: values.reduce(Literal(.infinity, dtype).integerValue) { Binary.isLess($1, $0, dtype) ? $1 : $0 }
    }
  }
}
