/// Numbers as reports print them: decimal units, two digits behind the point.
package enum Units {
  /// `451`, `464.15k`, `930.58m`, `17.63b`.
  package static func count(_ value: Double) -> String {
    switch abs(value) {
    case ..<999.5: String(Int(value.rounded()))
    case ..<1e6: fixed(value / 1e3) + "k"
    case ..<1e9: fixed(value / 1e6) + "m"
    default: fixed(value / 1e9) + "b"
    }
  }

  /// `0B`, `1.50KB`, `20.00MB`.
  package static func bytes(_ value: Double) -> String {
    switch abs(value) {
    case ..<999.5: String(Int(value.rounded())) + "B"
    case ..<1e6: fixed(value / 1e3) + "KB"
    default: fixed(value / 1e6) + "MB"
    }
  }

  /// `17us`, `0.25us`, `1.50ms`, `2.00sec`.
  package static func time(nanoseconds: Double) -> String {
    let micros = nanoseconds / 1000
    switch abs(micros) {
    case ..<1e3:
      // Whole numbers without digits, as tfprof has them; it knows nothing shorter than a microsecond, and we do.
      let isWhole = abs(micros - micros.rounded()) < 0.005
      return (isWhole ? String(Int(micros.rounded())) : fixed(micros)) + "us"
    case ..<1e6: return fixed(micros / 1e3) + "ms"
    default: return fixed(micros / 1e6) + "sec"
    }
  }

  /// A share as a percentage: `26.68%`.
  package static func percent(_ fraction: Double) -> String { fixed(fraction * 100) + "%" }

  /// With so many digits behind the point.
  package static func fixed(_ value: Double, _ digits: Int = 2) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 9e15 else { return String(value) }
    let whole = Int(scaled)
    let sign = value < 0 && whole != 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let divisor = Int(scale)
    let fraction = String(whole % divisor)
    return sign + String(whole / divisor) + "." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// A speed: `1.50 GFLOP/s`, `12.00 GB/s`.
  package static func rate(_ perSecond: Double, _ unit: String) -> String {
    for (scale, prefix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] where abs(perSecond) >= scale {
      return fixed(perSecond / scale) + " " + prefix + unit
    }
    return fixed(perSecond) + " " + unit
  }
}

extension Int {
  /// The nearest whole number; the largest or smallest there is for what is beyond them, and 0 for what is no number.
  ///
  /// Sums of numbers from files may be larger than any count.
  init(saturating value: Double) {
    self = value.isNaN ? 0 : value >= 0x1p63 ? .max : value < -0x1p63 ? .min : Int(value.rounded())
  }
}

extension String {
  /// The text with spaces before it, so that it has at least so many characters.
  func padded(toWidth width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }

  /// The text with spaces behind it, so that it has at least so many characters.
  func filled(toWidth width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}
