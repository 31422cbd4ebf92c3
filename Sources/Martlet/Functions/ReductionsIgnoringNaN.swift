import MartletGraph

// Reductions that leave NaN out, as if those elements were not there. All need floating-point elements.

extension Tensor {
  /// The sum of the elements that are numbers; 0 for none.
  public func sumIgnoringNaN(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("sumIgnoringNaN", fileID, line) { c in
      try c.reduce(.sum, c.replacingNaN(self, 0), axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// The product of the elements that are numbers; 1 for none.
  public func productIgnoringNaN(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("productIgnoringNaN", fileID, line) { c in
      try c.reduce(.product, c.replacingNaN(self, 1), axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// The arithmetic mean of the elements that are numbers; NaN for none.
  public func meanIgnoringNaN(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("meanIgnoringNaN", fileID, line) { c in
      try checkFloatingPoint(self)
      return try c.widened(self) { x in
        try c.meanIgnoringNaN(x, axes.resolved(in: shape), keepingAxes: keepingAxes)
      }
    }
  }

  /// The variance of the elements that are numbers; NaN where there are not more than `correction`.
  ///
  /// - Parameter correction: The sum of squares is divided by the count less this.
  public func varianceIgnoringNaN(
    axes: Axes = .all, keepingAxes: Bool = false, correction: Double = 0, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("varianceIgnoringNaN", fileID, line) { c in
      try checkFloatingPoint(self)
      return try c.widened(self) { x in
        let axes = try axes.resolved(in: shape)
        let centered = try c.binary(.subtract, x, c.meanIgnoringNaN(x, axes, keepingAxes: true))
        let squares = try c.reduce(.sum, square(c.replacingNaN(centered, 0), c), axes, keepingAxes: keepingAxes)
        let count = try c.binary(.subtract, c.countOfNumbers(x, axes, keepingAxes: keepingAxes), correction)
        let isDefined = try c.compare(.greater, count, 0)
        return try c.select(isDefined, c.binary(.divide, squares, c.select(isDefined, count, 1)), .nan)
      }
    }
  }

  /// The largest of the elements that are numbers; NaN for none.
  public func maxIgnoringNaN(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("maxIgnoringNaN", fileID, line) { c in
      try c.extremeIgnoringNaN(self, .max, axes.resolved(in: shape), keepingAxes)
    }
  }

  /// The smallest of the elements that are numbers; NaN for none.
  public func minIgnoringNaN(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("minIgnoringNaN", fileID, line) { c in
      try c.extremeIgnoringNaN(self, .min, axes.resolved(in: shape), keepingAxes)
    }
  }
}

private func square(_ x: Tensor, _ c: Composition) throws(GraphError) -> Tensor { try c.binary(.multiply, x, x) }

extension Composition {
  fileprivate func replacingNaN(_ x: Tensor, _ value: Double) throws(GraphError) -> Tensor {
    try checkFloatingPoint(x)
    return try select(unary(.isNaN, x), value, x)
  }

  fileprivate func countOfNumbers(_ x: Tensor, _ axes: AxisList, keepingAxes: Bool) throws(GraphError) -> Tensor {
    let isNumber = try self(Unary(.not), unary(.isNaN, x))
    return try reduce(.sum, cast(isNumber, x.dtype), axes, keepingAxes: keepingAxes)
  }

  fileprivate func meanIgnoringNaN(_ x: Tensor, _ axes: AxisList, keepingAxes: Bool) throws(GraphError) -> Tensor {
    let sum = try reduce(.sum, replacingNaN(x, 0), axes, keepingAxes: keepingAxes)
    let count = try countOfNumbers(x, axes, keepingAxes: keepingAxes)
    let isNone = try compare(.equal, count, 0)
    return try select(isNone, .nan, binary(.divide, sum, select(isNone, 1, count)))
  }

  fileprivate func extremeIgnoringNaN(
    _ x: Tensor, _ kind: Reduce.Kind, _ axes: AxisList, _ keepingAxes: Bool
  ) throws(GraphError) -> Tensor {
    let worst = kind == .max ? -Double.infinity : .infinity
    let extreme = try reduce(kind, replacingNaN(x, worst), axes, keepingAxes: keepingAxes)
    let isNone = try reduce(.all, unary(.isNaN, x), axes, keepingAxes: keepingAxes)
    return try select(isNone, .nan, extreme)
  }
}
