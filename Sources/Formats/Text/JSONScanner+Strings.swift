/// A string of a JSON text, checked, where it stands.
struct JSONText: Sendable {
  /// The bytes between the quotes.
  var range: Range<Int>
  var hasEscapes: Bool
}

extension JSONScanner {
  /// Takes a string, quotes and all, and makes it.
  mutating func string(_ text: Span<UInt8>) throws(FormatError) -> String {
    JSONScanner.string(try stringText(text), text)
  }

  /// Takes a string, quotes and all, and checks every byte and escape of it.
  mutating func stringText(_ text: Span<UInt8>) throws(FormatError) -> JSONText {
    try expect(.quote, text)
    let start = position
    var highBits: UInt64 = 0
    var hasEscapes = false
    while true {
      skipPlain(text, &highBits)
      guard position < text.count else { throw error(.truncated, "JSON string does not end", at: start - 1) }
      let byte = text[position]
      if byte == .quote { break }
      guard byte == .backslash else { throw error(.malformed, "JSON string contains control character \(byte)") }
      hasEscapes = true
      _ = try escape(text)
    }
    let range = start..<position
    position += 1
    if highBits != 0, let offset = UTF8Validation.firstInvalidOffset(text.extracting(range)) {
      throw error(.malformed, "JSON string is not UTF-8", at: start + offset)
    }
    return JSONText(range: range, hasEscapes: hasEscapes)
  }

  /// Goes on to the next byte that is a quote, a backslash or a control character, eight at a time.
  @inline(__always)
  private mutating func skipPlain(_ text: Span<UInt8>, _ highBits: inout UInt64) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    while position + 8 <= text.count {
      let word = UInt64(littleEndian: text.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
      let (quotes, backslashes) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
      // The highest bit of each byte that is zero, or below space; right up to the first one, which is all that counts.
      let found =
        (((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word))
        & (ones &* 0x80)
      highBits |= word & (ones &* 0x80)
      if found != 0 {
        position += found.trailingZeroBitCount >> 3
        return
      }
      position += 8
    }
    while position < text.count, text[position] != .quote, text[position] != .backslash, text[position] >= 0x20 {
      highBits |= UInt64(text[position] & 0x80)
      position += 1
    }
  }

  /// Takes an escape; the result is the character that it stands for.
  private mutating func escape(_ text: Span<UInt8>) throws(FormatError) -> UnicodeScalar {
    guard position + 1 < text.count else { throw error(.truncated, "JSON string ends in an escape") }
    let letter = text[position + 1]
    if letter == 0x75 { return try unicodeEscape(text) }
    let byte: UInt8
    switch letter {
    case 0x22, 0x5C, 0x2F: byte = letter
    case 0x62: byte = 8
    case 0x66: byte = 12
    case 0x6E: byte = 10
    case 0x72: byte = 13
    case 0x74: byte = 9
    default: throw error(.malformed, "JSON string has an unknown escape")
    }
    position += 2
    return UnicodeScalar(byte)
  }

  private mutating func unicodeEscape(_ text: Span<UInt8>) throws(FormatError) -> UnicodeScalar {
    let start = position
    var value = try codeUnit(text)
    if value >> 10 == 0x36 {
      guard position + 1 < text.count, text[position] == .backslash, text[position + 1] == 0x75 else {
        throw error(.malformed, "JSON string has half a surrogate pair", at: start)
      }
      let low = try codeUnit(text)
      guard low >> 10 == 0x37 else { throw error(.malformed, "JSON string has half a surrogate pair", at: start) }
      value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = UnicodeScalar(value) else {
      throw error(.malformed, "JSON string has half a surrogate pair", at: start)
    }
    return scalar
  }

  /// Takes `\uXXXX`.
  private mutating func codeUnit(_ text: Span<UInt8>) throws(FormatError) -> UInt32 {
    guard text.count - position >= 6 else { throw error(.truncated, "JSON string ends in an escape") }
    var value: UInt32 = 0
    for i in (position + 2)..<(position + 6) {
      let digit: UInt8
      switch text[i] {
      case 0x30...0x39: digit = text[i] - 0x30
      case 0x41...0x46: digit = text[i] - 0x41 + 10
      case 0x61...0x66: digit = text[i] - 0x61 + 10
      default: throw error(.malformed, "JSON escape has a character that is no hexadecimal digit", at: i)
      }
      value = value << 4 | UInt32(digit)
    }
    position += 6
    return value
  }
}

extension JSONScanner {
  /// The string at a place that was checked before.
  static func string(_ place: JSONText, _ text: Span<UInt8>) -> String {
    withBytes(of: place, text) { String(decoding: $0, as: UTF8.self) }
  }

  /// Calls `body` with the UTF-8 of a string that was checked before; copies only what has escapes.
  static func withBytes<Result>(
    of place: JSONText, _ text: Span<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    let bytes = text.extracting(place.range)
    return place.hasEscapes
      ? unescaped(bytes).withUnsafeBufferPointer(body) : bytes.withUnsafeBufferPointer { body($0) }
  }

  private static func unescaped(_ bytes: Span<UInt8>) -> [UInt8] {
    var scanner = JSONScanner(file: "")
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    while scanner.position < bytes.count {
      if bytes[scanner.position] == .backslash, let scalar = try? scanner.escape(bytes) {
        result.append(contentsOf: UTF8.encode(scalar)!)
      } else {
        result.append(bytes[scanner.position])
        scanner.position += 1
      }
    }
    return result
  }

  /// Whether a string that was checked before is the given word.
  static func matches(_ place: JSONText, _ word: StaticString, _ text: Span<UInt8>) -> Bool {
    guard !place.hasEscapes else { return string(place, text) == "\(word)" }
    guard place.range.count == word.utf8CodeUnitCount else { return false }
    for (i, position) in place.range.enumerated() where text[position] != word.utf8Start[i] { return false }
    return true
  }
}
