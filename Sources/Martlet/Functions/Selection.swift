import MartletGraph

/// Takes each element from `a` where `condition` is true, else from `b`. Shapes broadcast.
///
/// Neither the value nor the derivative of the side that is not taken matters, but an infinite derivative there makes
/// NaN: guard the operand as well.
///
/// - Precondition: `condition` is bool; `a` and `b` have the same element type.
public func select(
  _ condition: Tensor, _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("select", fileID, line) { c in try c.select(condition, a, b) }
}

/// Takes each element from `a` where `condition` is true, else the number `b`.
public func select(
  _ condition: Tensor, _ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("select", fileID, line) { c in try c.select(condition, a, b) }
}

/// Takes the number `a` where `condition` is true, else each element from `b`.
public func select(
  _ condition: Tensor, _ a: Double, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("select", fileID, line) { c in try c.select(condition, a, b) }
}

extension Tensor {
  /// The elements, those outside `range` replaced by its nearest bound; NaN stays.
  ///
  /// The derivative is 1 inside, bounds included, and 0 outside.
  public func clipped(
    to range: ClosedRange<Double>, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("clipped", fileID, line) { c in try c.clip(self, range.lowerBound, range.upperBound) }
  }

  /// The elements, those below `range` replaced by its bound; NaN stays.
  public func clipped(
    to range: PartialRangeFrom<Double>, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("clipped", fileID, line) { c in try c.clip(self, range.lowerBound, nil) }
  }

  /// The elements, those above `range` replaced by its bound; NaN stays.
  public func clipped(
    to range: PartialRangeThrough<Double>, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("clipped", fileID, line) { c in try c.clip(self, nil, range.upperBound) }
  }

  /// The elements, with NaN and infinities replaced by a number.
  public func replacingNonFinite(
    with value: Double, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("replacingNonFinite", fileID, line) { c in try c.select(c.unary(.isFinite, self), self, value) }
  }

  /// The elements where `condition` is false, and `value` where it is true. Shapes broadcast.
  public func replacing(
    where condition: Tensor, with value: Double, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("replacing", fileID, line) { c in try c.select(condition, value, self) }
  }
}

extension Composition {
  /// Comparing and selecting rather than a maximum, whose derivative is shared at the bound.
  func clip(_ x: Tensor, _ low: Double?, _ high: Double?) throws(GraphError) -> Tensor {
    var result = x
    if let low {
      let bound = try scalar(low, x.dtype)
      result = try select(compare(.less, result, bound), bound, result)
    }
    if let high {
      let bound = try scalar(high, x.dtype)
      result = try select(compare(.greater, result, bound), bound, result)
    }
    return result
  }
}
