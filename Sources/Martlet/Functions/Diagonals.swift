import MartletGraph

extension Tensor {
  /// A diagonal of the matrices that two axes hold.
  ///
  /// - Parameters:
  ///   - offset: 0 is the main one, positive ones lie above it.
  ///   - axes: The rows and the columns.
  /// - Returns: The other dimensions, then the diagonal.
  public func diagonal(
    offset: Int, axes: (Int, Int) = (-2, -1), fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("diagonal", fileID, line) { c in try c.diagonal(self, offset, axes) }
  }

  /// The sum of a diagonal of the matrices that two axes hold.
  ///
  /// - Returns: The other dimensions.
  public func trace(
    offset: Int = 0, axes: (Int, Int) = (-2, -1), fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("trace", fileID, line) { c in
      let diagonal = try c.diagonal(self, offset, axes)
      return try c.reduce(.sum, c.counted(diagonal), [diagonal.rank - 1])
    }
  }

  /// Matrices that hold vectors on a diagonal, and zeros elsewhere.
  ///
  /// - Parameter offset: 0 is the main one, positive ones lie above it.
  /// - Returns: `[..., n]` gives `[..., n + |offset|, n + |offset|]`.
  public func diagonalMatrix(
    offset: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("diagonalMatrix", fileID, line) { c in
      guard let size = shape.last else { throw mistake("a scalar has no axis to put on a diagonal") }
      guard abs(offset) < 1 << 40 else { throw mistake("there is no diagonal \(offset)") }
      let isOff = try c.compare(.notEqual, c.diagonalDistance([size, size]), 0)
      let matrix = try c.select(isOff, 0, c.expand(self, [rank]))
      var (low, high) = (Shape(repeating: 0, rank: rank + 1), Shape(repeating: 0, rank: rank + 1))
      low[rank] = Swift.max(offset, 0)
      high[rank] = Swift.max(-offset, 0)
      low[rank - 1] = high[rank]
      high[rank - 1] = low[rank]
      return try c(Pad(low: low, high: high), matrix, c.scalar(0, dtype))
    }
  }

  /// The places on and below a diagonal of a matrix, in row-major order: `int64 [count, 2]`.
  public static func lowerTriangleIndices(
    _ rows: Int, _ columns: Int, diagonal: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    triangleIndices(rows, columns, fileID, line) { row, column in column - row <= diagonal }
  }

  /// The places on and above a diagonal of a matrix, in row-major order: `int64 [count, 2]`.
  public static func upperTriangleIndices(
    _ rows: Int, _ columns: Int, diagonal: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    triangleIndices(rows, columns, fileID, line) { row, column in column - row >= diagonal }
  }

  private static func triangleIndices(
    _ rows: Int, _ columns: Int, _ fileID: StaticString, _ line: UInt, _ isIn: (Int, Int) -> Bool
  ) -> Tensor {
    compose("triangleIndices", fileID, line) { _ in
      _ = try checkedSizes([rows, columns])
      var places: [Int] = []
      for row in 0..<rows { for column in 0..<columns where isIn(row, column) { places += [row, column] } }
      return Tensor(places, shape: [places.count / 2, 2])
    }
  }

  /// Matrices turned by quarters, from the first axis towards the second.
  public func rotatedByQuarters(
    _ count: Int = 1, axes: (Int, Int) = (0, 1), fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("rotatedByQuarters", fileID, line) { c in
      let (first, second) = (try checkedAxis(axes.0, shape), try checkedAxis(axes.1, shape))
      if first == second { throw mistake("axis \(first) is named twice") }
      var order = Array(0..<rank)
      order.swapAt(first, second)
      switch ((count % 4) + 4) % 4 {
      case 1: return try c.transpose(c(Reverse(axes: [second]), self), order)
      case 2: return try c(Reverse(axes: [first, second]), self)
      case 3: return try c(Reverse(axes: [second]), c.transpose(self, order))
      default: return self
      }
    }
  }
}

extension Composition {
  fileprivate func diagonal(_ x: Tensor, _ offset: Int, _ axes: (Int, Int)) throws -> Tensor {
    if x.rank < 2 { throw mistake("needs at least 2 dimensions, got \(x.shape)") }
    let (rows, columns) = (try checkedAxis(axes.0, x.shape), try checkedAxis(axes.1, x.shape))
    if rows == columns { throw mistake("axis \(rows) is named twice") }
    let others = (0..<x.rank).filter { $0 != rows && $0 != columns }
    let matrices = try transpose(x, others + [rows, columns])
    let (height, width) = (x.shape[rows], x.shape[columns])
    // From the first element of the diagonal on; beyond the matrix there is none.
    let (top, left) = (Swift.min(Swift.max(-offset, 0), height), Swift.min(Swift.max(offset, 0), width))
    let count = Swift.min(height - top, width - left)
    let last = x.rank - 1
    let block = try slice(slice(matrices, top..<(top + count), axis: last - 1), left..<(left + count), axis: last)
    let isOff = try compare(.notEqual, diagonalDistance([count, count]), 0)
    return try counting(x.dtype) { number in
      try reduce(.sum, number(select(isOff, number(scalar(0, x.dtype)), number(block))), [last])
    }
  }
}
