/// Surrounds a tensor with a value, and puts `interior[i]` of them between neighbours.
///
/// Operands: the tensor and a scalar of its type. Negative `low` or `high` crops (after the interior is filled).
public struct Pad: PrimitiveRules {
  public var low: Shape
  public var high: Shape
  public var interior: Shape

  public init(low: Shape, high: Shape, interior: Shape? = nil) {
    self.low = low
    self.high = high
    self.interior = interior ?? Shape(repeating: 0, rank: low.rank)
  }

  public var name: String { "pad" }
  public var primitive: Primitive { .pad(self) }
  public func mix(into hash: inout StructureHash) {
    for part in [low, high, interior] { hash.mix(part) }
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    let value = operands[operands.startIndex + 1]
    if value != TensorType(operand.dtype, Shape()) {
      throw GraphError(name, "the padding value is \(operand.dtype) [], not \(value)")
    }
    if low.rank != operand.rank || high.rank != operand.rank || interior.rank != operand.rank {
      throw GraphError(name, "\(low.rank) widths for the \(operand.rank) axes of \(operand.shape)")
    }
    var shape = Shape()
    for i in 0..<operand.rank {
      if interior[i] < 0 { throw GraphError(name, "interior padding \(interior[i]) along axis \(i) is negative") }
      let (gaps, overflow) = max(operand.shape[i] - 1, 0).multipliedReportingOverflow(by: interior[i])
      let (size, overflow2) = (operand.shape[i] + low[i]).addingReportingOverflow(high[i])
      let (total, overflow3) = size.addingReportingOverflow(gaps)
      if overflow || overflow2 || overflow3 { throw GraphError(name, "axis \(i) of \(operand.shape) grows too large") }
      if total < 0 { throw GraphError(name, "axis \(i) of \(operand.shape) is cropped below 0") }
      shape.append(total)
    }
    if shape.checkedElementCount == nil { throw GraphError(name, "\(shape) has too many elements") }
    return TensorType(operand.dtype, shape)
  }
}
