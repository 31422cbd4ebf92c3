public import MartletGraph

extension Tensor {
  /// A tensor of zeros.
  public static func zeros(
    _ shape: Shape, dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("zeros", fileID, line) { c in try c.full(0, TensorType(dtype, shape)) }
  }

  /// A tensor of ones; `true` for bool.
  public static func ones(
    _ shape: Shape, dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("ones", fileID, line) { c in try c.full(1, TensorType(dtype, shape)) }
  }

  /// A tensor whose elements are all `value`.
  public static func full(
    _ shape: Shape, value: Double, dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("full", fileID, line) { c in try c.full(value, TensorType(dtype, shape)) }
  }

  /// Zeros of the element type and shape of `other`.
  public static func zeros(like other: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("zeros", fileID, line) { c in try c.full(0, other.type) }
  }

  /// Ones of the element type and shape of `other`.
  public static func ones(like other: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("ones", fileID, line) { c in try c.full(1, other.type) }
  }

  /// A tensor of the element type and shape of `other` whose elements are all `value`.
  public static func full(
    like other: Tensor, value: Double, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("full", fileID, line) { c in try c.full(value, other.type) }
  }

  /// A matrix with ones where the column is the row plus `diagonal`, and zeros elsewhere.
  ///
  /// - Returns: `[size, columns]`, square unless `columns` is given.
  public static func eye(
    _ size: Int, columns: Int? = nil, diagonal: Int = 0, dtype: DType = .float32, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("eye", fileID, line) { c in
      let distance = try c.diagonalDistance(checkedSizes([size, columns ?? size]))
      return try c.cast(c.compare(.equal, distance, Double(diagonal)), dtype)
    }
  }

  /// The integers of a range, every `step`-th of them.
  ///
  /// - Returns: `[count]`; `int64` unless asked otherwise.
  /// - Precondition: A positive step.
  public static func range(
    _ range: Range<Int>, by step: Int = 1, dtype: DType = .int64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("range", fileID, line) { c in
      if step < 1 { throw mistake("the step \(step) is less than 1") }
      let count = (range.count + step - 1) / step
      let steps = try c.iota([count], axis: 0)
      let integers = try c.binary(.add, c.binary(.multiply, steps, Double(step)), Double(range.lowerBound))
      return try c.cast(integers, dtype)
    }
  }

  /// Numbers from `start`, `step` apart, up to but not including `stop`.
  ///
  /// There are ⌈(`stop` - `start`) / `step`⌉ of them, each `start` + *i* · `step`, so that errors do not add up.
  ///
  /// - Precondition: `step` is not 0.
  public static func arange(
    _ start: Double, _ stop: Double, step: Double = 1, dtype: DType = .float32, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("arange", fileID, line) { c in
      let count = ((stop - start) / step).rounded(.up)
      guard step != 0, count.isFinite, count < 0x1p53 else {
        throw mistake("there is no way from \(start) to \(stop) in steps of \(step)")
      }
      return try c.line(from: start, step: step, count: Int(Swift.max(count, 0)), dtype)
    }
  }

  /// `count` numbers at equal distances from `start` to `stop`, both included.
  public static func linspace(
    _ start: Double, _ stop: Double, count: Int, dtype: DType = .float32, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("linspace", fileID, line) { c in
      try c.line(from: start, step: count > 1 ? (stop - start) / Double(count - 1) : 0, count: count, dtype)
    }
  }

  /// `count` powers of `base` whose exponents are at equal distances from `start` to `stop`, both included.
  public static func logspace(
    _ start: Double, _ stop: Double, count: Int, base: Double = 10, dtype: DType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("logspace", fileID, line) { c in
      let step = count > 1 ? (stop - start) / Double(count - 1) : 0
      return try c.cast(c.binary(.power, base, c.line(from: start, step: step, count: count, .float64)), dtype)
    }
  }
}

// MARK: - Matrices

extension Tensor {
  /// The elements of the last two dimensions on and below a diagonal; zeros above it.
  ///
  /// - Parameter diagonal: 0 is the main one, positive ones lie above it.
  public func lowerTriangle(
    diagonal: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("lowerTriangle", fileID, line) { c in
      try c.triangular("lowerTriangle", self, .lessOrEqual, diagonal)
    }
  }

