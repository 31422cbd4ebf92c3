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
  /// The first of equal elements comes first.
  ///
  /// - Precondition: The axis has at least `count` elements.
  public func topK(
    _ count: Int, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (values: Tensor, indices: Tensor) {
    let results = compose("topK", results: 2, fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      guard count >= 0 && count <= shape[axis] else {
        throw mistake("there are no \(count) elements along axis \(axis) of \(shape)")
      }
      let order = try c.slice(c(ArgSort(axis: axis, isDescending: true), self), 0..<count, axis: axis)
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
}

extension Composition {
  fileprivate func cumulative(
    _ kind: Cumulative.Kind, _ x: Tensor, _ axis: Int, _ isReversed: Bool
  ) throws(GraphError) -> Tensor {
    try self(Cumulative(kind, axis: checkedAxis(axis, x.shape), isReversed: isReversed), x)
  }
}
