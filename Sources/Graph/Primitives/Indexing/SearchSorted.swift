/// Where values belong among sorted ones: `int64` positions from 0 to the length of a line, at which they could be
/// inserted without disturbing the order.
///
/// Operands: the sequence `[…, n]`, ascending along its last axis (NaN last), and the values `[…, m]`, of the same
/// element type and the same leading sizes. The order is not checked; in a line that is not sorted the positions are
/// still within it.
public struct SearchSorted: PrimitiveRules {
  /// Whether a value that is there already is placed behind its equals, not before them.
  public var isRight: Bool

  public init(isRight: Bool) { self.isRight = isRight }

  public var name: String { "searchSorted" }
  public var primitive: Primitive { .searchSorted(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(isRight) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let (sequence, values) = (operands[operands.startIndex], operands[operands.startIndex + 1])
    if sequence.dtype != values.dtype {
      throw GraphError(name, "element types differ: \(sequence) and \(values); cast one of them")
    }
    guard sequence.rank >= 1, sequence.rank == values.rank, sequence.shape.dropLast() == values.shape.dropLast() else {
      throw GraphError(name, "sequences \(sequence.shape) and values \(values.shape) differ before the last axis")
    }
    return TensorType(.int64, values.shape)
  }

  // Positions are integers, which never carry a cotangent or a tangent.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil, nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(self, Operands(graph.withBatches(context)))]
  }

  /// Comparisons of a binary search.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let sequence = operands.first!
    let rounds = Int.bitWidth - sequence.shape[sequence.rank - 1].leadingZeroBitCount
    let operations = sequence.dtype.isFloatingPoint ? result.elementCount * rounds : 0
    return Cost(moving: operands, to: result, operations: operations)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let batch: [Int?] = Array(0..<(result.rank - 1))
    return IndexStructure(operands: [batch + [nil], batch + [result.rank - 1]], result: Array(0..<result.rank))
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let (sequence, values) = (operands[0], operands[1])
    let (n, m) = (sequence.type.shape.last!, result.shape.last!)
    let places = (0..<result.elementCount).map { position -> Int64 in
      let line = position / m * n
      var (low, high) = (0, n)
      while low < high {
        let middle = (low + high) / 2
        if sequence.type.dtype.isFloatingPoint { count.floatingPointOperations += 1 }
        if isBefore(sequence, line + middle, values, position) { low = middle + 1 } else { high = middle }
      }
      return Int64(low)
    }
    return [ReferenceTensor(type: result, elements: .integer(places))]
  }

  /// Whether element `i` of the sequence stays before value `j`.
  private func isBefore(_ sequence: ReferenceTensor, _ i: Int, _ values: ReferenceTensor, _ j: Int) -> Bool {
    switch (sequence.elements, values.elements) {
    case (.floating(let a), .floating(let b)):
      let (x, y) = (a[i], b[j])
      if x.isNaN || y.isNaN { return isRight ? y.isNaN : y.isNaN && !x.isNaN }
      return isRight ? x <= y : x < y
    default:
      let (x, y) = (sequence.integers[i], values.integers[j])
      let dtype = sequence.type.dtype
      return isRight ? !Binary.isLess(y, x, dtype) : Binary.isLess(x, y, dtype)
    }
  }
}
