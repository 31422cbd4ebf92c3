import MartletGraph

// Functions of two elements whose operands are peers. A Swift number takes the tensor's element type.

/// `a` to the power of `b`. Shapes broadcast.
///
/// Follows C's `pow`: a negative base with a broken exponent is NaN, anything to the power 0 is 1.
public func power(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.power, a, b, at: SourceLocation(fileID, line))
}

/// `a` to the power of `b`. Shapes broadcast.
///
/// Follows C's `pow`: a negative base with a broken exponent is NaN, anything to the power 0 is 1.
public func power(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.power, a, b, at: SourceLocation(fileID, line))
}

/// `a` to the power of `b`. Shapes broadcast.
///
/// Follows C's `pow`: a negative base with a broken exponent is NaN, anything to the power 0 is 1.
public func power(_ a: Double, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.power, a, b, at: SourceLocation(fileID, line))
}

/// The larger of two elements. Shapes broadcast.
///
/// NaN wins. Where both are equal each takes half of the derivative.
public func maximum(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.maximum, a, b, at: SourceLocation(fileID, line))
}

/// The larger of two elements. Shapes broadcast.
///
/// NaN wins. Where both are equal each takes half of the derivative.
public func maximum(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.maximum, a, b, at: SourceLocation(fileID, line))
}

/// The larger of two elements. Shapes broadcast.
///
/// NaN wins. Where both are equal each takes half of the derivative.
public func maximum(_ a: Double, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.maximum, a, b, at: SourceLocation(fileID, line))
}

/// The smaller of two elements. Shapes broadcast.
///
/// NaN wins. Where both are equal each takes half of the derivative.
public func minimum(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.minimum, a, b, at: SourceLocation(fileID, line))
}

/// The smaller of two elements. Shapes broadcast.
///
/// NaN wins. Where both are equal each takes half of the derivative.
public func minimum(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.minimum, a, b, at: SourceLocation(fileID, line))
}

/// The smaller of two elements. Shapes broadcast.
///
/// NaN wins. Where both are equal each takes half of the derivative.
public func minimum(_ a: Double, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.minimum, a, b, at: SourceLocation(fileID, line))
}

/// The quotient rounded toward negative infinity. Shapes broadcast.
public func floorDivided(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.floorDivide, a, b, at: SourceLocation(fileID, line))
}

/// The quotient rounded toward negative infinity. Shapes broadcast.
public func floorDivided(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.floorDivide, a, b, at: SourceLocation(fileID, line))
}

/// The quotient rounded toward negative infinity. Shapes broadcast.
public func floorDivided(_ a: Double, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.floorDivide, a, b, at: SourceLocation(fileID, line))
}

/// What remains of division rounded down: has the sign of the divisor. Shapes broadcast.
///
/// `%` has the sign of the dividend instead.
public func modulo(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.modulo, a, b, at: SourceLocation(fileID, line))
}

/// What remains of division rounded down: has the sign of the divisor. Shapes broadcast.
///
/// `%` has the sign of the dividend instead.
public func modulo(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.modulo, a, b, at: SourceLocation(fileID, line))
}

/// What remains of division rounded down: has the sign of the divisor. Shapes broadcast.
///
/// `%` has the sign of the dividend instead.
public func modulo(_ a: Double, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.modulo, a, b, at: SourceLocation(fileID, line))
}

/// The angle in radians, -π...π, of the points (`b`, `a`). Shapes broadcast.
public func atan2(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.atan2, a, b, at: SourceLocation(fileID, line))
}

/// The angle in radians, -π...π, of the points (`b`, `a`). Shapes broadcast.
public func atan2(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.atan2, a, b, at: SourceLocation(fileID, line))
}

/// The angle in radians, -π...π, of the points (`b`, `a`). Shapes broadcast.
public func atan2(_ a: Double, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.atan2, a, b, at: SourceLocation(fileID, line))
}

/// √(*a*² + *b*²), without overflow. Shapes broadcast.
public func hypot(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.hypot, a, b, at: SourceLocation(fileID, line))
}

/// The magnitude of `a` with the sign of `b`. Shapes broadcast.
public func copySign(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.copySign, a, b, at: SourceLocation(fileID, line))
}

/// The next representable number after `a` toward `b`. Shapes broadcast.
public func nextAfter(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.nextAfter, a, b, at: SourceLocation(fileID, line))
}

/// The bits of `a` moved up by `b` places; 0 when that is all of them. Shapes broadcast.
public func shiftedLeft(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.shiftLeft, a, b, at: SourceLocation(fileID, line))
}

/// The bits of `a` moved up by `b` places; 0 when that is all of them. Shapes broadcast.
public func shiftedLeft(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.shiftLeft, a, b, at: SourceLocation(fileID, line))
}

/// The bits of `a` moved down by `b` places; signed types keep their sign. Shapes broadcast.
public func shiftedRight(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.shiftRight, a, b, at: SourceLocation(fileID, line))
}

/// The bits of `a` moved down by `b` places; signed types keep their sign. Shapes broadcast.
public func shiftedRight(_ a: Tensor, _ b: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(Binary.Kind.shiftRight, a, b, at: SourceLocation(fileID, line))
}
