import MartletGraph

// Systems of equations. Matrices stand in the last two dimensions; outer dimensions are batches, and broadcast.
// All need floating-point elements; 16-bit floats are computed in float 32.

/// *X* with *A X* = *B*, by triangular factors with pivoting.
///
/// - Parameters:
///   - a: `[..., n, n]`.
///   - b: `[..., n, m]`, or a vector `[n]`, which gives vectors `[..., n]`.
/// - Precondition: A matrix without an inverse is an error when the program runs.
public func solve(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("solve", fileID, line) { c in
    _ = try c.checkSquare(a)
    return try c.solving(a, b) { a, b in try c.solve(a, b) }
  }
}

/// *X* with op(*A*) *X* = *B*, where only one triangle of *A* is read.
///
/// - Parameters:
///   - a: `[..., n, n]`.
///   - b: `[..., n, m]`, or a vector `[n]`.
///   - isLower: Whether the lower triangle is meant, not the upper.
///   - isTransposed: Whether *Aᵀ* takes the place of *A*.
///   - hasUnitDiagonal: Whether the diagonal counts as ones, whatever it holds.
/// - Precondition: A zero on the diagonal is an error when the program runs.
public func triangularSolve(
  _ a: Tensor, _ b: Tensor, isLower: Bool, isTransposed: Bool = false, hasUnitDiagonal: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("triangularSolve", fileID, line) { c in
    _ = try c.checkSquare(a)
    let operation = TriangularSolve(isLower: isLower, isTransposed: isTransposed, hasUnitDiagonal: hasUnitDiagonal)
    return try c.solving(a, b) { a, b in try c(operation, a, b) }
  }
}

/// *X* with *L Lᵀ X* = *B*, where *L* is what ``cholesky(_:isUpper:fileID:line:)`` gives.
public func choleskySolve(
  _ factor: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("choleskySolve", fileID, line) { c in
    _ = try c.checkSquare(factor)
    return try c.solving(factor, b) { l, b in
      try c(TriangularSolve(isLower: true, isTransposed: true), l, c(TriangularSolve(isLower: true), l, b))
    }
  }
}

/// *X* for which the columns of *A X* - *B* are shortest.
///
/// - Parameters:
///   - a: `[..., m, n]` with *m* ≥ *n*; dependent columns are an error when the program runs.
///   - b: `[..., m, k]`, or a vector `[m]`.
public func leastSquares(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("leastSquares", fileID, line) { c in
    guard a.rank >= 2, a.shape[a.rank - 2] >= a.shape[a.rank - 1] else {
      throw mistake("needs at least as many equations as unknowns, got \(a.shape)")
    }
    return try c.solving(a, b) { a, b in
      let factors = try c.factorized(.qr, a) { $0 }
      return try c(TriangularSolve(isLower: false), factors[1], c.matmul(c.transposedMatrix(factors[0]), b))
    }
  }
}

/// The inverses of matrices.
///
/// - Precondition: Square matrices. One without an inverse is an error when the program runs.
public func inverse(_ a: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("inverse", fileID, line) { c in
    _ = try c.checkSquare(a)
    try checkFloatingPoint(a)
    return try c.widened(a) { a in try c.inverse(a) }
  }
}

/// The matrices *A⁺* of Moore and Penrose: for each system the shortest of the solutions with the least error.
///
/// - Parameter relativeTolerance: Singular values not above this share of the largest count as 0; by default the type's
///   spacing at 1 times the larger size.
/// - Returns: `[..., m, n]` gives `[..., n, m]`.
public func pseudoInverse(
  _ a: Tensor, relativeTolerance: Double? = nil, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("pseudoInverse", fileID, line) { c in
    try c.factorized(.singularValues, a) { factors in
      let (u, s, vt) = (factors[0], factors[1], factors[2])
      let limit = try c.singularLimit(s, a, relativeTolerance)
      let isKept = try c.compare(.greater, s, limit)
      let inverses = try c.select(isKept, c.unary(.reciprocal, c.select(isKept, s, 1)), 0)
      let scaled = try c.binary(.multiply, c.transposedMatrix(vt), c.expand(inverses, [s.rank - 1]))
      return [try c.matmul(scaled, c.transposedMatrix(u))]
    }[0]
  }
}