  /// The elements of the last two dimensions on and above a diagonal; zeros below it.
  ///
  /// - Parameter diagonal: 0 is the main one, positive ones lie above it.
  public func upperTriangle(
    diagonal: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("upperTriangle", fileID, line) { c in
      try c.triangular("upperTriangle", self, .greaterOrEqual, diagonal)
    }
  }

  /// The diagonal of the last two dimensions.
  ///
  /// - Returns: `[..., n, m]` gives `[..., min(n, m)]`.
  public func diagonal(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("diagonal", fileID, line) { c in
      let matrix = try c.matrixShape(self)
      let count = Swift.min(matrix[0], matrix[1])
      let square = try c.slice(c.slice(self, 0..<count, axis: rank - 2), 0..<count, axis: rank - 1)
      let isOff = try c.compare(.notEqual, c.diagonalDistance([count, count]), 0)
      // A sum over one element and zeros; what is off the diagonal, NaN included, takes no part.
      return try c.counting(dtype) { try c.reduce(.sum, $0(c.select(isOff, 0, square)), [rank - 1]) }
    }
  }

  /// A matrix that holds a vector on its diagonal, and zeros elsewhere.
  ///
  /// - Returns: `[..., n]` gives `[..., n, n]`.
  public func diagonalMatrix(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("diagonalMatrix", fileID, line) { c in
      guard let size = shape.last else { throw mistake("a scalar has no axis to put on a diagonal") }
      let isOff = try c.compare(.notEqual, c.diagonalDistance([size, size]), 0)
      return try c.select(isOff, 0, c.expand(self, [rank]))
    }
  }
}

extension Composition {
  /// Column minus row, `int64`.
  func diagonalDistance(_ matrix: Shape) throws(GraphError) -> Tensor {
    try binary(.subtract, iota([1, matrix[1]], axis: 1), iota([matrix[0], 1], axis: 0))
  }

  /// The elements whose column compares in some way with that of a diagonal; zeros elsewhere.
  func triangular(_ name: String, _ x: Tensor, _ kind: Compare.Kind, _ diagonal: Int) throws -> Tensor {
    let matrix = try matrixShape(x)
    // Further away all diagonals are alike.
    let nearest = Double(Swift.min(Swift.max(diagonal, -matrix[0]), matrix[1]))
    return try namedWithoutDerivative(name, [nearest], [x], at: location) { operands in
      [try select(triangle(matrix, kind, nearest), operands[0], 0)]
    }[0]
  }

  /// How column numbers compare with those of a diagonal, which is found once for a row.
  private func triangle(_ matrix: Shape, _ kind: Compare.Kind, _ diagonal: Double) throws(GraphError) -> Tensor {
    let (rows, columns) = (matrix[0], matrix[1])
    let dtype: DType = Swift.max(rows, columns) < 1 << 30 ? .int32 : .int64
    let rowNumbers = try iota([rows, 1], axis: 0, dtype)
    let diagonals = diagonal == 0 ? rowNumbers : try binary(.add, rowNumbers, diagonal)
    return try compare(kind, iota([1, columns], axis: 1, dtype), diagonals)
  }

  /// The last two sizes.
  func matrixShape(_ x: Tensor) throws(GraphError) -> Shape {
    if x.rank < 2 { throw mistake("needs at least 2 dimensions, got \(x.shape)") }
    return [x.shape[x.rank - 2], x.shape[x.rank - 1]]
  }

  func line(from start: Double, step: Double, count: Int, _ dtype: DType) throws(GraphError) -> Tensor {
    let shape = try checkedSizes([count])
    // In double, and rounded once: a long line must not drift.
    let steps = try iota(shape, axis: 0, .float64)
    return try cast(binary(.add, binary(.multiply, steps, step), start), dtype)
  }

  /// Computes with numbers what bool cannot, and converts back.
  func counting(_ dtype: DType, _ body: ((Tensor) throws -> Tensor) throws -> Tensor) throws -> Tensor {
    if dtype != .bool { return try body { $0 } }
    return try cast(try body { try cast($0, .uint8) }, .bool)
  }
}

/// A shape whose sizes are not negative.
func checkedSizes(_ sizes: [Int]) throws(GraphError) -> Shape {
  if let bad = sizes.first(where: { $0 < 0 }) { throw mistake("the size \(bad) is negative") }
  return try checkedShape(sizes)
}
