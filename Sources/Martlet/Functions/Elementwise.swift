import MartletGraph

// Functions of every element, spelled as mathematics spells them. Shape and element type stay, unless said otherwise.
// Those without another word need floating-point elements; integers must be cast first.

/// The absolute values.
public func abs(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.abs, x, at: SourceLocation(fileID, line))
}

/// -1, 0 or 1 by the sign of each element; NaN stays.
///
/// The derivative is 0.
public func sign(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.sign, x, at: SourceLocation(fileID, line))
}

/// *e* to the power of each element.
public func exp(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.exp, x, at: SourceLocation(fileID, line))
}

/// 2 to the power of each element.
public func exp2(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.exp2, x, at: SourceLocation(fileID, line))
}

/// *eˣ* - 1, exact to the last places near 0.
public func expm1(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.expm1, x, at: SourceLocation(fileID, line))
}

/// The natural logarithms: `-inf` at 0, NaN below.
public func log(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.log, x, at: SourceLocation(fileID, line))
}

/// The logarithms to base 2: `-inf` at 0, NaN below.
public func log2(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.log2, x, at: SourceLocation(fileID, line))
}

/// The logarithms to base 10: `-inf` at 0, NaN below. By way of the natural one, so not always the nearest number.
public func log10(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("log10", fileID, line) { c in try c.binary(.multiply, c.unary(.log, x), 0.4342944819032518) }
}

/// log(1 + *x*), exact to the last places near 0.
public func log1p(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.log1p, x, at: SourceLocation(fileID, line))
}

/// The square roots; NaN below 0. The derivative at 0 is infinite.
public func sqrt(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.sqrt, x, at: SourceLocation(fileID, line))
}

/// One over the square roots.
public func rsqrt(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.rsqrt, x, at: SourceLocation(fileID, line))
}

/// The cube roots, also of negative numbers.
public func cbrt(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.cbrt, x, at: SourceLocation(fileID, line))
}

/// One over each element.
public func reciprocal(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.reciprocal, x, at: SourceLocation(fileID, line))
}

/// The sines of angles in radians.
public func sin(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.sin, x, at: SourceLocation(fileID, line))
}

/// The cosines of angles in radians.
public func cos(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.cos, x, at: SourceLocation(fileID, line))
}

/// The tangents of angles in radians.
public func tan(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.tan, x, at: SourceLocation(fileID, line))
}

/// The angles in radians, -π/2...π/2, whose sines the elements are; NaN outside -1...1.
public func asin(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.asin, x, at: SourceLocation(fileID, line))
}

/// The angles in radians, 0...π, whose cosines the elements are; NaN outside -1...1.
public func acos(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.acos, x, at: SourceLocation(fileID, line))
}

/// The angles in radians, -π/2...π/2, whose tangents the elements are.
public func atan(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.atan, x, at: SourceLocation(fileID, line))
}

/// The hyperbolic sines.
public func sinh(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.sinh, x, at: SourceLocation(fileID, line))
}

/// The hyperbolic cosines.
public func cosh(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.cosh, x, at: SourceLocation(fileID, line))
}

/// The hyperbolic tangents.
public func tanh(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.tanh, x, at: SourceLocation(fileID, line))
}

/// The inverse hyperbolic sines.
public func asinh(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.asinh, x, at: SourceLocation(fileID, line))
}

/// The inverse hyperbolic cosines; NaN below 1.
public func acosh(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.acosh, x, at: SourceLocation(fileID, line))
}

/// The inverse hyperbolic tangents; NaN outside -1...1.
public func atanh(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.atanh, x, at: SourceLocation(fileID, line))
}

/// 1 / (1 + *e⁻ˣ*), without overflow.
public func sigmoid(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.sigmoid, x, at: SourceLocation(fileID, line))
}

/// The error function, 2/√π ∫₀ˣ exp(-t²) dt.
public func erf(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.erf, x, at: SourceLocation(fileID, line))
}

/// 1 - erf(*x*), exact to the last places where erf is near 1.
public func erfc(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.erfc, x, at: SourceLocation(fileID, line))
}

/// The nearest integers not above, in the same element type.
///
/// The derivative is 0.
public func floor(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.floor, x, at: SourceLocation(fileID, line))
}

/// The nearest integers not below, in the same element type.
///
/// The derivative is 0.
public func ceil(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.ceil, x, at: SourceLocation(fileID, line))
}

/// The nearest integers, ties to even, in the same element type.
///
/// The derivative is 0.
public func round(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.round, x, at: SourceLocation(fileID, line))
}

/// The nearest integers toward zero, in the same element type.
///
/// The derivative is 0.
public func trunc(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.truncate, x, at: SourceLocation(fileID, line))
}

/// Whether elements are not a number; bool.
public func isNaN(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.isNaN, x, at: SourceLocation(fileID, line))
}

/// Whether elements are infinite; bool.
public func isInfinite(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.isInfinite, x, at: SourceLocation(fileID, line))
}

/// Whether elements are neither infinite nor NaN; bool.
public func isFinite(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.isFinite, x, at: SourceLocation(fileID, line))
}
