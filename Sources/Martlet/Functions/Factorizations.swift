import MartletGraph

// Factors of matrices in the last two dimensions; outer dimensions are batches. All need floating-point elements;
// 16-bit floats are computed in float 32. Symmetric functions read the mean of a matrix and its transpose.

/// The lower triangular *L* with *A* = *L Lᵀ*, of positive definite matrices.
///
/// - Parameter isUpper: Gives *Lᵀ* instead.
/// - Returns: `[..., n, n]`, zeros in the other triangle.
/// - Precondition: Square matrices. One that is not positive definite is an error when the program runs, which names the
///   pivot.
/// - Complexity: *n*³ / 3 multiplications a matrix.
public func cholesky(
  _ a: Tensor, isUpper: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("cholesky", fileID, line) { c in
    try c.factorized(.cholesky, a) { factors in
      [isUpper ? try c.transposedMatrix(factors[0]) : factors[0]]
    }[0]
  }
}

/// Triangular factors with a permutation of the rows: row *i* of *L U* is row `order[i]` of *A*.
///
/// A matrix without an inverse has factors too, with a zero on the diagonal of *U*. The derivative needs square
/// matrices that have an inverse.
///
/// - Returns: *L* `[..., m, k]` with ones on its diagonal, *U* `[..., k, n]` and the order `int64 [..., m]`, where *k* is
///   the smaller of *m* and *n*.
public func luFactors(
  _ a: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> (lower: Tensor, upper: Tensor, order: Tensor) {
  let results = compose("luFactors", results: 3, fileID, line) { c in
    try c.factorized(.lu, a) { factors in
      let packed = factors[0]
      let (rows, columns) = (packed.shape[packed.rank - 2], packed.shape[packed.rank - 1])
      let least = Swift.min(rows, columns)
      let left = try c.slice(packed, 0..<least, axis: packed.rank - 1)
      let right = try c.slice(packed, 0..<least, axis: packed.rank - 2)
      let leftDistance = try c.diagonalDistance([rows, least])
      let below = try c.select(c.compare(.less, leftDistance, 0), left, 0)
      let lower = try c.select(c.compare(.equal, leftDistance, 0), 1, below)
      let upper = try c.select(c.compare(.greaterOrEqual, c.diagonalDistance([least, columns]), 0), right, 0)
      return [lower, upper, factors[1]]
    }
  }
  return (results[0], results[1], results[2])
}

/// An orthogonal matrix times an upper triangular one, by Householder's reflections.
///
/// - Parameter isComplete: Whether *Q* is square, with columns that *R* does not need.
/// - Returns: *Q* `[..., m, k]` and *R* `[..., k, n]`, where *k* is the smaller of *m* and *n*, or *m* when complete.
/// - Note: The derivative of complete factors needs *m* ≤ *n*, because the columns that are not needed are arbitrary.
public func qr(
  _ a: Tensor, isComplete: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) -> (q: Tensor, r: Tensor) {
  let results = compose("qr", results: 2, fileID, line) { c in
    if a.rank < 2 { throw mistake("needs matrices in the last two dimensions, got \(a.shape)") }
    let (rows, columns) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
    if rows >= columns { return try c.factorized(isComplete ? .completeQR : .qr, a) { $0 } }
    // A wide matrix: the factors of its square part, and the other columns in their terms.
    let (square, rest) = (
      try c.slice(a, 0..<rows, axis: a.rank - 1), try c.slice(a, rows..<columns, axis: a.rank - 1)
    )
    return try c.factorized(.qr, square) { factors in
      let wide = try c.cast(rest, factors[0].dtype)
      let others = try c.matmul(c.transposedMatrix(factors[0]), wide)
      return [factors[0], try c.concatenate([factors[1], others], axis: a.rank - 1)]
    }
  }
  return (results[0], results[1])
}

/// Eigenvalues and eigenvectors of symmetric matrices.
///
/// Eigenvectors are turned so that their largest component is positive. Derivatives of the vectors divide by the
/// differences of eigenvalues; those of equal ones count as 0.
///
/// - Returns: Eigenvalues `[..., n]`, ascending, and the vectors as the columns of `[..., n, n]`.
public func eigh(
  _ a: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> (values: Tensor, vectors: Tensor) {
  let results = compose("eigh", results: 2, fileID, line) { c in try c.factorized(.symmetricEigen, a) { $0 } }
  return (results[0], results[1])
}

/// *A* = *U* diag(*s*) *Vᵀ* with orthonormal columns of *U* and *V*.
///
/// Columns of *U* are turned so that their largest component is positive. Derivatives of *U* and *V* divide by the
/// differences of squared singular values; those of equal ones count as 0.
///
/// - Returns: *U* `[..., m, k]`, singular values `[..., k]`, descending, and *Vᵀ* `[..., k, n]`, where *k* is the smaller
///   of *m* and *n*.
public func svd(
  _ a: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> (u: Tensor, s: Tensor, vt: Tensor) {
  let results = compose("svd", results: 3, fileID, line) { c in try c.factorized(.singularValues, a) { $0 } }
  return (results[0], results[1], results[2])
}

extension Composition {
  /// The factors of matrices, as `body` arranges them; 16-bit floats go by float 32.
  func factorized(
    _ kind: Factorize.Kind, _ a: Tensor, _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> [Tensor] {
    try checkFloatingPoint(a)
    let isNarrow = a.dtype == .float16 || a.dtype == .bfloat16
    let x = isNarrow ? try cast(a, .float32) : a
    let factorize = Factorize(kind, of: x.type)
    let results = try body(recordMany(factorize, [x]))
    return try results.map { isNarrow && $0.dtype == .float32 ? try cast($0, a.dtype) : $0 }
  }

  /// Records an operation with several results.
  func recordMany(_ operation: some PrimitiveRules, _ operands: [Tensor]) throws(GraphError) -> [Tensor] {
    let first = try record(operation, operands)
    guard let types = operation.resultTypes else { return [first] }
    var results: [Tensor] = []
    for (index, type) in types.enumerated() { results.append(try self(Element(index, type: type), first)) }
    return results
  }

  func transposedMatrix(_ x: Tensor) throws(GraphError) -> Tensor {
    if x.rank < 2 { throw mistake("needs matrices in the last two dimensions, got \(x.shape)") }
    return try transpose(x, Array(0..<(x.rank - 2)) + [x.rank - 1, x.rank - 2])
  }

  /// The sizes of square matrices.
  func checkSquare(_ a: Tensor) throws(GraphError) -> Int {
    guard a.rank >= 2, a.shape[a.rank - 1] == a.shape[a.rank - 2] else {
      throw mistake("needs square matrices, got \(a.shape)")
    }
    return a.shape[a.rank - 1]
  }
}
