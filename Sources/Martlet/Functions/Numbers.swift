import MartletGraph

// Everyday functions of elements that are composed from the primitives.

/// The squares.
public func square(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.multiply, x, x, at: SourceLocation(fileID, line))
}

/// sin(π*x*) / (π*x*), and 1 at 0.
public func sinc(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("sinc", fileID, line) { c in
    let isZero = try c.compare(.equal, x, 0)
    let angle = try c.binary(.multiply, c.select(isZero, 1, x), .pi)
    return try c.select(isZero, 1, c.binary(.divide, c.unary(.sin, angle), angle))
  }
}

/// *a* + `weight` (*b* - *a*). Shapes broadcast.
public func lerp(
  _ a: Tensor, _ b: Tensor, weight: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("lerp", fileID, line) { c in
    try c.binary(.add, a, c.binary(.multiply, weight, c.binary(.subtract, b, a)))
  }
}

/// *a* + `weight` (*b* - *a*). Shapes broadcast.
public func lerp(
  _ a: Tensor, _ b: Tensor, weight: Double, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("lerp", fileID, line) { c in
    try c.binary(.add, a, c.binary(.multiply, c.binary(.subtract, b, a), weight))
  }
}

/// 0 where *x* is negative, 1 where it is positive, `valueAtZero` where it is 0; NaN stays. Shapes broadcast.
public func heaviside(
  _ x: Tensor, valueAtZero: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("heaviside", fileID, line) { c in
    let side = try c.cast(c.compare(.greater, x, 0), x.dtype)
    let step = x.dtype.isFloatingPoint ? try c.select(c.unary(.isNaN, x), c.stopGradient(x), side) : side
    return try c.select(c.compare(.equal, x, 0), valueAtZero, step)
  }
}

/// The quotient of elements as floating-point numbers; integers and bool become `float32` first. Shapes broadcast.
public func trueDivided(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("trueDivided", fileID, line) { c in
    func number(_ x: Tensor) throws(GraphError) -> Tensor { x.dtype.isFloatingPoint ? x : try c.cast(x, .float32) }
    return try c.binary(.divide, number(a), number(b))
  }
}

/// The larger of two elements, where a number wins over NaN (IEEE 754's `maximumNumber`). Shapes broadcast.
public func maximumNumber(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("maximumNumber", fileID, line) { c in try c.extremeNumber(.maximum, a, b) }
}

/// The smaller of two elements, where a number wins over NaN (IEEE 754's `minimumNumber`). Shapes broadcast.
public func minimumNumber(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("minimumNumber", fileID, line) { c in try c.extremeNumber(.minimum, a, b) }
}

/// *x* times 2 to the power of `exponents`, which may be integers. Shapes broadcast.
public func scaledByPowerOfTwo(
  _ x: Tensor, exponents: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("scaledByPowerOfTwo", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.binary(.multiply, x, c.unary(.exp2, c.cast(exponents, x.dtype)))
  }
}

/// Degrees as radians.
public func radians(_ degrees: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("radians", fileID, line) { c in
    try checkFloatingPoint(degrees)
    return try c.binary(.multiply, degrees, .pi / 180)
  }
}

/// Radians as degrees.
public func degrees(_ radians: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("degrees", fileID, line) { c in
    try checkFloatingPoint(radians)
    return try c.binary(.multiply, radians, 180 / .pi)
  }
}

/// Whether the sign bit is set, so also of -0 and of some NaN; bool.
public func signBit(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("signBit", fileID, line) { c in
    guard x.dtype.isFloatingPoint else { return try c.compare(.less, x, 0) }
    return try c.compare(.less, c.binary(.copySign, c.full(1, x.type), x), 0)
  }
}

/// Whether |*a* - *b*| ≤ `absolute` + `relative` |*b*|; bool. Shapes broadcast.
///
/// Equal infinities are close; NaN is close to NaN only if `nanIsEqual`.
public func isClose(
  _ a: Tensor, _ b: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, nanIsEqual: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("isClose", fileID, line) { c in
    if relative < 0 || absolute < 0 { throw mistake("a tolerance is negative: \(relative) and \(absolute)") }
    let isEqual = try c.compare(.equal, a, b)
    guard a.dtype.isFloatingPoint else { return isEqual }
    let distance = try c.unary(.abs, c.binary(.subtract, a, b))
    let allowed = try c.binary(.add, c.binary(.multiply, c.unary(.abs, b), relative), absolute)
    let isNear = try c(Binary(.and), c.compare(.lessOrEqual, distance, allowed), c.unary(.isFinite, b))
    let result = try c(Binary(.or), isEqual, isNear)
    if !nanIsEqual { return result }
    return try c(Binary(.or), result, c(Binary(.and), c.unary(.isNaN, a), c.unary(.isNaN, b)))
  }
}

extension Tensor {
  /// The elements, those below `low` or above `high` replaced by that bound; NaN stays. Shapes broadcast.
  ///
  /// Where a bound takes part, it receives the derivative.
  public func clipped(
    from low: Tensor, to high: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("clipped", fileID, line) { c in
      let raised = try c.select(c.compare(.less, self, low), low, self)
      return try c.select(c.compare(.greater, raised, high), high, raised)
    }
  }

  /// The elements, with NaN replaced by a number and infinities by others: the largest finite ones by default.
  public func replacingNonFinite(
    nan: Double, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("replacingNonFinite", fileID, line) { c in
      guard dtype.isFloatingPoint else { return self }
      let largest = dtype.largestFinite
      var x = try c.select(c.unary(.isNaN, self), nan, self)
      x = try c.select(c.compare(.equal, x, .infinity), positiveInfinity ?? largest, x)
      return try c.select(c.compare(.equal, x, -.infinity), negativeInfinity ?? -largest, x)
    }
  }

  /// The nearest multiples of 10 to the power of -`decimals`, ties to even.
  ///
  /// The derivative is 0.
  public func rounded(decimals: Int, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("rounded", fileID, line) { c in
      guard abs(decimals) <= 300 else { throw mistake("\(decimals) decimals are more than any element type has") }
      let factor = (0..<abs(decimals)).reduce(1.0) { power, _ in power * 10 }
      if decimals == 0 || !dtype.isFloatingPoint && decimals > 0 { return try c.unary(.round, self) }
      try checkFloatingPoint(self)
      if decimals > 0 { return try c.binary(.divide, c.unary(.round, c.binary(.multiply, self, factor)), factor) }
      return try c.binary(.multiply, c.unary(.round, c.binary(.divide, self, factor)), factor)
    }
  }

  /// What the elements have behind the point, with their sign.
  public func fractionalPart(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("fractionalPart", fileID, line) { c in
      try checkFloatingPoint(self)
      return try c.binary(.subtract, self, c.unary(.truncate, self))
    }
  }
}

extension Composition {
  fileprivate func extremeNumber(_ kind: Binary.Kind, _ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    guard a.dtype.isFloatingPoint else { return try binary(kind, a, b) }
    return try select(unary(.isNaN, a), b, select(unary(.isNaN, b), a, binary(kind, a, b)))
  }
}

extension DType {
  /// The largest number that is not infinite.
  var largestFinite: Double {
    switch self {
    case .float16: 65504
    case .bfloat16: 3.3895313892515355e38
    case .float32: Double(Float.greatestFiniteMagnitude)
    default: .greatestFiniteMagnitude
    }
  }
}
