/// Turns `float32` elements into blocks that share scales.
///
/// `Q8_0` and `Q4_0` give the very bytes of the Python package *gguf*. `Q4_K`, for which there is no such reference,
/// searches the scale and minimum of least squared error for each part.
enum Quantization {
  /// A function that encodes one block of elements at the address of its bytes.
  typealias Encoder = @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<UInt8>) -> Void

  /// The encoder of a type; nil if the type is not written here.
  static func encoder(of type: GGUFTensorType) -> Encoder? {
    switch type {
    case .q8_0: q8_0
    case .q4_0: q4_0
    case .q4_K: q4_K
    default: nil
    }
  }

  /// All elements as blocks.
  static func encode(_ values: UnsafeBufferPointer<Float>, as type: GGUFTensorType, _ encoder: Encoder) -> [UInt8] {
    let size = type.block
    let count = values.count / size.elements
    return [UInt8](unsafeUninitializedCapacity: count * size.bytes) { bytes, initialized in
      if let source = values.baseAddress, let target = bytes.baseAddress {
        for i in 0..<count { encoder(source + i * size.elements, target + i * size.bytes) }
      }
      initialized = count * size.bytes
    }
  }

  static func store(_ value: Float, at p: UnsafeMutablePointer<UInt8>) {
    let bits = HalfFloat.bits(value)
    p[0] = UInt8(truncatingIfNeeded: bits)
    p[1] = UInt8(truncatingIfNeeded: bits >> 8)
  }

  static func q8_0(_ x: UnsafePointer<Float>, _ p: UnsafeMutablePointer<UInt8>) {
    var peak: Float = 0
    for i in 0..<32 { peak = max(peak, x[i].magnitude) }
    let d = peak / 127
    let inverse = d == 0 ? 0 : 1 / d
    store(d, at: p)
    for i in 0..<32 {
      let rounded = (x[i] * inverse).rounded(.toNearestOrAwayFromZero)
      // A subnormal scale has an infinite inverse.
      p[2 + i] = UInt8(bitPattern: Int8(max(-128, min(127, rounded))))
    }
  }

  static func q4_0(_ x: UnsafePointer<Float>, _ p: UnsafeMutablePointer<UInt8>) {
    // The first of them, so that the sign of a zero is the reference's too.
    var peak = x[0]
    for i in 1..<32 where x[i].magnitude > peak.magnitude { peak = x[i] }
    // The element of largest magnitude becomes -8, the level that has no positive twin.
    let d = peak / -8
    let inverse = d == 0 ? 0 : 1 / d
    store(d, at: p)
    func level(_ i: Int) -> UInt8 { UInt8(max(0, min(15, x[i] * inverse + 8.5))) }
    for i in 0..<16 { p[2 + i] = level(i) | level(16 + i) << 4 }
  }
}

/// `Q4_K`: eight parts of 32 elements, each with a scale and a minimum of 6 bits, which share two 16-bit floats.
extension Quantization {
  static func q4_K(_ x: UnsafePointer<Float>, _ p: UnsafeMutablePointer<UInt8>) {
    var fits: [(scale: Float, minimum: Float)] = []
    for part in 0..<8 { fits.append(AffineFit.search(x + part * 32, count: 32, levels: 15)) }
    let d = fits.map(\.scale).max()! / 63
    let m = fits.map(\.minimum).max()! / 63
    store(d, at: p)
    store(m, at: p + 2)
    for i in 0..<12 { p[4 + i] = 0 }
    for part in 0..<8 {
      packScales(sixBits(fits[part].scale, unit: d), sixBits(fits[part].minimum, unit: m), part, p + 4)
    }
    for part in stride(from: 0, to: 8, by: 2) {
      let (low, high) = (levels(x, part, p), levels(x, part + 1, p))
      for i in 0..<32 { p[16 + part / 2 * 32 + i] = low[i] | high[i] << 4 }
    }
  }

