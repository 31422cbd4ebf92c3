/// Cuts JSON text (RFC 8259) into tokens: strict, with positions, the same for values and for safetensors headers.
///
/// Works on bytes; strings are found and checked in place and made only when somebody wants them.
struct JSONScanner {
  let file: String
  /// What to add to positions in messages, when the text stands inside a larger file.
  let base: Int
  var position = 0

  init(file: String, base: Int = 0) {
    self.file = file
    self.base = base
  }

  enum Number {
    case integer(Int)
    /// Has a fraction or an exponent, or is an integer outside of `Int`.
    case real(Double)
  }

  func error(_ kind: FormatError.Kind, _ message: String, at position: Int? = nil) -> FormatError {
    FormatError(kind, file: file, message, offset: base + (position ?? self.position))
  }

  @inline(__always)
  mutating func skipSpace(_ text: Span<UInt8>) {
    while position < text.count, text[position] <= 0x20 {
      switch text[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// The next byte that is not space, without taking it; nil at the end.
  @inline(__always)
  mutating func peek(_ text: Span<UInt8>) -> UInt8? {
    skipSpace(text)
    return position < text.count ? text[position] : nil
  }

  /// Takes the next byte that is not space if it is the given one.
  @inline(__always)
  mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
    guard peek(text) == byte else { return false }
    position += 1
    return true
  }

  @inline(__always)
  mutating func expect(_ byte: UInt8, _ text: Span<UInt8>) throws(FormatError) {
    guard take(byte, text) else { throw unexpected(text, wanted: "\"\(Character(UnicodeScalar(byte)))\"") }
  }

  mutating func unexpected(_ text: Span<UInt8>, wanted: String) -> FormatError {
    guard let byte = peek(text) else { return error(.truncated, "JSON ends where \(wanted) must follow") }
    let found = byte > 0x20 && byte < 0x7F ? "\"\(Character(UnicodeScalar(byte)))\"" : "byte \(byte)"
    return error(.malformed, "JSON has \(found) where \(wanted) must follow")
  }

  /// Takes one of the words `true`, `false`, `null`.
  mutating func word(_ word: StaticString, _ text: Span<UInt8>) -> Bool {
    let count = word.utf8CodeUnitCount
    guard text.count - position >= count else { return false }
    for i in 0..<count where text[position + i] != word.utf8Start[i] { return false }
    position += count
    return true
  }
}

extension UInt8 {
  // The bytes of JSON's grammar.
  static var comma: UInt8 { 0x2C }
  static var colon: UInt8 { 0x3A }
  static var quote: UInt8 { 0x22 }
  static var backslash: UInt8 { 0x5C }
  static var openBracket: UInt8 { 0x5B }
  static var closeBracket: UInt8 { 0x5D }
  static var openBrace: UInt8 { 0x7B }
  static var closeBrace: UInt8 { 0x7D }
}

extension JSONScanner {
  /// Takes a number: exact if it is an integer that fits in `Int`.
  mutating func number(_ text: Span<UInt8>) throws(FormatError) -> Number {
    skipSpace(text)
    let start = position
    let isNegative = position < text.count && text[position] == 0x2D
    if isNegative { position += 1 }
    let firstDigit = position
    // 19 digits fit in 64 bits, and no number of more is an Int.
    var magnitude: UInt64 = 0
    while position < text.count, text[position] &- 0x30 < 10 {
      magnitude = magnitude &* 10 &+ UInt64(text[position] &- 0x30)
      position += 1
    }
    guard position > firstDigit else { throw unexpected(text, wanted: "a digit") }
    if text[firstDigit] == 0x30, position > firstDigit + 1 {
      throw error(.malformed, "JSON number begins with a superfluous zero", at: start)
    }
    let fits = position - firstDigit <= 19
    let isInteger = try !skipFraction(text)
    if isInteger, fits, let value = Int(exactly: magnitude, negated: isNegative) { return .integer(value) }
    guard let value = DecimalParser.double(text.extracting(start..<position)), value.isFinite else {
      throw error(.limit, "JSON number is too large for 64 bits", at: start)
    }
    return .real(value)
  }

  /// Takes fraction and exponent; says whether there was either.
  private mutating func skipFraction(_ text: Span<UInt8>) throws(FormatError) -> Bool {
    let start = position
    if position < text.count, text[position] == 0x2E {
      position += 1
      try skipDigits(text)
    }
    if position < text.count, text[position] | 0x20 == 0x65 {
      position += 1
      if position < text.count, text[position] == 0x2B || text[position] == 0x2D { position += 1 }
      try skipDigits(text)
    }
    return position > start
  }

  private mutating func skipDigits(_ text: Span<UInt8>) throws(FormatError) {
    let start = position
    while position < text.count, text[position] &- 0x30 < 10 { position += 1 }
    guard position > start else { throw unexpected(text, wanted: "a digit") }
  }
}

extension Int {
  fileprivate init?(exactly magnitude: UInt64, negated: Bool) {
    if !negated {
      self.init(exactly: magnitude)
    } else if magnitude <= Int.min.magnitude {
      self = 0 &- Int(truncatingIfNeeded: magnitude)
    } else {
      return nil
    }
  }
}
