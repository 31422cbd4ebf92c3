/// Takes every `strides[i]`-th element of `starts[i]..<limits[i]` along each dimension.
public struct Slice: PrimitiveRules {
  public var starts: Shape
  public var limits: Shape
  /// At least 1; a negative step is a ``Reverse`` as well.
  public var strides: Shape

  public init(starts: Shape, limits: Shape, strides: Shape? = nil) {
    self.starts = starts
    self.limits = limits
    self.strides = strides ?? Shape(repeating: 1, rank: starts.rank)
  }

  public var name: String { "slice" }
  public var primitive: Primitive { .slice(self) }
  public func mix(into hash: inout StructureHash) {
    for part in [starts, limits, strides] { hash.mix(part) }
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if starts.rank != operand.rank || limits.rank != operand.rank || strides.rank != operand.rank {
      throw GraphError(name, "\(starts.rank) bounds for the \(operand.rank) axes of \(operand.shape)")
    }
    var shape = Shape()
    for i in 0..<operand.rank {
      if strides[i] < 1 { throw GraphError(name, "step \(strides[i]) along axis \(i) is less than 1") }
      if starts[i] < 0 || limits[i] > operand.shape[i] || starts[i] > limits[i] {
        throw GraphError(name, "\(starts[i])..<\(limits[i]) is outside axis \(i) of \(operand.shape)")
      }
      shape.append((limits[i] - starts[i] + strides[i] - 1) / strides[i])
    }
    return TensorType(operand.dtype, shape)
  }
}
