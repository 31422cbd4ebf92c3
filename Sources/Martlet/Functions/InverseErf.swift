import MartletGraph

/// The number whose error function is *x*: infinite at -1 and 1, NaN outside.
///
/// Giles's polynomials are good to 4e-7 in `float32`; two steps of Newton's method make a `float64` exact to the last
/// places.
///
/// - Note: Giles, *Approximating the erfinv function*, GPU Computing Gems 2 (2012).
public func inverseErf(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("inverseErf", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.widened(x) { try c.inverseErf($0) }
  }
}

extension Composition {
  func inverseErf(_ x: Tensor) throws(GraphError) -> Tensor {
    // The ends are infinite; everything in between is computed away from them, so that derivatives stay finite.
    let isEnd = try compare(.equal, unary(.abs, x), 1)
    let inside = try select(isEnd, 0, x)
    var y = try gilesPolynomial(inside)
    if x.dtype == .float64 { for _ in 0..<2 { y = try newtonStep(y, inside) } }
    let infinite = try binary(.copySign, scalar(.infinity, x.dtype), stopGradient(x))
    return try select(isEnd, infinite, y)
  }

  private func gilesPolynomial(_ x: Tensor) throws(GraphError) -> Tensor {
    let product = try binary(.multiply, binary(.subtract, 1, x), binary(.add, x, 1))
    let w = try unary(.negate, unary(.log, product))
    let isCentral = try compare(.less, w, 5)
    let central = try polynomial(binary(.subtract, w, 2.5), centralCoefficients)
    // The root of the central part is not used, and must not be taken at 0.
    let tail = try polynomial(
      binary(.subtract, unary(.sqrt, select(isCentral, 9, w)), 3), tailCoefficients)
    return try binary(.multiply, select(isCentral, central, tail), x)
  }

  private func polynomial(_ x: Tensor, _ coefficients: [Double]) throws(GraphError) -> Tensor {
    var result = try binary(.multiply, x, coefficients[0])
    for coefficient in coefficients[1..<(coefficients.count - 1)] {
      result = try binary(.multiply, binary(.add, result, coefficient), x)
    }
    return try binary(.add, result, coefficients[coefficients.count - 1])
  }

  /// y - (erf y - x) / erf' y, by magnitudes: near the ends erf has no digits left, but its complement has.
  private func newtonStep(_ y: Tensor, _ x: Tensor) throws(GraphError) -> Tensor {
    let complement = try binary(.subtract, 1, unary(.abs, x))
    let excess = try binary(.subtract, complement, unary(.erfc, unary(.abs, y)))
    let slope = try binary(
      .multiply, unary(.exp, unary(.negate, binary(.multiply, y, y))), 2 / Double.pi.squareRoot())
    // erf |y| - |x| = (1 - |x|) - erfc |y|.
    let change = try binary(.divide, excess, slope)
    return try binary(.subtract, y, binary(.multiply, change, unary(.sign, y)))
  }
}

private let centralCoefficients = [
  2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
]
private let tailCoefficients = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
]

/// The probability that a standard normal number is below *x*, ½ erfc(-*x*/√2).
public func normalCDF(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("normalCDF", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.widened(x) { x in
      try c.binary(.multiply, c.unary(.erfc, c.binary(.multiply, x, -0.5.squareRoot())), 0.5)
    }
  }
}

/// The number below which a standard normal one falls with probability *p*: infinite at 0 and 1, NaN outside.
public func inverseNormalCDF(_ p: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("inverseNormalCDF", fileID, line) { c in
    try checkFloatingPoint(p)
    return try c.widened(p) { p in
      let y = try c.inverseErf(c.binary(.subtract, c.binary(.multiply, p, 2), 1))
      return try c.binary(.multiply, y, 2.0.squareRoot())
    }
  }
}
