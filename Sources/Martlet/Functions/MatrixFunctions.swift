import MartletGraph

// Numbers that describe matrices, and products of them. Matrices stand in the last two dimensions.

/// The determinants of square matrices; of an empty one 1.
///
/// The derivative exists where the matrix has an inverse.
///
/// - Returns: `[..., n, n]` gives `[...]`.
public func determinant(_ a: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("determinant", fileID, line) { c in
    _ = try c.checkSquare(a)
    return try c.factorized(.lu, a) { factors in
      let diagonal = try c.diagonalOfSquare(factors[0])
      let product = try c.reduce(.product, diagonal, [diagonal.rank - 1])
      return [try c.binary(.multiply, product, c.sign(ofOrder: factors[1], a.dtype))]
    }[0]
  }
}

/// The sign of the determinants (-1, 0 or 1) and the logarithm of their magnitude, which neither overflows nor vanishes.
///
/// - Returns: `[..., n, n]` gives two tensors `[...]`; 0 and `-inf` for a matrix without an inverse.
public func signAndLogDeterminant(
  _ a: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> (sign: Tensor, logarithm: Tensor) {
  let results = compose("signAndLogDeterminant", results: 2, fileID, line) { c in
    _ = try c.checkSquare(a)
    return try c.factorized(.lu, a) { factors in
      let diagonal = try c.diagonalOfSquare(factors[0])
      let last: AxisList = [diagonal.rank - 1]
      let signs = try c.reduce(.product, c.unary(.sign, c.stopGradient(diagonal)), last)
      let sign = try c.binary(.multiply, signs, c.sign(ofOrder: factors[1], a.dtype))
      return [sign, try c.reduce(.sum, c.unary(.log, c.unary(.abs, diagonal)), last)]
    }
  }
  return (results[0], results[1])
}

/// What ``matrixNorm(_:_:fileID:line:)`` measures.
public enum MatrixNorm: Sendable, Hashable {
  /// The root of the sum of squares of all elements.
  case frobenius
  /// The sum of singular values.
  case nuclear
  /// The largest singular value: the longest that a vector of length 1 can become.
  case spectral
  /// The largest sum of magnitudes of a column, or of a row.
  case columns, rows
  /// The smallest singular value, the smallest sum of magnitudes of a column, or of a row.
  case smallestSingular, smallestColumn, smallestRow
}

/// The size of matrices.
///
/// - Returns: `[..., m, n]` gives `[...]`.
public func matrixNorm(
  _ a: Tensor, _ kind: MatrixNorm = .frobenius, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("matrixNorm", fileID, line) { c in
    try checkFloatingPoint(a)
    if a.rank < 2 { throw mistake("needs matrices in the last two dimensions, got \(a.shape)") }
    let (rows, columns) = (a.rank - 2, a.rank - 1)
    switch kind {
    case .frobenius: return try c.widened(a) { x in try c.norm(x, 2, [rows, columns], keepingAxes: false) }
    case .columns, .smallestColumn, .rows, .smallestRow:
      let isColumn = kind == .columns || kind == .smallestColumn
      let sums = try c.reduce(.sum, c.unary(.abs, a), [isColumn ? rows : columns])
      let isSmallest = kind == .smallestColumn || kind == .smallestRow
      return try c.reduce(isSmallest ? .min : .max, sums, [sums.rank - 1])
    case .nuclear, .spectral, .smallestSingular:
      return try c.factorized(.singularValues, a) { factors in
        let last: AxisList = [factors[1].rank - 1]
        return [try c.reduce(kind == .nuclear ? .sum : kind == .spectral ? .max : .min, factors[1], last)]
      }[0]
    }
  }
}

/// The ratios of the largest to the smallest singular values: how much an error of a right-hand side can grow.
///
/// - Returns: `[..., m, n]` gives `[...]`.
public func conditionNumber(_ a: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("conditionNumber", fileID, line) { c in
    try c.factorized(.singularValues, a) { factors in
      let last: AxisList = [factors[1].rank - 1]
      return [try c.binary(.divide, c.reduce(.max, factors[1], last), c.reduce(.min, factors[1], last))]
    }[0]
  }
}

/// How many singular values are above a share of the largest; `int64`.
///
/// - Parameter relativeTolerance: The share; by default the type's spacing at 1 times the larger size.
/// - Returns: `[..., m, n]` gives `[...]`.
public func matrixRank(
  _ a: Tensor, relativeTolerance: Double? = nil, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("matrixRank", fileID, line) { c in
    try c.factorized(.singularValues, a) { factors in
      let s = factors[1]
      let isAbove = try c.compare(.greater, s, c.singularLimit(s, a, relativeTolerance))
      return [try c.reduce(.sum, c.cast(isAbove, .int64), [s.rank - 1])]
    }[0]
  }
}

/// Kronecker's product: every element of `a` times the whole of `b`, as blocks.
///
/// - Returns: `[m, n]` and `[p, q]` give `[m · p, n · q]`; so for any number of dimensions.
/// - Precondition: As many dimensions on both sides.
public func kron(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("kron", fileID, line) { c in
    if a.rank != b.rank { throw mistake("\(a.shape) and \(b.shape) have different numbers of dimensions") }
    // Axis i of a, then axis i of b, each beside a 1 of the other.
    let rows = try checkedShape(a.shape.flatMap { [$0, 1] })
    let blocks = try checkedShape(b.shape.flatMap { [1, $0] })
    let product = try c.binary(.multiply, c.reshape(a, rows), c.reshape(b, blocks))
    return try c.reshape(product, zip(a.shape, b.shape).map { $0 * $1 })
  }
}

/// The vector product of triples along an axis. Shapes broadcast.
///
/// - Precondition: The axis has size 3 on both sides.
public func cross(
  _ a: Tensor, _ b: Tensor, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("cross", fileID, line) { c in
    let shape = try broadcastShape(a.shape, b.shape, operation: "cross")
    let axis = try checkedAxis(axis, shape)
    let (x, y) = (try c.broadcast(a, shape), try c.broadcast(b, shape))
    if shape[axis] != 3 {
      throw mistake("axis \(axis) of \(a.shape) and \(b.shape) does not have size 3")
    }
    func turned(_ x: Tensor, _ cut: Int) throws(GraphError) -> Tensor {
      try c.concatenate([c.slice(x, cut..<3, axis: axis), c.slice(x, 0..<cut, axis: axis)], axis: axis)
    }
    let first = try c.binary(.multiply, turned(x, 1), turned(y, 2))
    return try c.binary(.subtract, first, c.binary(.multiply, turned(x, 2), turned(y, 1)))
  }
}

/// The sums of products of vectors along an axis. Shapes broadcast.
public func vectorDot(
  _ a: Tensor, _ b: Tensor, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("vectorDot", fileID, line) { c in
    let product = try c.binary(.multiply, a, b)
    return try c.reduce(.sum, product, [checkedAxis(axis, product.shape)])
  }
}

/// The product of a chain of matrices, in the order that costs least.
///
/// - Parameter matrices: At least one; vectors may stand at the ends.
/// - Note: Cormen, Leiserson, Rivest and Stein, *Introduction to Algorithms*, section 14.2.
public func chainedProduct(
  _ matrices: [Tensor], fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("chainedProduct", fileID, line) { c in
    guard let first = matrices.first, let last = matrices.last else { throw mistake("there are no matrices") }
    if matrices.count == 1 { return first }
    if let bad = matrices.dropFirst().dropLast().first(where: { $0.rank != 2 }) {
      throw mistake("\(bad.shape) in the middle of the chain is no matrix")
    }
    guard (1...2).contains(first.rank), (1...2).contains(last.rank) else {
      throw mistake("\(first.shape) and \(last.shape) at the ends are neither vectors nor matrices")
    }
    let sizes = [first.rank == 1 ? 1 : first.shape[0]] + matrices.dropLast().map { $0.shape[$0.rank - 1] }
    let order = ChainOrder(sizes + [last.rank == 1 ? 1 : last.shape[1]])
    func product(_ range: ClosedRange<Int>) throws(GraphError) -> Tensor {
      if range.count == 1 { return matrices[range.lowerBound] }
      let cut = order.cut[range.lowerBound][range.upperBound]
      return try c.matmul(product(range.lowerBound...cut), product((cut + 1)...range.upperBound))
    }
    return try product(0...(matrices.count - 1))
  }
}

/// Where a chain of products is best parted.
private struct ChainOrder {
  var cut: [[Int]]

  init(_ sizes: [Int]) {
    let count = sizes.count - 1
    cut = Array(repeating: Array(repeating: 0, count: count), count: count)
    var cost = Array(repeating: Array(repeating: 0.0, count: count), count: count)
    for length in 1..<Swift.max(count, 1) {
      for first in 0..<(count - length) {
        let last = first + length
        cost[first][last] = .infinity
        for middle in first..<last {
          let own = Double(sizes[first]) * Double(sizes[middle + 1]) * Double(sizes[last + 1])
          let total = cost[first][middle] + cost[middle + 1][last] + own
          if total < cost[first][last] { (cost[first][last], cut[first][last]) = (total, middle) }
        }
      }
    }
  }
}

extension Composition {
  fileprivate func diagonalOfSquare(_ x: Tensor) throws(GraphError) -> Tensor {
    let size = x.shape[x.rank - 1]
    let isOff = try compare(.notEqual, diagonalDistance([size, size]), 0)
    return try reduce(.sum, select(isOff, 0, x), [x.rank - 1])
  }

  /// 1 or -1 by the number of exchanges that make a permutation.
  fileprivate func sign(ofOrder order: Tensor, _ dtype: DType) throws(GraphError) -> Tensor {
    let last = order.rank - 1
    let size = order.shape[last]
    let type: DType = dtype == .float64 ? .float64 : .float32
    // Every pair in the wrong order is one exchange.
    let isWrong = try compare(.greater, expand(order, [last + 1]), expand(order, [last]))
    let isLater = try compare(.greater, diagonalDistance([size, size]), 0)
    let pairs = try cast(self(Binary(.and), isWrong, isLater), .int32)
    let count = try reduce(.sum, pairs, [last, last + 1])
    let isOdd = try compare(.notEqual, binary(.modulo, count, 2), 0)
    return try select(isOdd, -1, full(1, TensorType(type, count.shape)))
  }
}
