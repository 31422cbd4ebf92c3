import MartletGraph

// Sorting is stable, and NaN comes last in either direction.

extension Tensor {
  /// The elements along an axis in ascending order, or descending.
  public func sorted(
    axis: Int = -1, isDescending: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("sorted", fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      return try c(Gather(.elements(axis: axis)), self, c(ArgSort(axis: axis, isDescending: isDescending), self))
    }
  }

  /// The positions, `int64`, at which the elements of ``sorted(axis:isDescending:fileID:line:)`` stand now.
  public func argSorted(
    axis: Int = -1, isDescending: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("argSorted", fileID, line) { c in
      try c(ArgSort(axis: checkedAxis(axis, shape), isDescending: isDescending), self)
    }
  }

  /// The `count` largest elements along an axis, largest first, and their positions (`int64`).
  ///
  /// The first of equal elements comes first; NaN is taken last.
  ///
  /// - Parameter isSmallest: Takes the smallest elements instead, smallest first.
  /// - Precondition: The axis has at least `count` elements.
  public func topK(
    _ count: Int, axis: Int = -1, isSmallest: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (values: Tensor, indices: Tensor) {
    let results = compose("topK", results: 2, fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      guard count >= 0 && count <= shape[axis] else {
        throw mistake("there are no \(count) elements along axis \(axis) of \(shape)")
      }
      let order = try c(ArgSort(axis: axis, isDescending: !isSmallest, count: count), self)
      return [try c(Gather(.elements(axis: axis)), self, order), order]
    }
    return (results[0], results[1])
  }
}

// MARK: - Running reductions

extension Tensor {
  /// Each element plus all before it along an axis, or after it when reversed. Bool counts, as `int64`.
  public func cumulativeSum(
    axis: Int, isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("cumulativeSum", fileID, line) { c in try c.cumulative(.sum, c.counted(self), axis, isReversed) }
  }

  /// Each element times all before it along an axis, or after it when reversed.
  public func cumulativeProduct(
    axis: Int, isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("cumulativeProduct", fileID, line) { c in try c.cumulative(.product, c.counted(self), axis, isReversed) }
  }

  /// The largest of each element and all before it along an axis, or after it when reversed; NaN wins.
  public func cumulativeMax(
    axis: Int, isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("cumulativeMax", fileID, line) { c in try c.cumulative(.max, self, axis, isReversed) }
  }

  /// The smallest of each element and all before it along an axis, or after it when reversed; NaN wins.
  public func cumulativeMin(
    axis: Int, isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("cumulativeMin", fileID, line) { c in try c.cumulative(.min, self, axis, isReversed) }
  }

  /// The logarithm of the sum of the exponentials of each element and all before it along an axis, or after it when
  /// reversed; without overflow or underflow.
  ///
  /// - Precondition: A floating-point element type.
  public func cumulativeLogSumExp(
    axis: Int, isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("cumulativeLogSumExp", fileID, line) { c in try c.cumulative(.logSumExp, self, axis, isReversed) }
  }

  /// The running maximum, and the `int64` position of the element that it is: the first of equal ones.
  public func cumulativeMaxWithIndices(
    axis: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (values: Tensor, indices: Tensor) {
    runningExtreme("cumulativeMaxWithIndices", .max, axis, fileID, line)
  }

  /// The running minimum, and the `int64` position of the element that it is: the first of equal ones.
  public func cumulativeMinWithIndices(
    axis: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (values: Tensor, indices: Tensor) {
    runningExtreme("cumulativeMinWithIndices", .min, axis, fileID, line)
  }

  private func runningExtreme(
    _ name: String, _ kind: Cumulative.Kind, _ axis: Int, _ fileID: StaticString, _ line: UInt
  ) -> (values: Tensor, indices: Tensor) {
    let results = compose(name, results: 2, fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      let values = try c.cumulative(kind, self, axis, false)
      return [values, try c.recordPositions(self, values, kind, axis)]
    }
    return (results[0], results[1])
  }

  /// The differences of neighbors along an axis, taken `order` times: one element less each time.
  ///
  /// - Precondition: `order` is not negative and less than the size of the axis, or equal to it.
  public func differences(
    order: Int = 1, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("differences", fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      guard order >= 0 && order <= shape[axis] else {
        throw mistake("there are no differences of order \(order) along axis \(axis) of \(shape)")
      }
      var x = self
      for _ in 0..<order {
        let size = x.shape[axis]
        let (later, earlier) = (try c.slice(x, 1..<size, axis: axis), try c.slice(x, 0..<(size - 1), axis: axis))
        x = dtype == .bool ? try c(Binary(.xor), later, earlier) : try c.binary(.subtract, later, earlier)
      }
      return x
    }
  }
}

extension Composition {
  fileprivate func cumulative(
    _ kind: Cumulative.Kind, _ x: Tensor, _ axis: Int, _ isReversed: Bool
  ) throws(GraphError) -> Tensor {
    try self(Cumulative(kind, axis: checkedAxis(axis, x.shape), isReversed: isReversed), x)
  }

  /// Where each running extreme was set: the last position so far at which it changed.
  fileprivate func recordPositions(
    _ x: Tensor, _ running: Tensor, _ kind: Cumulative.Kind, _ axis: Int
  ) throws(GraphError) -> Tensor {
    let size = x.shape[axis]
    let positions = try iota(x.shape, axis: axis)
    if size < 2 { return positions }
    let before = try slice(running, 0..<(size - 1), axis: axis)
    let after = try slice(x, 1..<size, axis: axis)
    // NaN wins over everything but an earlier NaN.
    var isRecord = try compare(kind == .max ? .greater : .less, after, before)
    if x.dtype.isFloatingPoint {
      let isFirstNaN = try self(Binary(.and), unary(.isNaN, after), self(Unary(.not), unary(.isNaN, before)))
      isRecord = try self(Binary(.or), isRecord, isFirstNaN)
    }
    let later = try select(isRecord, slice(positions, 1..<size, axis: axis), 0)
    let records = try concatenate([slice(positions, 0..<1, axis: axis), later], axis: axis)
    return try self(Cumulative(.max, axis: axis), records)
  }
}
