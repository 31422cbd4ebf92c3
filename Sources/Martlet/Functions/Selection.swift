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
    compose("clipped", fileID, line) { c in try c.clipByName(self, range.lowerBound, range.upperBound) }
  }

  /// The elements, those below `range` replaced by its bound; NaN stays.
  public func clipped(
    to range: PartialRangeFrom<Double>, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("clipped", fileID, line) { c in try c.clipByName(self, range.lowerBound, nil) }
  }

  /// The elements, those above `range` replaced by its bound; NaN stays.
  public func clipped(
    to range: PartialRangeThrough<Double>, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("clipped", fileID, line) { c in try c.clipByName(self, nil, range.upperBound) }
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
  func clip(_ x: Tensor, _ low: Double?, _ high: Double?) throws(GraphError) -> Tensor {
    var bounds: (low: Tensor?, high: Tensor?)
    if let low { bounds.low = try scalar(low, x.dtype) }
    if let high { bounds.high = try scalar(high, x.dtype) }
    return try clip(x, bounds.low, bounds.high)
  }

  /// Comparing and selecting rather than a maximum, whose derivative is shared at the bound.
  private func clip(_ x: Tensor, _ low: Tensor?, _ high: Tensor?) throws(GraphError) -> Tensor {
    var result = x
    if let low { result = try select(compare(.less, result, low), low, result) }
    if let high { result = try select(compare(.greater, result, high), high, result) }
    return result
  }

  /// As ``clip(_:_:_:)``, recorded under one name. The bounds are operands, so that others need no other program.
  fileprivate func clipByName(_ x: Tensor, _ low: Double?, _ high: Double?) throws -> Tensor {
    let bounds = try [low, high].compactMap { try $0.map { try scalar($0, x.dtype) } }
    let label = low == nil ? "clip above" : high == nil ? "clip below" : "clip"
    return try namedWithoutDerivative(label, [], [x] + bounds, at: location) { operands in
      [try clip(operands[0], low.map { _ in operands[1] }, high.map { _ in operands[operands.count - 1] })]
    }[0]
  }
}
