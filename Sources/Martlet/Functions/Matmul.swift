import MartletGraph

/// The product of matrices.
///
/// The last two dimensions hold matrices; outer ones are batches, and broadcast. A vector on the left is a row, on the
/// right a column, and its dimension disappears from the result. Sums of 16-bit floats are accumulated in float 32.
///
/// - Returns: `[..., n, k]` times `[..., k, m]` gives `[..., n, m]`.
/// - Precondition: Same element type, not bool; inner dimensions are equal.
public func matmul(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("matmul", fileID, line) { c in try c.contracting(a, b, c.matmul) }
}

/// The sum of products of the elements of two vectors.
///
/// - Returns: A scalar.
/// - Precondition: Vectors of the same size and element type.
public func dot(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("dot", fileID, line) { c in
    if a.rank != 1 || b.rank != 1 { throw mistake("needs two vectors, got \(a.shape) and \(b.shape)") }
    return try c.contract(a, b, [0], [0])
  }
}

/// The products of every element of `a` with every element of `b`.
///
/// - Returns: The dimensions of `a`, then those of `b`.
public func outer(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("outer", fileID, line) { c in try c.contract(a, b, [], []) }
}

/// Sums products over pairs of axes: axis `leftAxes[i]` of `a` with axis `rightAxes[i]` of `b`.
///
/// - Returns: The other dimensions of `a`, then those of `b`.
public func tensordot(
  _ a: Tensor, _ b: Tensor, leftAxes: [Int], rightAxes: [Int], fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("tensordot", fileID, line) { c in
    let left = try leftAxes.map { try checkedAxis($0, a.shape) }
    let right = try rightAxes.map { try checkedAxis($0, b.shape) }
    if left.count != right.count { throw mistake("axes are paired, but \(leftAxes) meet \(rightAxes)") }
    return try c.contracting(a, b) { try c.contract($0, $1, left, right) }
  }
}

extension Composition {
  func contract(
    _ a: Tensor, _ b: Tensor, _ left: [Int], _ right: [Int], leftBatch: [Int] = [], rightBatch: [Int] = []
  ) throws(GraphError) -> Tensor {
    try self(
      Contract(
        leftBatch: AxisList(leftBatch), rightBatch: AxisList(rightBatch), leftContracted: AxisList(left),
        rightContracted: AxisList(right)), a, b)
  }

  func matmul(_ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    if a.rank == 0 || b.rank == 0 { throw mistake("a scalar is no matrix: \(a.shape) × \(b.shape); multiply by it") }
    let rows = Swift.max(b.rank - 2, 0)
    let (inner, other) = (a.shape[a.rank - 1], b.shape[rows])
    if inner != other {
      throw mistake("inner dimensions differ: \(a.shape) × \(b.shape) (\(inner) ≠ \(other))")
    }
    // Without a batch on the right every row of the left meets the same matrix: one product.
    if b.rank <= 2 { return try contract(a, b, [a.rank - 1], [0]) }
    if a.rank == 1 { return try contract(a, b, [0], [rows]) }
    return try batchedMatmul(a, b)
  }

  private func batchedMatmul(_ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    let batch = try broadcastShape(
      Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2)), operation: "matmul")
    let left = try broadcast(a, checkedShape(batch + a.shape.suffix(2)))
    let right = try broadcast(b, checkedShape(batch + b.shape.suffix(2)))
    let axes = Array(0..<batch.rank)
    return try contract(left, right, [batch.rank + 1], [batch.rank], leftBatch: axes, rightBatch: axes)
  }
}
