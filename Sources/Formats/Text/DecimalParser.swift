/// Reads decimal numbers from bytes, correctly rounded; nil for anything else, space included.
package enum DecimalParser {
  /// An integer in `Int`, with an optional sign.
  package static func integer(_ text: Span<UInt8>) -> Int? {
    guard text.count > 0 else { return nil }
    let isNegative = text[0] == 0x2D
    var i = isNegative || text[0] == 0x2B ? 1 : 0
    guard i < text.count else { return nil }
    var value = 0
    while i < text.count {
      let digit = text[i] &- 0x30
      guard digit < 10 else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.subtractingReportingOverflow(Int(digit))
      // Counting downwards, because the most negative number has no positive twin.
      if overflow || carry { return nil }
      value = sum
      i += 1
    }
    if isNegative { return value }
    return value == Int.min ? nil : -value
  }

  /// A number such as `12`, `-0.5`, `1e-3`, `nan` or `inf`.
  package static func double(_ text: Span<UInt8>) -> Double? { exact(text) ?? general(text) { Double($0) } }

  /// The 32-bit number nearest to the decimal one.
  package static func float(_ text: Span<UInt8>) -> Float? {
    // Rounding twice errs only where the first result lies exactly between two floats, or below the normal ones.
    if let value = exact(text) {
      let isTie = value.bitPattern & 0x1FFF_FFFF == 0x1000_0000
      if value == 0 || !isTie && value.magnitude >= Double(Float.leastNormalMagnitude) { return Float(value) }
    }
    return general(text) { Float($0) }
  }

  private static func general<Number: BinaryFloatingPoint>(
    _ text: Span<UInt8>, _ parse: (String) -> Number?
  ) -> Number? {
    // The library also takes hexadecimal numbers, which do not belong in a table of decimal ones, and stops at a zero byte.
    for i in 0..<text.count where text[i] | 0x20 == 0x78 || text[i] == 0 { return nil }
    return text.withUnsafeBufferPointer { parse(String(decoding: $0, as: UTF8.self)) }
  }

  /// The fast path: digits below 2⁵³ and a power of ten up to 10²² are exact, so one operation rounds once.
  ///
  /// - Note: Clinger, *How to read floating point numbers accurately* (1990).
  private static func exact(_ text: Span<UInt8>) -> Double? {
    guard text.count > 0, text.count <= 40 else { return nil }
    let isNegative = text[0] == 0x2D
    var i = isNegative || text[0] == 0x2B ? 1 : 0
    var digits: UInt64 = 0
    var digitCount = 0
    var exponent = 0
    var isFraction = false
    while i < text.count {
      if text[i] == 0x2E, !isFraction {
        isFraction = true
        i += 1
        continue
      }
      let digit = text[i] &- 0x30
      guard digit < 10 else { break }
      guard digitCount < 18 else { return nil }
      digits = digits * 10 + UInt64(digit)
      digitCount += 1
      if isFraction { exponent -= 1 }
      i += 1
    }
    guard digitCount > 0, digits < 1 << 53 else { return nil }
    if i < text.count {
      guard text[i] | 0x20 == 0x65, let power = integer(text.extracting((i + 1)..<text.count)),
        power.magnitude < 1000
      else { return nil }
      exponent += power
    }
    guard exponent.magnitude <= 22 else { return nil }
    let scale = powersOfTen[Int(exponent.magnitude)]
    let value = exponent < 0 ? Double(digits) / scale : Double(digits) * scale
    return isNegative ? -value : value
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
