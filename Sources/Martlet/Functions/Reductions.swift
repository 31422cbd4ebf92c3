import MartletGraph

// Reductions over some axes, all by default. `keepingAxes` keeps reduced axes with size 1.

extension Tensor {
  /// The sum of the elements; 0 for none. Sums of bool count, as `int64`.
  ///
  /// - Parameters:
  ///   - axes: Axes to reduce; negative ones count from the end. All by default.
  ///   - keepingAxes: Whether reduced axes stay, with size 1.
  /// - Returns: `[batch, classes]` reduced along axis 1 gives `[batch]`.
  public func sum(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("sum", fileID, line) { c in
      try c.reduce(.sum, c.counted(self), axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// The product of the elements; 1 for none. Products of bool are `int64`.
  public func product(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("product", fileID, line) { c in
      try c.reduce(.product, c.counted(self), axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// The largest element. NaN wins; equal elements share the derivative.
  ///
  /// - Precondition: There is at least one element in every reduced slice.
  public func max(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("max", fileID, line) { c in
      try c.reduce(.max, self, axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// The smallest element. NaN wins; equal elements share the derivative.
  ///
  /// - Precondition: There is at least one element in every reduced slice.
  public func min(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("min", fileID, line) { c in
      try c.reduce(.min, self, axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// Whether any element of a bool tensor is true; false for none.
  public func any(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("any", fileID, line) { c in
      if dtype != .bool { throw mistake("needs bool, got \(dtype); compare first") }
      return try c.reduce(.any, self, axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// Whether all elements of a bool tensor are true; true for none.
  public func all(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("all", fileID, line) { c in
      if dtype != .bool { throw mistake("needs bool, got \(dtype); compare first") }
      return try c.reduce(.all, self, axes.resolved(in: shape), keepingAxes: keepingAxes)
    }
  }

  /// The arithmetic mean; NaN for no elements. 16-bit floats are averaged in float 32.
  ///
  /// - Precondition: A floating-point element type.
  public func mean(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("mean", fileID, line) { c in
      try c.widened(self) { x in try c.mean(x, axes.resolved(in: shape), keepingAxes: keepingAxes) }
    }
  }

  /// The mean square distance from the mean, in two passes, so that a large mean costs no digits.
  ///
  /// - Parameter correction: The sum of squares is divided by the count less this; 1 gives the unbiased estimate.
  /// - Precondition: A floating-point element type.
  public func variance(
    axes: Axes = .all, keepingAxes: Bool = false, correction: Double = 0, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("variance", fileID, line) { c in
      try c.widened(self) { x in
        try c.variance(x, axes.resolved(in: shape), keepingAxes: keepingAxes, correction: correction)
      }
    }
  }

  /// The square root of ``variance(axes:keepingAxes:correction:fileID:line:)``. The derivative at 0 is infinite.
  public func standardDeviation(
    axes: Axes = .all, keepingAxes: Bool = false, correction: Double = 0, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("standardDeviation", fileID, line) { c in
      try c.widened(self) { x in
        let axes = try axes.resolved(in: shape)
        return try c.unary(.sqrt, c.variance(x, axes, keepingAxes: keepingAxes, correction: correction))
      }
    }
  }

  /// The length of vectors along `axes`: (∑ |*x*|ᵖ)^(1/*p*), by default Euclid's.
  ///
  /// An infinite `order` gives the largest magnitude, a negative infinite one the smallest; order 0 counts the elements
  /// that are not 0. The derivative of the Euclidean norm of a zero vector is 0.
  ///
  /// - Precondition: A floating-point element type; `order` is a number.
  public func norm(
    order: Double = 2, axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("norm", fileID, line) { c in
      try checkFloatingPoint(self)
      if order.isNaN { throw mistake("the order is NaN") }
      let axes = try axes.resolved(in: shape)
      return try c.widened(self) { x in try c.norm(x, order, axes, keepingAxes: keepingAxes) }
    }
  }

  /// The position of the largest element along one axis, which disappears; `int64`.
  ///
  /// The first of equal elements wins; NaN wins over everything.
  public func argMax(
    axis: Int = -1, keepingAxis: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("argMax", fileID, line) { c in try c.argReduce(.max, self, axis, keepingAxis: keepingAxis) }
  }

  /// The position of the smallest element along one axis, which disappears; `int64`.
  ///
  /// The first of equal elements wins; NaN wins over everything.
  public func argMin(
    axis: Int = -1, keepingAxis: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("argMin", fileID, line) { c in try c.argReduce(.min, self, axis, keepingAxis: keepingAxis) }
  }
}

extension Composition {
  /// A bool as the number of times it is true.
  func counted(_ x: Tensor) throws(GraphError) -> Tensor { x.dtype == .bool ? try cast(x, .int64) : x }

  /// Computes in float 32 what 16-bit floats would lose or overflow, and rounds once at the end.
  func widened(_ x: Tensor, _ body: (Tensor) throws -> Tensor) throws -> Tensor {
    guard x.dtype == .float16 || x.dtype == .bfloat16 else { return try body(x) }
    return try cast(try body(cast(x, .float32)), x.dtype)
  }

  func mean(_ x: Tensor, _ axes: AxisList, keepingAxes: Bool = false) throws(GraphError) -> Tensor {
    try checkFloatingPoint(x)
    let count = axes.reduce(1) { $0 * x.shape[$1] }
    return try binary(.divide, reduce(.sum, x, axes, keepingAxes: keepingAxes), Double(count))
  }

  func variance(
    _ x: Tensor, _ axes: AxisList, keepingAxes: Bool = false, correction: Double = 0
  ) throws(GraphError) -> Tensor {
    let centered = try binary(.subtract, x, mean(x, axes, keepingAxes: true))
    let count = Double(axes.reduce(1) { $0 * x.shape[$1] }) - correction
    let squares = try reduce(.sum, binary(.multiply, centered, centered), axes, keepingAxes: keepingAxes)
    return try binary(.divide, squares, Swift.max(count, 0))
  }

  func norm(_ x: Tensor, _ order: Double, _ axes: AxisList, keepingAxes: Bool) throws(GraphError) -> Tensor {
    if order == .infinity { return try reduce(.max, unary(.abs, x), axes, keepingAxes: keepingAxes) }
    if order == -.infinity { return try reduce(.min, unary(.abs, x), axes, keepingAxes: keepingAxes) }
    if order == 0 {
      return try reduce(.sum, cast(compare(.notEqual, x, 0), x.dtype), axes, keepingAxes: keepingAxes)
    }
    if order == 1 { return try reduce(.sum, unary(.abs, x), axes, keepingAxes: keepingAxes) }
    if order != 2 {
      let powers = try binary(.power, unary(.abs, x), order)
      return try binary(.power, reduce(.sum, powers, axes, keepingAxes: keepingAxes), 1 / order)
    }
    let squares = try reduce(.sum, binary(.multiply, x, x), axes, keepingAxes: keepingAxes)
    // The root's derivative at 0 is infinite. Where somebody may ask for one, take it somewhere else.
    if Recorder.current.scopes.isEmpty { return try unary(.sqrt, squares) }
    let zero = try scalar(0, x.dtype)
    let isZero = try compare(.equal, squares, zero)
    return try select(isZero, zero, unary(.sqrt, select(isZero, 1, squares)))
  }

  func argReduce(_ kind: ArgReduce.Kind, _ x: Tensor, _ axis: Int, keepingAxis: Bool) throws(GraphError) -> Tensor {
    let axis = try checkedAxis(axis, x.shape)
    let result = try self(ArgReduce(kind, axis: axis), x)
    return keepingAxis ? try expand(result, [axis]) : result
  }
}
