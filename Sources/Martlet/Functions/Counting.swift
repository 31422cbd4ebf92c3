import MartletGraph

extension Tensor {
  /// How many elements are not 0; `int64`. NaN counts.
  public func countOfNonzero(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("countOfNonzero", fileID, line) { c in
      let flags = dtype == .bool ? self : try c.compare(.notEqual, self, 0)
      return try c.reduce(.sum, c.cast(flags, .int64), axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// How often each of the integers 0, 1, …, `count` - 1 occurs among the elements, or the sum of their weights.
  ///
  /// An element that is negative or not below `count` is an error when the program runs.
  ///
  /// - Parameters:
  ///   - weights: One for each element; the derivative flows to them.
  ///   - count: How many numbers are counted, the size of the result.
  /// - Returns: `[count]`: `int64`, or the element type of the weights.
  public func binCounts(
    count: Int, weights: Tensor? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("binCounts", fileID, line) { c in
      if !dtype.isInteger { throw mistake("counts integers, not \(dtype); cast them first") }
      let bins = try c.bins(count)
      if let weights, weights.shape != shape { throw mistake("\(weights.shape) weights for elements \(shape)") }
      let places = try c.fromTheStart(c.reshape(self, [elementCount]))
      let amounts =
        try weights.map { try c.reshape($0, [elementCount]) } ?? c.full(1, TensorType(.int64, [elementCount]))
      return try c(Scatter(.axis(0), .add), c.full(0, TensorType(amounts.dtype, bins)), places, amounts)
    }
  }

  /// How many elements fall into each of `count` intervals of equal width, the last of which includes its end.
  ///
  /// Elements outside `range`, and NaN, are left out.
  ///
  /// - Parameter weights: One for each element; the derivative flows to them.
  /// - Returns: The counts `[count]` (`int64`, or the element type of the weights) and the edges `[count + 1]`.
  public func histogram(
    count: Int, range: ClosedRange<Double>, weights: Tensor? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (counts: Tensor, edges: Tensor) {
    let results = compose("histogram", results: 2, fileID, line) { c in
      let bins = try c.bins(count)
      if count < 1 { throw mistake("there must be at least one interval") }
      let (low, high) = (range.lowerBound, range.upperBound)
      guard low < high, low.isFinite, high.isFinite else { throw mistake("\(low)...\(high) has no width") }
      let type: DType = dtype.isFloatingPoint ? dtype : .float64
      let edges = try c.line(from: low, step: (high - low) / Double(count), count: count + 1, .float64)
      // The last edge exactly: rounding of the steps must not leave out the largest element.
      let exact = try c.concatenate(
        [c.slice(edges, 0..<count, axis: 0), c.full(high, TensorType(.float64, [1]))], axis: 0)
      let flat = try c.reshape(c.cast(self, .float64), [elementCount])
      if let weights, weights.shape != shape { throw mistake("\(weights.shape) weights for elements \(shape)") }
      let amounts = try weights.map { try c.reshape($0, [elementCount]) } ?? c.full(1, TensorType(.int64, flat.shape))
      let found = try c.binary(.subtract, c(SearchSorted(isRight: true), exact, flat), 1)
      let isEnd = try c.compare(.equal, flat, high)
      let inside = try c(Binary(.and), c.compare(.greaterOrEqual, flat, low), c.compare(.lessOrEqual, flat, high))
      // One more place takes in what belongs nowhere.
      let place = try c.select(inside, c.select(isEnd, Double(count - 1), found), Double(count))
      let places = TensorType(amounts.dtype, [count + 1])
      let counts = try c(Scatter(.axis(0), .add), c.full(0, places), place, amounts)
      return [try c.reshape(c.slice(counts, 0..<count, axis: 0), bins), try c.cast(exact, type)]
    }
    return (results[0], results[1])
  }

  /// Where values belong among the elements along the last axis, which are in ascending order: the number of elements
  /// that are less, `int64`.
  ///
  /// The order is not checked. NaN is the greatest.
  ///
  /// - Parameters:
  ///   - values: Of any shape if this tensor is a vector; else of the same sizes apart from the last.
  ///   - isRight: Whether equal elements count too.
  /// - Returns: The shape of `values`.
  public func searchSorted(
    _ values: Tensor, isRight: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("searchSorted", fileID, line) { c in
      if rank == 0 { throw mistake("a scalar has no order") }
      if rank > 1 { return try c(SearchSorted(isRight: isRight), self, values) }
      let flat = try c.reshape(values, [values.elementCount])
      return try c.reshape(c(SearchSorted(isRight: isRight), self, flat), values.shape)
    }
  }

  /// The number of the interval into which each element falls: how many `boundaries`, a vector in ascending order, are
  /// less; `int64`.
  ///
  /// - Parameter isRight: Whether a boundary belongs to the interval on its right.
  public func bucketized(
    boundaries: Tensor, isRight: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("bucketized", fileID, line) { c in
      if boundaries.rank != 1 { throw mistake("boundaries are a vector, not \(boundaries.shape)") }
      let flat = try c.reshape(self, [elementCount])
      return try c.reshape(c(SearchSorted(isRight: isRight), boundaries, flat), shape)
    }
  }
}

extension Composition {
  /// Indices that do not count from the end when they are negative: as unsigned numbers those are far outside.
  func fromTheStart(_ indices: Tensor) throws(GraphError) -> Tensor {
    switch indices.dtype {
    case .int8: try self(BitCast(to: .uint8), indices)
    case .int16: try self(BitCast(to: .uint16), indices)
    case .int32: try self(BitCast(to: .uint32), indices)
    case .int64: try self(BitCast(to: .uint64), indices)
    default: indices
    }
  }

  fileprivate func bins(_ count: Int) throws(GraphError) -> Shape {
    guard count >= 0 && count <= 1 << 40 else { throw mistake("\(count) is no number of bins") }
    return [count]
  }
}
