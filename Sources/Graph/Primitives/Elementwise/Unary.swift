/// A function applied to every element.
///
/// Integers wrap: the smallest has itself as opposite and magnitude. The derivative of `abs` at 0 is 0; that of
/// `sqrt` at 0 is infinite. `sign`, `floor`, `ceil`, `round` and `truncate` are piecewise constant and have no
/// cotangent.
public struct Unary: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case negate, abs, sign
    case exp, exp2, expm1, log, log2, log1p
    case sqrt, rsqrt, cbrt, reciprocal
    case sin, cos, tan, asin, acos, atan
    case sinh, cosh, tanh, asinh, acosh, atanh
    case sigmoid, erf, erfc
    /// Integers are left alone; `round` takes ties to the even neighbour.
    case floor, ceil, round, truncate
    /// Logical negation of bool, bitwise complement of integers.
    case not
    case isNaN, isInfinite, isFinite
    /// log |Γ|, and its derivative.
    case logGamma, digamma
    /// Modified Bessel functions of the first kind, times exp(-|x|).
    case besselI0Scaled, besselI1Scaled
    /// Bessel functions of the first and of the second kind.
    case besselJ0, besselJ1, besselY0, besselY1
    /// How many bits of an integer are 1.
    case bitCount
  }

  public var kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var name: String { "\(kind)" }
  public var primitive: Primitive { .unary(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(kind) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    switch kind {
    case .negate, .abs, .sign:
      if operand.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
      return operand
    case .floor, .ceil, .round, .truncate:
      if operand.dtype == .bool { throw GraphError(name, "bool cannot be rounded; cast it first") }
      return operand
    case .not:
      if operand.dtype.isFloatingPoint { throw GraphError(name, "\(operand.dtype) has no bitwise complement") }
      return operand
    case .bitCount:
      if !operand.dtype.isInteger { throw GraphError(name, "only integers have bits to count, not \(operand.dtype)") }
      return operand
    case .isNaN, .isInfinite, .isFinite:
      return TensorType(.bool, operand.shape)
    default:
      if !operand.dtype.isFloatingPoint {
        throw GraphError(name, "needs a floating-point element type, got \(operand.dtype); cast it first")
      }
      return operand
    }
  }
}
