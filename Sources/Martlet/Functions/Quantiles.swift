import MartletGraph

/// What a quantile is that falls between two elements.
public enum QuantileInterpolation: Sendable, Hashable, CaseIterable {
  /// The point between them, in proportion.
  case linear
  case lower, higher
  /// The nearer one; the one at the even position in the middle.
  case nearest
  /// Half of their sum.
  case midpoint
}

extension Tensor {
  /// The element in the middle of the order, or the mean of the two in the middle.
  ///
  /// NaN where there is one in the slice. The derivative goes to the elements that were taken.
  ///
  /// - Parameter interpolation: `.lower` for what PyTorch calls the median.
  /// - Precondition: A floating-point element type.
  public func median(
    axes: Axes = .all, keepingAxes: Bool = false, interpolation: QuantileInterpolation = .midpoint,
    ignoringNaN: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("median", fileID, line) { c in
      try c.quantiles(self, [0.5], axes, keepingAxes, interpolation, ignoringNaN)[0]
    }
  }

  /// The value below which a share `q` of the elements lies.
  ///
  /// With *n* elements in order, *q* falls at position *q* (*n* - 1). NaN where there is one in the slice.
  ///
  /// - Parameters:
  ///   - q: From 0 (the smallest) to 1 (the largest).
  ///   - ignoringNaN: Whether NaN is left out; NaN only where nothing is left.
  /// - Precondition: A floating-point element type.
  public func quantile(
    _ q: Double, axes: Axes = .all, keepingAxes: Bool = false, interpolation: QuantileInterpolation = .linear,
    ignoringNaN: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("quantile", fileID, line) { c in
      try c.quantiles(self, [q], axes, keepingAxes, interpolation, ignoringNaN)[0]
    }
  }

  /// Several quantiles at once, for one sorting.
  ///
  /// - Returns: A new first dimension with one slice for each of `q`.
  public func quantiles(
    _ q: [Double], axes: Axes = .all, keepingAxes: Bool = false, interpolation: QuantileInterpolation = .linear,
    ignoringNaN: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("quantiles", fileID, line) { c in
      if q.isEmpty { throw mistake("no quantile is asked for") }
      let parts = try c.quantiles(self, q, axes, keepingAxes, interpolation, ignoringNaN)
      return try c.concatenate(parts.map { try c.expand($0, [0]) }, axis: 0)
    }
  }
}

extension Composition {
  fileprivate func quantiles(
    _ x: Tensor, _ q: [Double], _ axes: Axes, _ keepingAxes: Bool, _ interpolation: QuantileInterpolation,
    _ ignoringNaN: Bool
  ) throws -> [Tensor] {
    try checkFloatingPoint(x)
    if let bad = q.first(where: { !($0 >= 0 && $0 <= 1) }) { throw mistake("the quantile \(bad) is not in 0...1") }
    let axes = try axes.resolved(in: x.shape)
    let kept = (0..<x.rank).filter { !axes.contains($0) }
    let count = axes.reduce(1) { $0 * x.shape[$1] }
    let lines = try reshape(transpose(x, kept + Array(axes)), kept.map { x.shape[$0] } + [count])
    let last = kept.count
    if count == 0 { throw mistake("there is no element along \(Array(axes)) of \(x.shape)") }
    let sorted = try self(Gather(.elements(axis: last)), lines, self(ArgSort(axis: last), lines))
    return try q.map { q in
      let value = try ignoringNaN ? countedQuantile(sorted, q, interpolation) : quantile(sorted, q, interpolation)
      let result = try reshape(value, kept.map { x.shape[$0] })
      return keepingAxes ? try expand(result, axes) : result
    }
  }

  /// At a position that is known; NaN, which is sorted last, spoils all.
  private func quantile(
    _ sorted: Tensor, _ q: Double, _ interpolation: QuantileInterpolation
  ) throws(GraphError) -> Tensor {
    let axis = sorted.rank - 1
    let count = sorted.shape[axis]
    let position = q * Double(count - 1)
    func element(_ place: Double) throws(GraphError) -> Tensor {
      try slice(sorted, Int(place)..<(Int(place) + 1), axis: axis)
    }
    let low = try element(position.rounded(.down))
    let high = try element(position.rounded(.up))
    let value: Tensor
    switch interpolation {
    case .lower: value = low
    case .higher: value = high
    case .nearest: value = try element(position.rounded(.toNearestOrEven))
    case .midpoint:
      value = position == position.rounded() ? low : try binary(.multiply, binary(.add, low, high), 0.5)
    case .linear:
      let weight = position - position.rounded(.down)
      value = weight == 0 ? low : try between(low, high, weight: scalar(weight, sorted.dtype))
    }
    let greatest = try element(Double(count - 1))
    return try select(unary(.isNaN, greatest), stopGradient(greatest), value)
  }

  /// Among the elements that are numbers, whose count only the values tell.
  private func countedQuantile(
    _ sorted: Tensor, _ q: Double, _ interpolation: QuantileInterpolation
  ) throws(GraphError) -> Tensor {
    let axis = sorted.rank - 1
    let isNumber = try cast(self(Unary(.not), unary(.isNaN, sorted)), .float64)
    let count = try reduce(.sum, isNumber, [axis], keepingAxes: true)
    let position = try binary(.multiply, binary(.maximum, binary(.subtract, count, 1), 0), q)
    func element(_ kind: Unary.Kind) throws(GraphError) -> Tensor {
      try self(Gather(.elements(axis: axis)), sorted, cast(unary(kind, position), .int64))
    }
    switch interpolation {
    case .lower: return try element(.floor)
    case .higher: return try element(.ceil)
    case .nearest: return try element(.round)
    case .midpoint:
      return try binary(.multiply, binary(.add, element(.floor), element(.ceil)), 0.5)
    case .linear:
      let weight = try binary(.subtract, position, unary(.floor, position))
      return try between(element(.floor), element(.ceil), weight: cast(weight, sorted.dtype))
    }
  }

  /// Neighbors may be equal infinities, between which there is no difference.
  private func between(_ low: Tensor, _ high: Tensor, weight: Tensor) throws(GraphError) -> Tensor {
    let isEqual = try compare(.equal, low, high)
    let difference = try select(isEqual, 0, binary(.subtract, high, low))
    return try binary(.add, low, binary(.multiply, difference, weight))
  }
}
