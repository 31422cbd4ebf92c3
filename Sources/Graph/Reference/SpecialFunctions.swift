#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Gamma and Bessel functions of one number, plainly: recurrences until a series is good enough, and then the series.
enum SpecialFunctions {
  static func value(_ kind: Unary.Kind, _ x: Double) -> Double {
    switch kind {
    case .logGamma: logGamma(x)
    case .digamma: digamma(x)
    case .besselI0Scaled: scaledBesselI(x, order: 0)
    case .besselI1Scaled: scaledBesselI(x, order: 1)
    case .besselJ0: j0(x)
    case .besselJ1: j1(x)
    case .besselY0: y0(x)
    default: y1(x)
    }
  }

  private static func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 1
    return lgamma_r(x, &sign)
  }

  static func digamma(_ x: Double) -> Double {
    if x == 0 { return x.sign == .minus ? .infinity : -.infinity }
    if x < 0 && x == x.rounded(.down) { return .nan }
    if x < 0 {
      let turn = x - x.rounded()
      return digamma(1 - x) - .pi / tan(.pi * turn)
    }
    var (x, value) = (x, 0.0)
    while x < 15 {
      value -= 1 / x
      x += 1
    }
    if x == .infinity { return x }
    // B₂ₖ / 2k, k = 1, 2, …
    let weights = [1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12]
    let square = 1 / (x * x)
    let tail = weights.reversed().reduce(0) { ($0 + $1) * square }
    return value + log(x) - 0.5 / x - tail
  }

  /// ∑ (x/2)²ᵏ⁺ⁿ / (k! (k + n)!) where that converges quickly, Hankel's series where it does not.
  private static func scaledBesselI(_ x: Double, order: Double) -> Double {
    if x.isNaN { return x }
    let a = x.magnitude
    var sum: Double
    if a <= 25 {
      var term = order == 0 ? 1 : a / 2
      sum = term
      for k in 1..<120 {
        term *= a * a / (4 * Double(k) * (Double(k) + order))
        sum += term
      }
      sum *= exp(-a)
    } else {
      var term = 1.0
      sum = term
      for k in 1..<25 {
        let odd = Double(2 * k - 1)
        term *= (odd * odd - 4 * order) / (8 * a * Double(k))
        sum += term
      }
      sum /= (2 * .pi * a).squareRoot()
    }
    return order == 1 && x.sign == .minus ? -sum : sum
  }

  /// Hurwitz's zeta function, by Euler and Maclaurin's formula.
  static func zeta(_ s: Double, _ q: Double) -> Double {
    if s.isNaN || q.isNaN || s < 1 { return .nan }
    if s == 1 || (q <= 0 && q == q.rounded()) { return .infinity }
    if q <= 0 && s != s.rounded() { return .nan }
    if q == .infinity { return 0 }
    if q < -100_000 { return .nan }
    let count = q < 0 ? Int((14 - q).rounded(.up)) : 14
    var sum = (0..<count).reduce(0) { $0 + pow(q + Double($1), -s) }
    let z = q + Double(count)
    sum += pow(z, 1 - s) / (s - 1) + pow(z, -s) / 2
    // B₂ⱼ / (2j)!
    let weights = [1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1_209_600, 1.0 / 47_900_160, -691.0 / 1_307_674_368_000]
    var factor = s * pow(z, -s - 1)
    for (j, weight) in weights.enumerated() {
      sum += weight * factor
      factor *= (s + Double(2 * j + 1)) * (s + Double(2 * j + 2)) / (z * z)
    }
    return sum
  }
}
