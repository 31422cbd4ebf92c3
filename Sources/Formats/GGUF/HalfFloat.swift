/// Conversion between `float32` and the two 16-bit types, on bits, so that it works where Swift has no `Float16`.
package enum HalfFloat {
  /// The value of an IEEE 754 number of 16 bits.
  package static func float(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 31)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// The nearest number of 16 bits, ties to even; too large ones become infinite.
  package static func bits(_ value: Float) -> UInt16 {
    let word = value.bitPattern
    let sign = UInt16(word >> 16 & 0x8000)
    let magnitude = word & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 | UInt16(magnitude >> 13 & 0x3FF) }
    if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
      // Subnormal: adding 1/2 leaves the rounded multiple of 2^-24 in the low bits.
      let shifted = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: shifted.bitPattern - Float(0.5).bitPattern)
    }
    let odd = magnitude >> 13 & 1
    return sign | UInt16(truncatingIfNeeded: (magnitude - 0x3800_0000 + 0xFFF + odd) >> 13)
  }

  /// The value of a `bfloat16`.
  package static func brainFloat(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// The nearest `bfloat16`, ties to even; NaN stays NaN.
  package static func brainBits(_ value: Float) -> UInt16 {
    let word = value.bitPattern
    if word & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(word >> 16) | 64 }
    return UInt16(truncatingIfNeeded: (word &+ 0x7FFF &+ (word >> 16 & 1)) >> 16)
  }
}
