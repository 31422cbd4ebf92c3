import MartletGraph

// The gamma function and its relatives (DLMF chapter 5). All need floating-point elements; 16-bit floats are computed
// in float 32.

/// The logarithm of the magnitude of the gamma function: infinite at 0 and at negative integers.
///
/// The derivative is ``digamma(_:fileID:line:)``.
public func lgamma(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.logGamma, x, at: SourceLocation(fileID, line))
}

/// The gamma function Γ(*x*), (*x* - 1)! at positive integers; infinite at 0, NaN at negative integers.
///
/// The exponential of ``lgamma(_:fileID:line:)`` with the sign put back, so large values lose digits as their logarithm
/// grows: about 5e-6 of a `float32` near 10³⁰.
public func gamma(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("gamma", fileID, line) { c in try c.widened(x) { x in try c.gamma(x) } }
}

/// The derivative of ``lgamma(_:fileID:line:)``, ψ(*x*): NaN at negative integers.
public func digamma(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.digamma, x, at: SourceLocation(fileID, line))
}

/// The derivative of order `order` of ``digamma(_:fileID:line:)``; order 0 is that function, order 1 trigamma.
///
/// - Precondition: `order` is not negative.
public func polygamma(
  order: Int, _ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("polygamma", fileID, line) { c in
    if order < 0 { throw mistake("the order \(order) is negative") }
    try checkFloatingPoint(x)
    if order == 0 { return try c.unary(.digamma, x) }
    // (-1)ⁿ⁺¹ n! ζ(n + 1, x)
    let factorial = (1...order).reduce(1.0) { $0 * Double($1) }
    let factor = order % 2 == 1 ? factorial : -factorial
    return try c.widened(x) { x in
      try c.binary(.multiply, c.binary(.zeta, Double(order + 1), x), factor)
    }
  }
}

/// Hurwitz's zeta function ζ(*s*, *q*), the sum of (*q* + *k*)⁻ˢ over *k* = 0, 1, …; with *q* = 1 Riemann's.
///
/// Infinite at *s* = 1 and where *q* is 0 or a negative integer, NaN for *s* < 1. Shapes broadcast. It has a derivative
/// by *q* only; recording a gradient by *s* is an error.
public func zeta(_ s: Tensor, _ q: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(.zeta, s, q, at: SourceLocation(fileID, line))
}

/// The logarithm of the beta function, lgamma(*a*) + lgamma(*b*) - lgamma(*a* + *b*). Shapes broadcast.
public func logBeta(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("logBeta", fileID, line) { c in
    let parts = try c.binary(.add, c.unary(.logGamma, a), c.unary(.logGamma, b))
    return try c.binary(.subtract, parts, c.unary(.logGamma, c.binary(.add, a, b)))
  }
}

/// The logarithm of the gamma function of *dimension* variables, as the densities of Wishart's distribution need it.
///
/// - Precondition: `dimension` is at least 1. Elements above (`dimension` - 1) / 2 give finite results.
public func multivariateLogGamma(
  _ x: Tensor, dimension: Int, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("multivariateLogGamma", fileID, line) { c in
    if dimension < 1 { throw mistake("the dimension \(dimension) is less than 1") }
    var sum = try c.unary(.logGamma, x)
    for j in 1..<Swift.max(dimension, 1) {
      sum = try c.binary(.add, sum, c.unary(.logGamma, c.binary(.subtract, x, Double(j) / 2)))
    }
    let count = Double(dimension)
    return try c.binary(.add, sum, count * (count - 1) / 4 * 1.144_729_885_849_400_174)
  }
}

extension Composition {
  fileprivate func gamma(_ x: Tensor) throws(GraphError) -> Tensor {
    let magnitude = try unary(.exp, unary(.logGamma, x))
    let floor = try unary(.floor, x)
    let isNegative = try compare(.less, x, 0)
    // Between -1 and 0 negative, between -2 and -1 positive, and so on.
    let isOdd = try compare(.notEqual, binary(.modulo, floor, 2), 0)
    let sign = try select(self(Binary(.and), isNegative, isOdd), -1, full(1, x.type))
    let isPole = try self(Binary(.and), isNegative, compare(.equal, x, floor))
    let atZero = try select(compare(.equal, x, 0), binary(.copySign, full(1, x.type), x), sign)
    return try select(isPole, .nan, binary(.multiply, magnitude, stopGradient(atZero)))
  }
}
