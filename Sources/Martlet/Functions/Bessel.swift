import MartletGraph

// Bessel functions of order 0 and 1 (DLMF chapter 10). All need floating-point elements.

/// The Bessel function of the first kind, *J*₀.
public func besselJ0(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.besselJ0, x, at: SourceLocation(fileID, line))
}

/// The Bessel function of the first kind, *J*₁.
public func besselJ1(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.besselJ1, x, at: SourceLocation(fileID, line))
}

/// The Bessel function of the second kind, *Y*₀: `-inf` at 0, NaN below.
public func besselY0(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.besselY0, x, at: SourceLocation(fileID, line))
}

/// The Bessel function of the second kind, *Y*₁: `-inf` at 0, NaN below.
public func besselY1(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.besselY1, x, at: SourceLocation(fileID, line))
}

/// The modified Bessel function of the first kind, *I*₀.
public func besselI0(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("besselI0", fileID, line) { c in try c.unscaledBessel(.besselI0Scaled, x) }
}

/// The modified Bessel function of the first kind, *I*₁.
public func besselI1(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("besselI1", fileID, line) { c in try c.unscaledBessel(.besselI1Scaled, x) }
}

/// exp(-|*x*|) *I*₀(*x*), which does not overflow.
public func scaledBesselI0(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.besselI0Scaled, x, at: SourceLocation(fileID, line))
}

/// exp(-|*x*|) *I*₁(*x*), which does not overflow.
public func scaledBesselI1(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.besselI1Scaled, x, at: SourceLocation(fileID, line))
}

extension Composition {
  fileprivate func unscaledBessel(_ kind: Unary.Kind, _ x: Tensor) throws -> Tensor {
    try checkFloatingPoint(x)
    return try widened(x) { x in
      // In two factors: exp(|x|) overflows before the function does.
      let root = try unary(.exp, binary(.multiply, unary(.abs, x), 0.5))
      return try binary(.multiply, binary(.multiply, unary(kind, x), root), root)
    }
  }
}
