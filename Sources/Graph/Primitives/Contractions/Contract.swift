/// Sums products over pairs of axes: matrix products, batched or not, of any rank and layout.
///
/// The result's axes are the batch axes (in the order given), then the remaining axes of the left operand, then
/// those of the right. 16-bit floats are accumulated in float 32; integers wrap.
public struct Contract: PrimitiveRules {
  public var leftBatch, rightBatch: AxisList
  public var leftContracted, rightContracted: AxisList

  public init(leftBatch: AxisList, rightBatch: AxisList, leftContracted: AxisList, rightContracted: AxisList) {
    self.leftBatch = leftBatch
    self.rightBatch = rightBatch
    self.leftContracted = leftContracted
    self.rightContracted = rightContracted
  }

  public var name: String { "matmul" }
  public var primitive: Primitive { .contract(self) }

  public func mix(into hash: inout StructureHash) {
    for axes in [leftBatch, rightBatch, leftContracted, rightContracted] { hash.mix(axes) }
  }

  /// The axes of the left operand that are neither batch nor contracted, ascending.
  public func leftFree(rank: Int) -> AxisList {
    AxisList((0..<rank).filter { !leftBatch.contains($0) && !leftContracted.contains($0) })
  }

  /// The axes of the right operand that are neither batch nor contracted, ascending.
  public func rightFree(rank: Int) -> AxisList {
    AxisList((0..<rank).filter { !rightBatch.contains($0) && !rightContracted.contains($0) })
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let a = operands[operands.startIndex]
    let b = operands[operands.startIndex + 1]
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    if a.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    try checkAxes(a.shape, leftBatch, leftContracted)
    try checkAxes(b.shape, rightBatch, rightContracted)
    if leftBatch.count != rightBatch.count || leftContracted.count != rightContracted.count {
      throw GraphError(
        name, "axes are paired, but \(leftBatch)/\(leftContracted) meet \(rightBatch)/\(rightContracted)")
    }
    for (i, j) in zip(leftContracted, rightContracted) where a.shape[i] != b.shape[j] {
      throw GraphError(name, "inner dimensions differ: \(a.shape) × \(b.shape) (\(a.shape[i]) ≠ \(b.shape[j]))")
    }
    var result: [Int] = []
    for (i, j) in zip(leftBatch, rightBatch) {
      if a.shape[i] != b.shape[j] {
        throw GraphError(name, "batch dimensions differ: \(a.shape) × \(b.shape) (\(a.shape[i]) ≠ \(b.shape[j]))")
      }
      result.append(a.shape[i])
    }
    result += leftFree(rank: a.rank).map { a.shape[$0] } + rightFree(rank: b.rank).map { b.shape[$0] }
    if result.count > Shape.maximumRank {
      throw GraphError(name, "the result would have \(result.count) dimensions, more than \(Shape.maximumRank)")
    }
    return TensorType(a.dtype, Shape(result))
  }

  private func checkAxes(_ shape: Shape, _ batch: AxisList, _ contracted: AxisList) throws(GraphError) {
    var seen = Set<Int>()
    for axis in Array(batch) + Array(contracted) {
      if axis >= shape.rank { throw GraphError(name, "axis \(axis) is outside \(shape)") }
      if !seen.insert(axis).inserted { throw GraphError(name, "axis \(axis) of \(shape) is named twice") }
    }
  }
}
