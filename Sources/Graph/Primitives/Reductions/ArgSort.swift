/// The stable order of the elements along one axis, as `int64` positions; NaN comes last either way.
///
/// Sorting values, or carrying a payload, is this and a ``Gather`` of elements; the `count` largest are the beginning of
/// a descending order.
public struct ArgSort: PrimitiveRules {
  public var axis: Int
  public var isDescending: Bool
  /// How many positions of the order are asked for, from its beginning; all by default.
  public var count: Int?

  public init(axis: Int, isDescending: Bool = false, count: Int? = nil) {
    self.axis = axis
    self.isDescending = isDescending
    self.count = count
  }

  public var name: String { count == nil ? "argSort" : "topK" }
  public var primitive: Primitive { .argSort(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(axis)
    hash.mix(isDescending)
    hash.mix(count ?? -1)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if axis < 0 || axis >= operand.rank { throw GraphError(name, "axis \(axis) is outside \(operand.shape)") }
    var shape = operand.shape
    if let count {
      guard count >= 0 && count <= shape[axis] else {
        throw GraphError(name, "there are no \(count) elements along axis \(axis) of \(shape)")
      }
      shape[axis] = count
    }
    return TensorType(.int64, shape)
  }
}

extension ArgSort {
  // Positions are integers, which never carry a cotangent or a tangent.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let inner = ArgSort(axis: axis + 1, isDescending: isDescending, count: count)
    return [try graph.add(inner, Operands(context.operands[0]))]
  }

  /// Comparisons of a merge sort: at most *n* ⌈log₂ *n*⌉ for each line, fewer where the values are in order.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let operand = operands.first!
    let length = operand.shape[axis]
    let rounds = length < 2 ? 0 : Int.bitWidth - (length - 1).leadingZeroBitCount
    let operations = operand.dtype.isFloatingPoint ? operand.elementCount * rounds : 0
    return Cost(moving: operands, to: result, operations: operations)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(freeOutside: axis, rank: result.rank)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let operand = operands[0]
    var order = [Int64](repeating: 0, count: result.elementCount)
    var comparisons = 0
    let targets = ReductionLines(result.shape, axis: axis).positions
    for (line, target) in zip(ReductionLines(operand.type.shape, axis: axis).positions, targets) {
      let sorted = mergeSorted(Array(line.indices)) { a, b in
        comparisons += 1
        return isAfter(operand, line[a], line[b])
      }
      for (place, position) in zip(target, sorted) { order[place] = Int64(position) }
    }
    if operand.type.dtype.isFloatingPoint { count.floatingPointOperations += comparisons }
    return [ReferenceTensor(type: result, elements: .integer(order))]
  }

  /// Whether the element at `a` belongs behind that at `b`; not when they are equal.
  private func isAfter(_ x: ReferenceTensor, _ a: Int, _ b: Int) -> Bool {
    if case .floating(let values) = x.elements, values[a].isNaN || values[b].isNaN {
      return values[a].isNaN && !values[b].isNaN
    }
    return x.wins(isDescending ? .min : .max, a, over: b)
  }

  /// Sorts stably: of two halves, the next element comes from the first unless it belongs behind that of the second.
  private func mergeSorted(_ items: [Int], isAfter: (Int, Int) -> Bool) -> [Int] {
    if items.count < 2 { return items }
    let middle = items.count / 2
    let left = mergeSorted(Array(items[..<middle]), isAfter: isAfter)
    let right = mergeSorted(Array(items[middle...]), isAfter: isAfter)
    var (i, j) = (0, 0)
    var merged: [Int] = []
    while i < left.count && j < right.count {
      if isAfter(left[i], right[j]) {
        merged.append(right[j])
        j += 1
      } else {
        merged.append(left[i])
        i += 1
      }
    }
    return merged + left[i...] + right[j...]
  }
}
