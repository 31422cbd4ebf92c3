// Short spellings for matrices in the last two dimensions, in which the rules of dense algebra are written.

/// A part of a matrix.
enum Triangle {
  case lower, strictlyLower, upper
  /// The lower triangle with half of the diagonal.
  case lowerWithHalfDiagonal
}

extension GraphBuilder {
  /// The product of matrices; batches are the same on both sides.
  mutating func matrixProduct(
    _ a: Value, _ b: Value, transposingLeft: Bool = false, transposingRight: Bool = false
  ) throws(GraphError) -> Value {
    let rank = shape(a).rank
    let batch = AxisList(0..<(rank - 2))
    let contract = Contract(
      leftBatch: batch, rightBatch: batch, leftContracted: [transposingLeft ? rank - 2 : rank - 1],
      rightContracted: [transposingRight ? rank - 1 : rank - 2])
    return try add(contract, Operands(a, b))
  }

  mutating func transposedMatrix(_ x: Value) throws(GraphError) -> Value {
    let rank = shape(x).rank
    return try transpose(x, Array(0..<(rank - 2)) + [rank - 1, rank - 2])
  }

  /// Column minus row of each element of the last two dimensions, `int64`.
  private mutating func distanceFromDiagonal(_ x: Value) throws(GraphError) -> Value {
    let shape = shape(x)
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let row = try iota(TensorType(.int64, [rows, 1]), axis: 0)
    return try subtract(iota(TensorType(.int64, [1, columns]), axis: 1), row)
  }

  /// A part of the matrices, and zeros elsewhere.
  mutating func triangle(_ x: Value, _ part: Triangle) throws(GraphError) -> Value {
    let distance = try distanceFromDiagonal(x)
    let zero = scalar(0, .int64)
    switch part {
    case .lower: return try selectOrZero(compare(.lessOrEqual, distance, zero), x)
    case .strictlyLower: return try selectOrZero(compare(.less, distance, zero), x)
    case .upper: return try selectOrZero(compare(.greaterOrEqual, distance, zero), x)
    case .lowerWithHalfDiagonal:
      let diagonal = try select(compare(.equal, distance, zero), multiply(x, by: 0.5), x)
      return try selectOrZero(compare(.lessOrEqual, distance, zero), diagonal)
    }
  }

  /// `x` with `value` on the diagonal.
  mutating func settingDiagonal(_ x: Value, to value: Double) throws(GraphError) -> Value {
    let isOn = try compare(.equal, distanceFromDiagonal(x), scalar(0, .int64))
    return try select(isOn, scalar(value, like: x), x)
  }

  /// Square matrices that hold vectors on their diagonals.
  mutating func diagonalMatrix(_ x: Value) throws(GraphError) -> Value {
    let rank = shape(x).rank
    let column = try insertingAxes([rank], into: x)
    let wide = try broadcast(column, to: Shape(Array(shape(x)) + [shape(x)[rank - 1]]))
    let isOn = try compare(.equal, distanceFromDiagonal(wide), scalar(0, .int64))
    return try selectOrZero(isOn, wide)
  }

  /// The diagonals of square matrices.
  mutating func diagonal(_ x: Value) throws(GraphError) -> Value {
    let isOn = try compare(.equal, distanceFromDiagonal(x), scalar(0, .int64))
    return try sum(selectOrZero(isOn, x), axes: [shape(x).rank - 1])
  }

  /// (x + xᵀ) / 2.
  mutating func symmetricPart(_ x: Value) throws(GraphError) -> Value {
    try multiply(add(x, transposedMatrix(x)), by: 0.5)
  }

  /// Solves op(A) X = B with a triangle of A.
  mutating func triangularSolve(
    _ a: Value, _ b: Value, isLower: Bool, isTransposed: Bool = false, hasUnitDiagonal: Bool = false
  ) throws(GraphError) -> Value {
    let solve = TriangularSolve(isLower: isLower, isTransposed: isTransposed, hasUnitDiagonal: hasUnitDiagonal)
    return try add(solve, Operands(a, b))
  }

  /// Solves X op(A) = B with a triangle of A.
  mutating func triangularSolveFromRight(
    _ a: Value, _ b: Value, isLower: Bool, isTransposed: Bool = false, hasUnitDiagonal: Bool = false
  ) throws(GraphError) -> Value {
    // Transposed on both sides: op(A)ᵀ Xᵀ = Bᵀ.
    let turned = try triangularSolve(
      a, transposedMatrix(b), isLower: isLower, isTransposed: !isTransposed, hasUnitDiagonal: hasUnitDiagonal)
    return try transposedMatrix(turned)
  }

  /// Row `order[i]` of each matrix as its row *i*.
  mutating func permutedRows(_ x: Value, _ order: Value) throws(GraphError) -> Value {
    let rank = shape(x).rank
    return try add(Gather(.points(batch: rank - 2)), Operands(x, insertingAxes([rank - 1], into: order)))
  }

  /// 1 / (x[j] - x[i]) at row i and column j, and 0 where both are equal.
  mutating func inverseDifferences(_ x: Value) throws(GraphError) -> Value {
    let rank = shape(x).rank
    let differences = try subtract(insertingAxes([rank - 1], into: x), insertingAxes([rank], into: x))
    let isZero = try compare(.equal, differences, scalar(0, like: x))
    let safe = try select(isZero, scalar(1, like: x), differences)
    return try select(isZero, scalar(0, like: x), unary(.reciprocal, safe))
  }
}
