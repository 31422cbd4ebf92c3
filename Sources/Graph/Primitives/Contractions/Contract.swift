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
    hash.mix(leftBatch)
    hash.mix(rightBatch)
    hash.mix(leftContracted)
    hash.mix(rightContracted)
  }

  /// The axes of the left operand that are neither batch nor contracted, ascending.
  public func leftFree(rank: Int) -> AxisList {
    Contract.free(rank, leftBatch, leftContracted)
  }

  /// The axes of the right operand that are neither batch nor contracted, ascending.
  public func rightFree(rank: Int) -> AxisList {
    Contract.free(rank, rightBatch, rightContracted)
  }

  private static func free(_ rank: Int, _ batch: AxisList, _ contracted: AxisList) -> AxisList {
    var free = AxisList()
    for axis in 0..<rank where !batch.contains(axis) && !contracted.contains(axis) { free.append(axis) }
    return free
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
    for (i, j) in zip(leftBatch, rightBatch) where a.shape[i] != b.shape[j] {
      throw GraphError(name, "batch dimensions differ: \(a.shape) × \(b.shape) (\(a.shape[i]) ≠ \(b.shape[j]))")
    }
    let (left, right) = (leftFree(rank: a.rank), rightFree(rank: b.rank))
    let rank = leftBatch.count + left.count + right.count
    if rank > Shape.maximumRank {
      throw GraphError(name, "the result would have \(rank) dimensions, more than \(Shape.maximumRank)")
    }
    var shape = Shape()
    for axis in leftBatch { shape.append(a.shape[axis]) }
    for axis in left { shape.append(a.shape[axis]) }
    for axis in right { shape.append(b.shape[axis]) }
    return TensorType(a.dtype, shape)
  }

  private func checkAxes(_ shape: Shape, _ batch: AxisList, _ contracted: AxisList) throws(GraphError) {
    // A bit for each axis that was named.
    var named = 0
    func name(_ axis: Int) throws(GraphError) {
      if axis >= shape.rank { throw GraphError(self.name, "axis \(axis) is outside \(shape)") }
      if named & 1 << axis != 0 { throw GraphError(self.name, "axis \(axis) of \(shape) is named twice") }
      named |= 1 << axis
    }
    for axis in batch { try name(axis) }
    for axis in contracted { try name(axis) }
  }
}
