/// A function of two elements, with NumPy's broadcasting of shapes.
///
/// Integers wrap, the smallest divided by -1 included; an integer divided by 0 is an error when the program runs.
/// An integer to a negative power is truncated toward zero like a quotient, and an error for base 0.
///
/// At ties the derivative of `maximum` and `minimum` is one half for each operand; where one is NaN, both receive
/// the whole cotangent. `power` has derivative 0 by the exponent where the base is 0 and the exponent is not
/// negative. `hypot` has derivative 0 where both operands are 0. `floorDivide` is piecewise constant, as is
/// `copySign` by its second operand; `nextAfter` counts as its first operand.
public struct Binary: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case add, subtract, multiply
    /// True division of floating-point numbers; integers are truncated toward zero.
    case divide
    /// The quotient rounded toward negative infinity.
    case floorDivide
    /// What remains of division truncated toward zero: has the sign of the dividend (C's `fmod`).
    case remainder
    /// What remains of division rounded down: has the sign of the divisor (Python's `%`).
    case modulo
    case power
    /// NaN wins.
    case maximum, minimum
    case atan2, hypot, copySign, nextAfter
    /// Logical for bool, bitwise for integers.
    case and, or, xor
    /// Shifts of integers; right is arithmetic for signed types. A count outside the width gives 0 or the sign.
    case shiftLeft, shiftRight
    /// The greatest common divisor of integers, not negative; that of 0 and 0 is 0.
    case gcd
    /// Hurwitz's zeta function ζ(a, b), the sum of (b + k)⁻ᵃ over k = 0, 1, …: infinite at a = 1 and where b is 0 or a
    /// negative integer, NaN for a < 1. It has no derivative by its first operand.
    case zeta
  }

  public var kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var name: String { "\(kind)" }
  public var primitive: Primitive { .binary(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(kind) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let a = operands[operands.startIndex]
    let b = operands[operands.startIndex + 1]
    return try resultType(a, b)
  }

  /// The type of the result for two operands; the same as ``resultType(_:)-(OperandTypes)`` without a slice.
  public func resultType(_ a: TensorType, _ b: TensorType) throws(GraphError) -> TensorType {
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    try checkElementType(a.dtype)
    if a.shape == b.shape { return a }
    return TensorType(a.dtype, try broadcastShape(a.shape, b.shape, operation: name))
  }

  private func checkElementType(_ dtype: DType) throws(GraphError) {
    switch kind {
    case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .modulo:
      if dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    case .power:
      if dtype == .bool { throw GraphError(name, "bool has no powers; cast it first") }
    case .maximum, .minimum: break
    case .atan2, .hypot, .copySign, .nextAfter:
      if !dtype.isFloatingPoint { throw GraphError(name, "needs a floating-point element type, got \(dtype)") }
    case .and, .or, .xor:
      if dtype.isFloatingPoint { throw GraphError(name, "\(dtype) has no bitwise operations") }
    case .shiftLeft, .shiftRight:
      if !dtype.isInteger { throw GraphError(name, "only integers can be shifted, not \(dtype)") }
    case .gcd:
      if !dtype.isInteger { throw GraphError(name, "only integers have divisors in common, not \(dtype)") }
    case .zeta:
      if !dtype.isFloatingPoint { throw GraphError(name, "needs a floating-point element type, got \(dtype)") }
    }
  }
}
