#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Unary {
  /// The function for floating-point numbers that gives one; the tests for NaN and infinity give 1 or 0.
  static func floating(_ kind: Kind, _ x: Double) -> Double {
    switch kind {
    case .negate: -x
    case .abs: x.magnitude
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .exp: exp(x)
    case .exp2: exp2(x)
    case .expm1: expm1(x)
    case .log: log(x)
    case .log2: log2(x)
    case .log1p: log1p(x)
    case .sqrt: x.squareRoot()
    case .rsqrt: 1 / x.squareRoot()
    case .cbrt: cbrt(x)
    case .reciprocal: 1 / x
    case .sigmoid: 1 / (1 + exp(-x))
    case .erf: erf(x)
    case .erfc: erfc(x)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .truncate: x.rounded(.towardZero)
    case .isNaN: x.isNaN ? 1 : 0
    case .isInfinite: x.isInfinite ? 1 : 0
    case .isFinite: x.isFinite ? 1 : 0
    case .sin, .cos, .tan, .asin, .acos, .atan: circular(kind, x)
    case .sinh, .cosh, .tanh, .asinh, .acosh, .atanh: hyperbolic(kind, x)
    case .logGamma, .digamma, .besselI0Scaled, .besselI1Scaled, .besselJ0, .besselJ1, .besselY0, .besselY1:
      SpecialFunctions.value(kind, x)
    case .not, .bitCount: preconditionFailure("\(kind) is not a function of floating-point numbers")
    }
  }

  private static func circular(_ kind: Kind, _ x: Double) -> Double {
    switch kind {
    case .sin: sin(x)
    case .cos: cos(x)
    case .tan: tan(x)
    case .asin: asin(x)
    case .acos: acos(x)
    default: atan(x)
    }
  }

  private static func hyperbolic(_ kind: Kind, _ x: Double) -> Double {
    switch kind {
    case .sinh: sinh(x)
    case .cosh: cosh(x)
    case .tanh: tanh(x)
    case .asinh: asinh(x)
    case .acosh: acosh(x)
    default: atanh(x)
    }
  }

  /// The function for integers and bool, before the result is wrapped to its type.
  static func integer(_ kind: Kind, _ x: Int64, _ dtype: DType) -> Int64 {
    switch kind {
    case .negate: 0 &- x
    case .abs: dtype.isUnsigned || x >= 0 ? x : 0 &- x
    case .sign: dtype.isUnsigned ? (x == 0 ? 0 : 1) : x.signum()
    case .not: dtype == .bool ? 1 - x : ~x
    case .floor, .ceil, .round, .truncate: x
    case .bitCount: Int64((x & (dtype.sizeInBytes == 8 ? -1 : 1 << (dtype.sizeInBytes * 8) - 1)).nonzeroBitCount)
    case .isNaN, .isInfinite: 0
    case .isFinite: 1
    default: preconditionFailure("\(kind) is not a function of integers")
    }
  }
}
