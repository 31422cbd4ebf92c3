/// The floating-point formats of 8 and 4 bits.
///
/// - Note: Micikevicius et al., *FP8 formats for deep learning*, arXiv:2209.05433; Open Compute Project,
///   *Microscaling formats specification* 1.0 (2023).
struct NarrowFloat: Sendable, Hashable {
  /// What the largest exponent means.
  enum Special: Sendable, Hashable {
    /// Infinities and NaN, as IEEE 754 has them.
    case infinities
    /// A NaN with all bits set; everything else is a number.
    case onlyNaN
    /// Numbers only, and the negative zero stands for NaN.
    case negativeZeroIsNaN
    /// Numbers only.
    case none
  }

  let exponentBits, mantissaBits, bias: Int
  let special: Special
  var isSigned = true

  /// The format of an element type; nil if it is no narrow float.
  init?(_ type: ONNXElementType) {
    switch type {
    case .float8e4m3fn: self.init(4, 3, bias: 7, .onlyNaN)
    case .float8e4m3fnuz: self.init(4, 3, bias: 8, .negativeZeroIsNaN)
    case .float8e5m2: self.init(5, 2, bias: 15, .infinities)
    case .float8e5m2fnuz: self.init(5, 2, bias: 16, .negativeZeroIsNaN)
    case .float8e8m0: self.init(8, 0, bias: 127, .onlyNaN, isSigned: false)
    case .float4e2m1: self.init(2, 1, bias: 1, .none)
    default: return nil
    }
  }

  private init(_ exponentBits: Int, _ mantissaBits: Int, bias: Int, _ special: Special, isSigned: Bool = true) {
    (self.exponentBits, self.mantissaBits, self.bias) = (exponentBits, mantissaBits, bias)
    (self.special, self.isSigned) = (special, isSigned)
  }

  /// The exponent of the smallest normal number.
  var smallestExponent: Int { isSigned ? 1 - bias : -bias }

  /// The largest finite number.
  var greatest: Float {
    let codes = 1 << (exponentBits + mantissaBits)
    switch special {
    case .infinities: return value(of: UInt8(codes - (1 << mantissaBits) - 1))
    case .onlyNaN: return value(of: UInt8(codes - 2))
    case .negativeZeroIsNaN, .none: return value(of: UInt8(codes - 1))
    }
  }

  /// The number that a code stands for.
  func value(of code: UInt8) -> Float {
    let signBit = UInt8(1) << (exponentBits + mantissaBits)
    let isNegative = isSigned && code & signBit != 0
    let magnitude = Int(isSigned ? code & (signBit &- 1) : code)
    let exponent = magnitude >> mantissaBits
    let mantissa = magnitude & ((1 << mantissaBits) - 1)
    switch special {
    case .onlyNaN where magnitude == (1 << (exponentBits + mantissaBits)) - 1: return .nan
    case .negativeZeroIsNaN where isNegative && magnitude == 0: return .nan
    case .infinities where exponent == (1 << exponentBits) - 1:
      if mantissa != 0 { return .nan }
      return isNegative ? -.infinity : .infinity
    default: break
    }
    let isSubnormal = exponent == 0 && isSigned
    let significand = Double(isSubnormal ? mantissa : mantissa + (1 << mantissaBits))
    let value = NarrowFloat.scaled(significand, by: (isSubnormal ? 1 : exponent) - bias - mantissaBits)
    return Float(isNegative ? -value : value)
  }

  /// The code of a number that the format has; any NaN gives its NaN.
  func code(of value: Float) -> UInt8 {
    let signBit = UInt8(1) << (exponentBits + mantissaBits)
    let all = signBit &- 1
    if value.isNaN {
      switch special {
      case .negativeZeroIsNaN: return signBit
      case .infinities: return all
      case .onlyNaN: return isSigned ? all : 255
      case .none: return 0
      }
    }
    let sign = value.sign == .minus && isSigned && !(special == .negativeZeroIsNaN && value == 0) ? signBit : 0
    if value.isInfinite { return sign | (special == .infinities ? all &- (1 << mantissaBits) &+ 1 : all) }
    let magnitude = Double(value.magnitude)
    if magnitude == 0 { return sign }
    let exponent = max(Int(magnitude.exponent), smallestExponent)
    let significand = Int(NarrowFloat.scaled(magnitude, by: mantissaBits - exponent))
    let isSubnormal = significand < 1 << mantissaBits
    let biased = isSubnormal ? 0 : exponent + bias
    return sign | UInt8(truncatingIfNeeded: biased << mantissaBits | significand & ((1 << mantissaBits) - 1))
  }

  private static func scaled(_ value: Double, by exponent: Int) -> Double {
    value * Double(sign: .plus, exponent: exponent, significand: 1)
  }
}
