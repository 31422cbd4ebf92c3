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
}
