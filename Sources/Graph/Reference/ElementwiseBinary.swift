#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Binary {
  /// The function for floating-point numbers of type `dtype`.
  static func floating(_ kind: Kind, _ a: Double, _ b: Double, _ dtype: DType) -> Double {
    switch kind {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .floorDivide: floorDivided(a, b)
    case .remainder: fmod(a, b)
    case .modulo: modulo(a, b)
    case .power: pow(a, b)
    case .maximum: larger(a, b)
    case .minimum: -larger(-a, -b)
    case .atan2: atan2(a, b)
    case .hypot: hypot(a, b)
    case .copySign: copysign(a, b)
    case .nextAfter: neighbor(of: a, toward: b, dtype)
    case .zeta: SpecialFunctions.zeta(a, b)
    case .and, .or, .xor, .shiftLeft, .shiftRight, .gcd:
      preconditionFailure("\(kind) is not a function of floating-point numbers")
    }
  }

  /// The larger number; NaN wins, and +0 is larger than -0.
  static func larger(_ a: Double, _ b: Double) -> Double {
    if a.isNaN || b.isNaN { return .nan }
    if a == b { return a.sign == .plus ? a : b }
    return a > b ? a : b
  }

  private static func modulo(_ a: Double, _ b: Double) -> Double {
    let rest = fmod(a, b)
    if rest == 0 { return copysign(0, b) }
    return (rest < 0) == (b < 0) ? rest : rest + b
  }

  /// The floor of the exact quotient. The quotient itself may be rounded up to the next integer, so what remains is
  /// taken away first.
  private static func floorDivided(_ a: Double, _ b: Double) -> Double {
    let rest = fmod(a, b)
    if b == 0 || rest.isNaN { return a / b }
    if rest == 0 { return (a / b).rounded() }
    let truncated = ((a - rest) / b).rounded()
    return (rest < 0) == (b < 0) ? truncated : truncated - 1
  }

  private static func neighbor(of a: Double, toward b: Double, _ dtype: DType) -> Double {
    if a.isNaN || b.isNaN { return .nan }
    if a == b { return b }
    if a == 0 { return copysign(Literal(dtype: dtype, bits: 1).doubleValue, b) }
    // Neighbours of one sign have neighbouring bits.
    let bits = Literal(a, dtype).bits
    return Literal(dtype: dtype, bits: (b > a) == (a > 0) ? bits + 1 : bits - 1).doubleValue
  }
}

extension Binary {
  /// The function for integers and bool, before the result is wrapped to its type; nil where a divisor is 0.
  static func integer(_ kind: Kind, _ a: Int64, _ b: Int64, _ dtype: DType) -> Int64? {
    switch kind {
    case .add: a &+ b
    case .subtract: a &- b
    case .multiply: a &* b
    case .divide, .floorDivide, .remainder, .modulo: b == 0 ? nil : divided(kind, a, b, dtype)
    case .power: power(a, b, dtype)
    case .maximum: isLess(a, b, dtype) ? b : a
    case .minimum: isLess(b, a, dtype) ? b : a
    case .and: a & b
    case .or: a | b
    case .xor: a ^ b
    case .shiftLeft, .shiftRight: shifted(kind, a, b, dtype)
    case .gcd: commonDivisor(a, b, dtype)
    case .atan2, .hypot, .copySign, .nextAfter, .zeta: preconditionFailure("\(kind) is not a function of integers")
    }
  }

  static func isLess(_ a: Int64, _ b: Int64, _ dtype: DType) -> Bool {
    dtype.isUnsigned ? UInt64(bitPattern: a) < UInt64(bitPattern: b) : a < b
  }

  private static func divided(_ kind: Kind, _ a: Int64, _ b: Int64, _ dtype: DType) -> Int64 {
    if dtype.isUnsigned {
      let (quotient, rest) = UInt64(bitPattern: a).quotientAndRemainder(dividingBy: UInt64(bitPattern: b))
      return Int64(bitPattern: kind == .divide || kind == .floorDivide ? quotient : rest)
    }
    // The smallest number has no opposite of its width; as in two's complement it is its own.
    let quotient = a.dividedReportingOverflow(by: b).partialValue
    let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
    let isRoundedUp = rest != 0 && (rest < 0) != (b < 0)
    switch kind {
    case .divide: return quotient
    case .floorDivide: return isRoundedUp ? quotient - 1 : quotient
    case .remainder: return rest
    default: return isRoundedUp ? rest + b : rest
    }
  }

  private static func power(_ base: Int64, _ exponent: Int64, _ dtype: DType) -> Int64? {
    if !dtype.isUnsigned && exponent < 0 {
      if base == 0 { return nil }
      if base.magnitude == 1 { return exponent & 1 == 0 ? 1 : base }
      return 0
    }
    var result: Int64 = 1
    var square = base
    var rest = UInt64(bitPattern: exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  private static func commonDivisor(_ a: Int64, _ b: Int64, _ dtype: DType) -> Int64 {
    var (x, y) = dtype.isUnsigned ? (UInt64(bitPattern: a), UInt64(bitPattern: b)) : (a.magnitude, b.magnitude)
    while y != 0 { (x, y) = (y, x % y) }
    return Int64(bitPattern: x)
  }

  private static func shifted(_ kind: Kind, _ a: Int64, _ count: Int64, _ dtype: DType) -> Int64 {
    let isInside = UInt64(bitPattern: count) < UInt64(dtype.sizeInBytes * 8)
    if kind == .shiftLeft { return isInside ? a << count : 0 }
    if dtype.isUnsigned { return isInside ? Int64(bitPattern: UInt64(bitPattern: a) >> UInt64(count)) : 0 }
    return isInside ? a >> count : (a < 0 ? -1 : 0)
  }
}
