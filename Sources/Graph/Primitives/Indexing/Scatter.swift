/// Puts updates where the indices say. Operands: the target, the indices (any integer type) and the updates.
///
/// Where an index occurs more than once, updates apply in row-major order of the indices; `set` keeps the last.
public struct Scatter: PrimitiveRules {
  public enum Combination: UInt8, Sendable, Hashable, CaseIterable {
    case set, add, multiply, min, max
  }

  public var form: IndexForm
  public var combination: Combination

  public init(_ form: IndexForm, _ combination: Combination) {
    self.form = form
    self.combination = combination
  }

  public var name: String { "scatter \(combination)" }
  public var primitive: Primitive { .scatter(self) }

  public func mix(into hash: inout StructureHash) {
    form.mix(into: &hash)
    hash.mix(combination)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let target = operands[operands.startIndex]
    let indices = operands[operands.startIndex + 1]
    let updates = operands[operands.startIndex + 2]
    if updates.dtype != target.dtype { throw GraphError(name, "element types differ: \(target) and \(updates)") }
    if target.dtype == .bool && (combination == .add || combination == .multiply) {
      throw GraphError(name, "bool has no arithmetic; cast it first")
    }
    let expected = try form.selectedShape(target.shape, indices, operation: name)
    if updates.shape != expected {
      throw GraphError(name, "updates have shape \(updates.shape), expected \(expected)")
    }
    // An engine would not find out, since it has nothing to write.
    if target.shape.contains(0) && !indices.shape.contains(0) && !updates.shape.contains(0) {
      throw GraphError(name, "no index lies inside \(target.shape), which has no elements")
    }
    return target
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    guard case .axis(let axis) = form else {
      return [try graph.add(Scatter(form.insideBatch, combination), Operands(graph.withBatches(context)))]
    }
    let target = try graph.withBatch(context.operands[0], isBatched: context.isBatched[0], size: context.size)
    let updates = try graph.withBatch(context.operands[2], isBatched: context.isBatched[2], size: context.size)
    let indices = context.operands[1]
    if !context.isBatched[1] {
      return [try graph.add(Scatter(.axis(axis + 1), combination), Operands(target, indices, updates))]
    }
    return [try batchedAlong(axis, target, indices, updates, in: &graph)]
  }

  /// Puts slices along `axis` into each example's target, by each example's indices.
  private func batchedAlong(
    _ axis: Int, _ target: Value, _ indices: Value, _ updates: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let points = try graph.indexPoints(indices)
    let shape = graph.shape(target)
    let joined = Shape(Array(shape[...axis]) + [graph.shape(points)[1]] + Array(shape[(axis + 2)...]))
    let slices = try graph.moveAxis(graph.reshape(updates, to: joined), from: axis + 1, to: 1)
    let moved = try graph.moveAxis(target, from: axis + 1, to: 1)
    let result = try graph.add(Scatter(.points(batch: 1), combination), Operands(moved, points, slices))
    return try graph.moveAxis(result, from: 1, to: axis + 1)
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let isArithmetic = result.dtype.isFloatingPoint && combination != .set
    return Cost(moving: operands, to: result, operations: isArithmetic ? operands.last!.elementCount : 0)
  }

  /// The dimensions that indices do not reach into are the target's own; those of the indices have no index, because
  /// the order of updates matters.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let indices = operands[operands.startIndex + 1].shape
    let (target, named) = form.loops(source: result.rank, indices: indices)
    // From dimensions of the updates to dimensions of the target.
    var dimension: [Int: Int] = [:]
    for (index, loop) in target.enumerated() { if let loop { dimension[loop] = index } }
    return IndexStructure(
      operands: [
        target.enumerated().map { $1 == nil ? nil : $0 },
        named.map { $0.flatMap { dimension[$0] } },
        (0..<operands.last!.rank).map { dimension[$0] },
      ],
      result: target.enumerated().map { $1 == nil ? nil : $0 })
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let places = try form.places(in: result.shape, indices: operands[1], operation: name)
    if result.dtype.isFloatingPoint && combination != .set { count.floatingPointOperations += places.count }
    switch (operands[0].elements, operands[2].elements) {
    case (.floating(var values), .floating(let updates)):
      for (update, place) in zip(updates, places) {
        values[place] = result.dtype.rounded(combine(values[place], update))
      }
      return [ReferenceTensor(type: result, elements: .floating(values))]
    case (.integer(var values), .integer(let updates)):
      for (update, place) in zip(updates, places) {
        values[place] = result.dtype.wrapped(combine(values[place], update, as: result.dtype))
      }
      return [ReferenceTensor(type: result, elements: .integer(values))]
    default: preconditionFailure("element types differ")
    }
  }

  private func combine(_ old: Double, _ new: Double) -> Double {
    switch combination {
    case .set: new
    case .add: old + new
    case .multiply: old * new
    // NaN wins, from either side.
    case .min: old.isNaN || new.isNaN ? .nan : Swift.min(old, new)
    case .max: old.isNaN || new.isNaN ? .nan : Swift.max(old, new)
    }
  }

  private func combine(_ old: Int64, _ new: Int64, as dtype: DType) -> Int64 {
    let isLess = dtype == .uint64 ? UInt64(bitPattern: new) < UInt64(bitPattern: old) : new < old
    return switch combination {
    case .set: new
    case .add: old &+ new
    case .multiply: old &* new
    case .min: isLess ? new : old
    case .max: isLess ? old : new
    }
  }
}
