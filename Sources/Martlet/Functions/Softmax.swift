import MartletGraph

extension Tensor {
  /// Exponentials along `axis`, divided by their sum: probabilities.
  ///
  /// Shifts by the largest element first, so finite inputs give a finite result. A slice of nothing but `-inf`, or one
  /// that holds `+inf` or NaN, gives NaN.
  ///
  /// - Precondition: A floating-point element type.
  public func softmax(axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("softmax", fileID, line) { c in
      try c.widened(self) { x in
        let axes: AxisList = [try checkedAxis(axis, shape)]
        let shifted = try c.binary(.subtract, x, c.stopGradient(c.reduce(.max, x, axes, keepingAxes: true)))
        let powers = try c.unary(.exp, shifted)
        return try c.binary(.divide, powers, c.reduce(.sum, powers, axes, keepingAxes: true))
      }
    }
  }

  /// The logarithm of ``softmax(axis:fileID:line:)``, without underflow.
  ///
  /// - Precondition: A floating-point element type.
  public func logSoftmax(axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("logSoftmax", fileID, line) { c in
      try c.widened(self) { x in
        let axes: AxisList = [try checkedAxis(axis, shape)]
        let shifted = try c.binary(.subtract, x, c.stopGradient(c.reduce(.max, x, axes, keepingAxes: true)))
        let total = try c.reduce(.sum, c.unary(.exp, shifted), axes, keepingAxes: true)
        return try c.binary(.subtract, shifted, c.unary(.log, total))
      }
    }
  }

  /// The logarithm of the sum of exponentials along `axes`, without overflow.
  ///
  /// Shifts by the largest element first, so finite inputs give a finite result; a slice of nothing but `-inf`, or of
  /// nothing at all, gives `-inf`. The derivative is ``softmax(axis:fileID:line:)``.
  ///
  /// - Parameters:
  ///   - axes: Axes to reduce; negative ones count from the end. All by default.
  ///   - keepingAxes: Whether reduced axes stay, with size 1.
  /// - Returns: `[batch, classes]` reduced along axis 1 gives `[batch]`; same element type.
  /// - Precondition: A floating-point element type; every axis exists and is named once.
  /// - Note: Blanchard, Higham and Higham, *IMA J. Numer. Anal.* 41 (2021).
  public func logSumExp(
    axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("logSumExp", fileID, line) { c in
      try checkFloatingPoint(self)
      let axes = try axes.resolved(in: shape)
      return try c.widened(self) { x in try c.logSumExp(x, axes, keepingAxes: keepingAxes) }
    }
  }
}

extension Composition {
  func logSumExp(_ x: Tensor, _ axes: AxisList, keepingAxes: Bool) throws(GraphError) -> Tensor {
    if axes.contains(where: { x.shape[$0] == 0 }) {
      return try unary(.log, reduce(.sum, x, axes, keepingAxes: keepingAxes))
    }
    let largest = try stopGradient(reduce(.max, x, axes, keepingAxes: true))
    // A slice whose maximum is infinite must not become inf - inf.
    let peak = try select(unary(.isFinite, largest), largest, 0)
    let total = try reduce(.sum, unary(.exp, binary(.subtract, x, peak)), axes, keepingAxes: keepingAxes)
    let shift = keepingAxes ? peak : try reshape(peak, total.shape)
    return try binary(.add, unary(.log, total), shift)
  }
}
