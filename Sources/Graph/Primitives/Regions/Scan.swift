/// Runs a body once for every element of the leading dimension of some operands, passing a carry along.
///
/// Operands: the initial carry, then the sequences `[length, …]`, then values that every step sees. The body takes
/// carry, elements and values, and gives the next carry and the elements of the results. Results: the last carry,
/// then the stacked elements `[length, …]`.
public struct Scan: PrimitiveRules {
  public var body: Region
  public var length: Int
  public var carryCount: Int
  public var sequenceCount: Int
  /// Whether the last element comes first; results keep the order of the sequences.
  public var isReversed: Bool

  public init(body: Region, length: Int, carryCount: Int, sequenceCount: Int, isReversed: Bool = false) {
    self.body = body
    self.length = length
    self.carryCount = carryCount
    self.sequenceCount = sequenceCount
    self.isReversed = isReversed
  }

  public var name: String { "scan" }
  public var primitive: Primitive { .scan(self) }

  public var resultTypes: [TensorType]? {
    body.graph.outputTypes.enumerated().map { index, type in
      if index < carryCount { return type }
      var shape = type.shape
      shape.insert(length, at: 0)
      return TensorType(type.dtype, shape)
    }
  }

  public func mix(into hash: inout StructureHash) {
    hash.mix(body.hash)
    for number in [length, carryCount, sequenceCount, isReversed ? 1 : 0] { hash.mix(number) }
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let sequences = carryCount..<(carryCount + sequenceCount)
    if operands.count < sequences.upperBound { throw GraphError(name, "\(operands.count) operands are too few") }
    var inner: [TensorType] = []
    for (index, type) in operands.enumerated() {
      guard sequences.contains(index) else {
        inner.append(type)
        continue
      }
      if type.rank == 0 || type.shape[0] != length {
        throw GraphError(name, "the sequence \(type.shape) does not have \(length) steps")
      }
      inner.append(TensorType(type.dtype, Shape(type.shape.dropFirst())))
    }
    try body.check(inner, operation: name)
    let outputs = body.graph.outputTypes
    if outputs.count < carryCount || Array(outputs.prefix(carryCount)) != Array(inner.prefix(carryCount)) {
      throw GraphError(name, "the carry changes from \(inner.prefix(carryCount)) to \(outputs.prefix(carryCount))")
    }
    guard let first = resultTypes?.first else { throw GraphError(name, "the body has no outputs") }
    return first
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    Cost(repeating: body.operationCost, count: length, moving: operands, to: resultTypes!)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    var carry = Array(operands[..<carryCount])
    let sequences = operands[carryCount..<(carryCount + sequenceCount)]
    let values = operands[(carryCount + sequenceCount)...]
    let types = resultTypes![carryCount...]
    var stacks = types.map { ReferenceTensor(zeros: $0) }
    for step in 0..<length {
      let position = isReversed ? length - 1 - step : step
      let outputs = try body.evaluate(carry + sequences.map { $0.step(position) } + values, count: &count)
      carry = Array(outputs[..<carryCount])
      for (index, element) in outputs[carryCount...].enumerated() {
        let size = element.type.elementCount
        stacks[index].copyElements(of: element, (0..<size).map { (from: $0, to: position * size + $0) })
      }
    }
    return carry + stacks
  }
}

extension ReferenceTensor {
  /// Element `index` of the leading dimension.
  fileprivate func step(_ index: Int) -> ReferenceTensor {
    let inner = TensorType(type.dtype, Shape(type.shape.dropFirst()))
    let size = inner.elementCount
    return picking(Array((index * size)..<((index + 1) * size)), as: inner)
  }
}
