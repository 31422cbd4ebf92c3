// Conversions of the two 16-bit floating-point types, in software: `Float16` is not available on every platform
// that Swift supports, and bfloat16 is on none.

/// IEEE 754 binary16.
package enum Half {
  /// The nearest binary16, ties to even, straight from the double so that nothing is rounded twice.
  package static func bits(of value: Double) -> UInt16 { narrowed(value, exponentBits: 5, fractionBits: 10) }

  /// The exact value.
  package static func double(bits: UInt16) -> Double {
    let sign: Double = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10) & 31
    let fraction = Double(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}

/// The upper half of a binary32.
package enum BrainFloat {
  /// The nearest bfloat16, ties to even, straight from the double.
  package static func bits(of value: Double) -> UInt16 { narrowed(value, exponentBits: 8, fractionBits: 7) }

  /// The exact value.
  package static func double(bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }
}

/// Rounds a double to a narrower binary format of 16 bits, ties to even.
private func narrowed(_ value: Double, exponentBits: Int, fractionBits: Int) -> UInt16 {
  let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
  let infinity = UInt16((1 << exponentBits) - 1) << UInt16(fractionBits)
  if value.isNaN { return sign | infinity | UInt16(1 << (fractionBits - 1)) }
  if value.isInfinite { return sign | infinity }
  if value == 0 { return sign }
  let bias = (1 << (exponentBits - 1)) - 1
  // Subnormal numbers share the smallest exponent, so the unit in the last place stops shrinking there.
  let exponent = max(Int(value.magnitude.exponent), 1 - bias)
  let unit = Double(sign: .plus, exponent: exponent - fractionBits, significand: 1)
  let steps = UInt64((value.magnitude / unit).rounded(.toNearestOrEven))
  // A carry out of the fraction runs into the exponent field by itself, up to infinity.
  let base = UInt64(max(exponent + bias - 1, 0)) << UInt64(fractionBits)
  let encoded = exponent > bias ? UInt64(infinity) : base + steps
  return sign | UInt16(min(encoded, UInt64(infinity)))
}