  private static func sixBits(_ value: Float, unit: Float) -> UInt8 {
    unit > 0 ? UInt8(max(0, min(63, (value / unit).rounded()))) : 0
  }

  private static func packScales(_ scale: UInt8, _ minimum: UInt8, _ part: Int, _ p: UnsafeMutablePointer<UInt8>) {
    if part < 4 {
      p[part] |= scale
      p[4 + part] |= minimum
    } else {
      p[4 + part] = scale & 15 | minimum << 4
      p[part - 4] |= (scale >> 4) << 6
      p[part] |= (minimum >> 4) << 6
    }
  }

  /// The levels of a part under the scales as they were stored, roundings included.
  private static func levels(_ x: UnsafePointer<Float>, _ part: Int, _ p: UnsafeMutablePointer<UInt8>) -> [UInt8] {
    let (scale, minimum) = Dequantization.scaleAndMinimum(UnsafePointer(p + 4), part)
    let d = Dequantization.half(UnsafePointer(p)) * Float(scale)
    let m = Dequantization.half(UnsafePointer(p + 2)) * Float(minimum)
    return (0..<32).map { i in d > 0 ? UInt8(max(0, min(15, ((x[part * 32 + i] + m) / d).rounded()))) : 0 }
  }
}

/// The search for a scale and a minimum so that `scale * level - minimum` is near to given elements.
private enum AffineFit {
  /// Tries 21 first guesses of the scale; for each, levels follow by rounding, and from the levels scale and minimum by
  /// weighted least squares. Large elements weigh more, because they move the results of a matrix product more.
  static func search(
    _ x: UnsafePointer<Float>, count: Int, levels: Int
  ) -> (scale: Float, minimum: Float) {
    var (low, high, squares) = (Float(0), x[0], Float(0))
    for i in 0..<count {
      low = min(low, x[i])
      high = max(high, x[i])
      squares += x[i] * x[i]
    }
    guard high > low else { return (0, -low) }
    let base = (squares / Float(count)).squareRoot()
    let top = Float(levels)
    var best = (scale: (high - low) / top, offset: low)
    var bestError = Float.infinity
    for step in -1...20 {
      // Step -1 is the plain fit to the range; the others stretch and squeeze it by up to a level.
      let inverse = (step < 0 ? top : top - 1 + 0.1 * Float(step)) / (high - low)
      var sums = Sums()
      for i in 0..<count {
        sums.add(level: max(0, min(top, (inverse * (x[i] - low)).rounded())), x[i], weight: base + x[i].magnitude)
      }
      let candidate = step < 0 ? best : sums.fit ?? best
      let error = sums.error(candidate.scale, candidate.offset)
      if error < bestError { (best, bestError) = (candidate, error) }
    }
    return (best.scale, -best.offset)
  }

  /// Weighted sums over levels and elements, from which the best line and its error follow.
  private struct Sums {
    var w: Float = 0
    var l: Float = 0
    var ll: Float = 0
    var x: Float = 0
    var lx: Float = 0
    var xx: Float = 0

    mutating func add(level: Float, _ value: Float, weight: Float) {
      w += weight
      l += weight * level
      ll += weight * level * level
      x += weight * value
      lx += weight * level * value
      xx += weight * value * value
    }

    /// The line of least error whose offset is not positive, since minima are stored without sign.
    var fit: (scale: Float, offset: Float)? {
      let determinant = w * ll - l * l
      guard determinant > 0 else { return nil }
      let offset = (ll * x - l * lx) / determinant
      if offset > 0 { return lx > 0 ? (lx / ll, 0) : nil }
      let scale = (w * lx - l * x) / determinant
      return scale > 0 ? (scale, offset) : nil
    }

    func error(_ scale: Float, _ offset: Float) -> Float {
      xx + scale * scale * ll + offset * offset * w + 2 * scale * offset * l - 2 * scale * lx - 2 * offset * x
    }
  }
}
