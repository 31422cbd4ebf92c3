import MartletGraph

extension Tensor {
  /// The rows of each segment reduced to one; rows of a segment may stand anywhere.
  ///
  /// A segment without rows holds 0 (`sum`, `mean`), 1 (`product`), or the least or greatest value of the type (`max`,
  /// `min`). Equal extremes share the derivative.
  ///
  /// - Parameters:
  ///   - segments: For each row, the number of its segment, any integer type; negative ones count from the end, and
  ///     one that is out of range is an error when the program runs.
  ///   - count: How many segments there are.
  /// - Returns: `[rows, ...]` gives `[count, ...]`.
  public func unsortedSegments(
    _ reduction: ScatterReduction, _ segments: Tensor, count: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("unsortedSegments", fileID, line) { c in try c.segments(self, reduction, segments, count) }
  }

  /// The rows of each segment reduced to one, where the numbers of segments never fall from row to row.
  ///
  /// A number that is less than the one before is an error when the program runs: it is looked up behind the end.
  ///
  /// - Returns: `[rows, ...]` gives `[count, ...]`; see ``unsortedSegments(_:_:count:fileID:line:)``.
  public func segments(
    _ reduction: ScatterReduction, _ segments: Tensor, count: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("segments", fileID, line) { c in
      if segments.rank != 1 { throw mistake("the numbers of segments are a vector, not \(segments.shape)") }
      if !segments.dtype.isInteger { throw mistake("segments are numbered by integers, not \(segments.dtype)") }
      let numbers = try c.cast(segments, .int64)
      let rows = segments.shape[0]
      guard rows > 1 else { return try c.segments(self, reduction, numbers, count) }
      let (later, earlier) = (try c.slice(numbers, 1..<rows, axis: 0), try c.slice(numbers, 0..<(rows - 1), axis: 0))
      let checked = try c.select(c.compare(.less, later, earlier), Double(count), later)
      let sorted = try c.concatenate([c.slice(numbers, 0..<1, axis: 0), checked], axis: 0)
      return try c.segments(self, reduction, sorted, count)
    }
  }
}

extension Composition {
  fileprivate func segments(
    _ x: Tensor, _ reduction: ScatterReduction, _ segments: Tensor, _ count: Int
  ) throws(GraphError) -> Tensor {
    guard x.rank > 0, segments.rank == 1, segments.shape[0] == x.shape[0] else {
      throw mistake("\(segments.shape) segments do not number the rows of \(x.shape)")
    }
    if reduction == .mean { try checkFloatingPoint(x) }
    var shape = x.shape
    shape[0] = try checkedSizes([count])[0]
    let start = try full(reduction.identity(x.dtype), TensorType(x.dtype, shape))
    let reduced = try self(Scatter(.axis(0), reduction.combination), start, segments, x)
    guard reduction == .mean else { return reduced }
    let ones = try full(1, TensorType(.int32, segments.shape))
    let rows = try self(Scatter(.axis(0), .add), full(0, TensorType(.int32, [count])), segments, ones)
    let divisor = try cast(binary(.maximum, rows, 1), x.dtype)
    return try binary(.divide, reduced, expand(divisor, 1..<x.rank))
  }
}
