/// Turns blocks of quantized elements into `float32`.
///
/// Operations and their order are those of the Python package *gguf*, so that results agree bit for bit.
enum Dequantization {
  /// A function that decodes one block: its bytes, and where its elements go.
  struct Decoder: Sendable {
    let block: @Sendable (UnsafePointer<UInt8>, UnsafeMutablePointer<Float>) -> Void

    /// All blocks of a tensor.
    func decode(_ bytes: SharedBytes, _ type: GGUFTensorType) -> SharedBytes {
      let size = type.block
      let count = bytes.count / size.bytes
      let memory = FloatMemory(count: count * size.elements)
      bytes.withUnsafeBytes { source in
        guard let base = source.bindMemory(to: UInt8.self).baseAddress else { return }
        for i in 0..<count { block(base + i * size.bytes, memory.floats + i * size.elements) }
      }
      return memory.bytes
    }
  }

  /// The decoder of a type; nil if the type is not decoded here.
  static func decoder(of type: GGUFTensorType) -> Decoder? {
    switch type {
    case .q4_0: Decoder(block: q4_0)
    case .q4_1: Decoder(block: q4_1)
    case .q5_0: Decoder(block: q5_0)
    case .q5_1: Decoder(block: q5_1)
    case .q8_0: Decoder(block: q8_0)
    case .q2_K: Decoder(block: q2_K)
    case .q3_K: Decoder(block: q3_K)
    case .q4_K: Decoder(block: q4_K)
    case .q5_K: Decoder(block: q5_K)
    case .q6_K: Decoder(block: q6_K)
    case .tq1_0: Decoder(block: tq1_0)
    case .tq2_0: Decoder(block: tq2_0)
    case .iq4_NL: Decoder(block: iq4_NL)
    case .iq4_XS: Decoder(block: iq4_XS)
    case .mxfp4: Decoder(block: mxfp4)
    default: nil
    }
  }

  /// The 16-bit float at `p`.
  static func half(_ p: UnsafePointer<UInt8>) -> Float {
    HalfFloat.float(UInt16(p[0]) | UInt16(p[1]) << 8)
  }
}

/// Memory for floats that is written once and then shared.
final class FloatMemory: @unchecked Sendable {
  // Unchecked because of the pointer: it is written by its maker alone, before anybody else sees it.
  let floats: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    floats = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
    self.count = count
  }

  deinit { floats.deallocate() }

  var bytes: SharedBytes { SharedBytes(UnsafeRawBufferPointer(start: floats, count: count * 4), keptAliveBy: self) }
}

/// Blocks of 32 elements.
extension Dequantization {
  static func q4_0(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(p)
    for i in 0..<16 {
      let byte = Int32(p[2 + i])
      out[i] = d * Float(byte & 15 - 8)
      out[16 + i] = d * Float(byte >> 4 - 8)
    }
  }

  static func q4_1(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let (d, m) = (half(p), half(p + 2))
    for i in 0..<16 {
      let byte = Int32(p[4 + i])
      out[i] = d * Float(byte & 15) + m
      out[16 + i] = d * Float(byte >> 4) + m
    }
  }

  static func q5_0(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(p)
    let high = word(p + 2)
    for i in 0..<16 {
      let byte = Int32(p[6 + i])
      out[i] = d * Float((byte & 15 | fifthBit(high, i)) - 16)
      out[16 + i] = d * Float((byte >> 4 | fifthBit(high, 16 + i)) - 16)
    }
  }

  static func q5_1(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let (d, m) = (half(p), half(p + 2))
    let high = word(p + 4)
    for i in 0..<16 {
      let byte = Int32(p[8 + i])
      out[i] = d * Float(byte & 15 | fifthBit(high, i)) + m
      out[16 + i] = d * Float(byte >> 4 | fifthBit(high, 16 + i)) + m
    }
  }

  static func q8_0(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(p)
    for i in 0..<32 { out[i] = Float(Int8(bitPattern: p[2 + i])) * d }
  }

  static func iq4_NL(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(p)
    for i in 0..<16 {
      out[i] = d * unevenLevels[Int(p[2 + i] & 15)]
      out[16 + i] = d * unevenLevels[Int(p[2 + i] >> 4)]
    }
  }

  static func mxfp4(_ p: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    // Half of 2^(e - 127): the levels are stored doubled. Below e = 2 the number is subnormal.
    let e = UInt32(p[0])
    let d = Float(bitPattern: e < 2 ? 0x0020_0000 << e : (e - 1) << 23)
    for i in 0..<16 {
      out[i] = d * fourBitFloats[Int(p[1 + i] & 15)]
      out[16 + i] = d * fourBitFloats[Int(p[1 + i] >> 4)]
    }
  }

  private static func word(_ p: UnsafePointer<UInt8>) -> UInt32 {
    UInt32(p[0]) | UInt32(p[1]) << 8 | UInt32(p[2]) << 16 | UInt32(p[3]) << 24
  }

  private static func fifthBit(_ high: UInt32, _ i: Int) -> Int32 { Int32((high >> UInt32(i)) & 1) << 4 }

  static let unevenLevels: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]

  private static let fourBitFloats: [Float] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]
}
