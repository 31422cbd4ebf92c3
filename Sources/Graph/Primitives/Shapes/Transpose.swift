/// Reorders the dimensions: dimension *i* of the result is dimension `permutation[i]` of the operand.
public struct Transpose: PrimitiveRules {
  public var permutation: AxisList

  public init(_ permutation: AxisList) { self.permutation = permutation }

  public var name: String { "transpose" }
  public var primitive: Primitive { .transpose(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(permutation) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    if permutation.sorted() != Array(0..<operand.rank) {
      throw GraphError(name, "\(permutation) is not an order of the \(operand.rank) axes of \(operand.shape)")
    }
    return TensorType(operand.dtype, Shape(permutation.map { operand.shape[$0] }))
  }

  /// The permutation that undoes this one.
  public var inverse: AxisList {
    AxisList((0..<permutation.count).map { i in permutation.firstIndex(of: i)! })
  }
}