/// The powers of square matrices; negative ones are powers of the inverse, power 0 is the identity.
public func matrixPower(
  _ a: Tensor, _ exponent: Int, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("matrixPower", fileID, line) { c in
    let size = try c.checkSquare(a)
    if a.dtype == .bool { throw mistake("bool has no arithmetic; cast it first") }
    if exponent == 0 { return try c.broadcast(c.identity(size, a.dtype), a.shape) }
    if exponent < 0 { try checkFloatingPoint(a) }
    func power(_ x: Tensor) throws -> Tensor {
      var square = exponent < 0 ? try c.inverse(x) : x
      var rest = exponent.magnitude
      var result: Tensor?
      while true {
        if rest & 1 == 1 { result = try result.map { try c.matmul($0, square) } ?? square }
        rest >>= 1
        if rest == 0 { return result! }
        square = try c.matmul(square, square)
      }
    }
    return a.dtype.isFloatingPoint ? try c.widened(a, power) : try power(a)
  }
}

extension Composition {
  func identity(_ size: Int, _ dtype: DType) throws(GraphError) -> Tensor {
    try cast(compare(.equal, diagonalDistance([size, size]), 0), dtype)
  }

  func inverse(_ a: Tensor) throws -> Tensor {
    let size = a.shape[a.rank - 1]
    return try solve(a, broadcast(identity(size, a.dtype), a.shape))
  }

  /// Singular values up to this count as 0.
  func singularLimit(_ s: Tensor, _ a: Tensor, _ relative: Double?) throws(GraphError) -> Tensor {
    let spacing = a.dtype == .float64 ? 0x1p-52 : 0x1p-23
    let share = relative ?? spacing * Double(Swift.max(a.shape[a.rank - 1], a.shape[a.rank - 2]))
    guard share >= 0 else { throw mistake("the tolerance \(share) is negative") }
    if s.shape[s.rank - 1] == 0 { return try scalar(0, s.dtype) }
    return try binary(.multiply, slice(s, 0..<1, axis: s.rank - 1), share)
  }

  /// Matrices and right-hand sides with the same batch, in float 32 or 64; a vector becomes a column and back.
  fileprivate func solving(
    _ a: Tensor, _ b: Tensor, _ body: (Tensor, Tensor) throws -> Tensor
  ) throws -> Tensor {
    try checkFloatingPoint(a)
    if a.dtype != b.dtype { throw mistake("element types differ: \(a.type) and \(b.type); cast one of them") }
    if b.rank == 0 { throw mistake("the right-hand side is a scalar") }
    let isVector = b.rank == 1
    let columns = isVector ? try expand(b, [1]) : b
    let (equations, given) = (a.shape[a.rank - 2], columns.shape[columns.rank - 2])
    if equations != given { throw mistake("\(a.shape) has \(equations) rows, \(b.shape) has \(given)") }
    let batch = try broadcastShape(
      Shape(a.shape.dropLast(2)), Shape(columns.shape.dropLast(2)), operation: "solve")
    let left = try broadcast(a, checkedShape(batch + a.shape.suffix(2)))
    let right = try broadcast(columns, checkedShape(batch + columns.shape.suffix(2)))
    let isNarrow = a.dtype == .float16 || a.dtype == .bfloat16
    let result =
      isNarrow
      ? try cast(body(cast(left, .float32), cast(right, .float32)), a.dtype) : try body(left, right)
    return isVector ? try reshape(result, Shape(result.shape.dropLast())) : result
  }

  fileprivate func solve(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let factors = try recordMany(Factorize(.lu, of: a.type), [a])
    let points = try expand(factors[1], [a.rank - 1])
    let rows = try self(Gather(.points(batch: a.rank - 2)), b, points)
    let forward = try self(TriangularSolve(isLower: true, hasUnitDiagonal: true), factors[0], rows)
    return try self(TriangularSolve(isLower: false), factors[0], forward)
  }
}
