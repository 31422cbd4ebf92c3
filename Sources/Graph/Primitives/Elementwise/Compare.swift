/// Compares elements, with NumPy's broadcasting; the result is bool. NaN is unequal to everything.
public struct Compare: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  }

  public var kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var name: String { "\(kind)" }
  public var primitive: Primitive { .compare(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(kind) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let a = operands[operands.startIndex]
    let b = operands[operands.startIndex + 1]
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    return TensorType(.bool, try broadcastShape(a.shape, b.shape, operation: name))
  }
}

extension Compare {
  // The result is bool, which never carries a cotangent or a tangent.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil, nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let operands = try graph.aligned(context)
    return [try graph.add(self, Operands(operands))]
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    Cost(moving: operands, to: result, operations: operands.first!.dtype.isFloatingPoint ? result.elementCount : 0)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    IndexStructure(broadcasting: operands, to: result.shape)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let left = operands[0].type.shape.broadcastPositions(to: result.shape)
    let right = operands[1].type.shape.broadcastPositions(to: result.shape)
    let values: [Bool]
    if case .floating(let a) = operands[0].elements, case .floating(let b) = operands[1].elements {
      count.floatingPointOperations += left.count
      values = zip(left, right).map { holds(a[$0], b[$1]) }
    } else {
      let (a, b) = (operands[0].integers, operands[1].integers)
      let isUnsigned = operands[0].type.dtype.isUnsigned
      values = zip(left, right).map { i, j in
        isUnsigned ? holds(UInt64(bitPattern: a[i]), UInt64(bitPattern: b[j])) : holds(a[i], b[j])
      }
    }
    return [ReferenceTensor(result, wrapping: values.map { $0 ? 1 : 0 })]
  }

  private func holds<Number: Comparable>(_ a: Number, _ b: Number) -> Bool {
    switch kind {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}
