/// Blocks of 256 elements, whose scales are themselves quantized.
extension Dequantization {
  static func q2_K(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let (scales, quants) = (p, p + 16)
    let (d, m) = (half(p + 80), half(p + 82))
    for part in 0..<16 {
      let dl = d * Float(scales[part] & 15)
      let ml = m * Float(scales[part] >> 4)
      // 128 elements share 32 bytes, two bits each; a part is half of one layer of bits.
      let bytes = quants + part / 8 * 32 + part % 2 * 16
      let shift = UInt8(part % 8 / 2 * 2)
      for i in 0..<16 { out[part * 16 + i] = dl * Float(bytes[i] >> shift & 3) - ml }
    }
  }

  static func q3_K(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let (mask, quants, scales) = (p, p + 32, p + 96)
    let d = half(p + 108)
    for part in 0..<16 {
      let low = scales[part % 8] >> (part < 8 ? 0 : 4) & 15
      let high = scales[8 + part % 4] >> UInt8(part / 4 * 2) & 3
      let dl = d * Float(Int32(low | high << 4) - 32)
      let bytes = quants + part / 8 * 32 + part % 2 * 16
      let bits = mask + part % 2 * 16
      let shift = UInt8(part % 8 / 2 * 2)
      let layer = UInt8(part / 2)
      for i in 0..<16 {
        let value = Int32(bytes[i] >> shift & 3) - (bits[i] >> layer & 1 == 0 ? 4 : 0)
        out[part * 16 + i] = dl * Float(value)
      }
    }
  }

  static func q4_K(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let (d, m) = (half(p), half(p + 2))
    for part in 0..<8 {
      let (scale, minimum) = scaleAndMinimum(p + 4, part)
      let (dl, ml) = (d * Float(scale), m * Float(minimum))
      let bytes = p + 16 + part / 2 * 32
      let shift = UInt8(part % 2 * 4)
      for i in 0..<32 { out[part * 32 + i] = dl * Float(bytes[i] >> shift & 15) - ml }
    }
  }

  static func q5_K(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let (d, m) = (half(p), half(p + 2))
    let high = p + 16
    for part in 0..<8 {
      let (scale, minimum) = scaleAndMinimum(p + 4, part)
      let (dl, ml) = (d * Float(scale), m * Float(minimum))
      let bytes = p + 48 + part / 2 * 32
      let shift = UInt8(part % 2 * 4)
      let layer = UInt8(part)
      for i in 0..<32 {
        out[part * 32 + i] = dl * Float(bytes[i] >> shift & 15 | (high[i] >> layer & 1) << 4) - ml
      }
    }
  }

  static func q6_K(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let (low, high, scales) = (p, p + 128, p + 192)
    let d = half(p + 208)
    for part in 0..<8 {
      let bytes = low + part / 4 * 64 + part % 2 * 32
      let shift = UInt8(part % 4 / 2 * 4)
      let bits = high + part / 4 * 32
      let layer = UInt8(part % 4 * 2)
      for i in 0..<32 {
        let dl = d * Float(Int8(bitPattern: scales[part * 2 + i / 16]))
        let value = Int32(bytes[i] >> shift & 15 | (bits[i] >> layer & 3) << 4) - 32
        out[part * 32 + i] = dl * Float(value)
      }
    }
  }

  /// The 6-bit scale and minimum of one of eight parts, which share twelve bytes.
  static func scaleAndMinimum(_ p: UnsafePointer<UInt8>, _ part: Int) -> (UInt8, UInt8) {
    if part < 4 { return (p[part] & 63, p[4 + part] & 63) }
    let rest = p[4 + part]
    return (rest & 15 | p[part - 4] >> 2 & 48, rest >> 4 | p[part] >> 2 & 48)
  }

  static func iq4_XS(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(p)
    let high = UInt16(p[2]) | UInt16(p[3]) << 8
    for part in 0..<8 {
      let low = p[4 + part / 2] >> UInt8(part % 2 * 4) & 15
      let scale = Int32(low) | Int32(high >> UInt16(2 * part) & 3) << 4
      let dl = d * Float(scale - 32)
      let bytes = p + 8 + part * 16
      for i in 0..<16 {
        out[part * 32 + i] = dl * unevenLevels[Int(bytes[i] & 15)]
        out[part * 32 + 16 + i] = dl * unevenLevels[Int(bytes[i] >> 4)]
      }
    }
  }

  /// Three levels, five of them to a byte: the byte is a fraction whose digits to base 3 are the elements.
  static func tq1_0(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(p + 52)
    var position = 0
    func decode(_ start: Int, _ width: Int, _ digits: Int) {
      var power: UInt8 = 1
      for _ in 0..<digits {
        for i in 0..<width {
          let digit = (UInt16(p[start + i] &* power) * 3) >> 8
          out[position] = d * Float(Int32(digit) - 1)
          position += 1
        }
        power &*= 3
      }
    }
    decode(0, 32, 5)
    decode(32, 16, 5)
    decode(48, 4, 4)
  }

  static func tq2_0(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(p + 64)
    for part in 0..<8 {
      let bytes = p + part / 4 * 32
      let shift = UInt8(part % 4 * 2)
      for i in 0..<32 { out[part * 32 + i] = d * Float(Int32(bytes[i] >> shift & 3) - 1) }
    }
  }
}
