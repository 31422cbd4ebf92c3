/// Cuts JSON text (RFC 8259) into tokens: strict, with positions, the same for values and for safetensors headers.
struct JSONScanner {
  let file: String
  /// What to add to positions in messages, when the text stands inside a larger file.
  let base: Int
  private(set) var position = 0

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

  mutating func skipSpace(_ text: Span<UInt8>) {
    while position < text.count {
      switch text[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// The next byte that is not space, without taking it; nil at the end.
  mutating func peek(_ text: Span<UInt8>) -> UInt8? {
    skipSpace(text)
    return position < text.count ? text[position] : nil
  }

  /// Takes the next byte that is not space if it is the given one.
  mutating func take(_ character: Character, _ text: Span<UInt8>) -> Bool {
    guard peek(text) == character.asciiValue else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Character, _ text: Span<UInt8>) throws(FormatError) {
    guard take(character, text) else { throw unexpected(text, wanted: "\"\(character)\"") }
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

extension JSONScanner {
  /// Takes a string, quotes and all.
  mutating func string(_ text: Span<UInt8>) throws(FormatError) -> String {
    try expect("\"", text)
    let start = position
    while position < text.count, text[position] != 0x22, text[position] != 0x5C, text[position] >= 0x20 {
      position += 1
    }
    if position < text.count, text[position] == 0x22 {
      defer { position += 1 }
      return try decoded(text.extracting(start..<position), at: start)
    }
    return try escapedString(text, from: start)
  }

  private mutating func escapedString(_ text: Span<UInt8>, from start: Int) throws(FormatError) -> String {
    var bytes: [UInt8] = []
    for i in start..<position { bytes.append(text[i]) }
    while position < text.count {
      let byte = text[position]
      switch byte {
      case 0x22:
        position += 1
        return try decoded(bytes.span, at: start)
      case 0x5C: try escape(text, into: &bytes)
      case ..<0x20: throw error(.malformed, "JSON string contains control character \(byte)")
      default:
        bytes.append(byte)
        position += 1
      }
    }
    throw error(.truncated, "JSON string does not end", at: start - 1)
  }

  private func decoded(_ bytes: Span<UInt8>, at start: Int) throws(FormatError) -> String {
    do throws(UTF8.ValidationError) {
      return String(copying: try UTF8Span(validating: bytes))
    } catch { throw self.error(.malformed, "JSON string is not UTF-8", at: start) }
  }

  private mutating func escape(_ text: Span<UInt8>, into bytes: inout [UInt8]) throws(FormatError) {
    guard position + 1 < text.count else { throw error(.truncated, "JSON string ends in an escape") }
    let letter = text[position + 1]
    if letter == 0x75 { return try unicodeEscape(text, into: &bytes) }
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
    bytes.append(byte)
    position += 2
  }

  private mutating func unicodeEscape(_ text: Span<UInt8>, into bytes: inout [UInt8]) throws(FormatError) {
    let start = position
    var value = try codeUnit(text)
    if value >> 10 == 0x36 {
      guard position + 1 < text.count, text[position] == 0x5C, text[position + 1] == 0x75 else {
        throw error(.malformed, "JSON string has half a surrogate pair", at: start)
      }
      let low = try codeUnit(text)
      guard low >> 10 == 0x37 else { throw error(.malformed, "JSON string has half a surrogate pair", at: start) }
      value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = UnicodeScalar(value) else {
      throw error(.malformed, "JSON string has half a surrogate pair", at: start)
    }
    bytes.append(contentsOf: String(scalar).utf8)
  }

  /// Takes `\uXXXX`.
  private mutating func codeUnit(_ text: Span<UInt8>) throws(FormatError) -> UInt32 {
    guard text.count - position >= 6 else { throw error(.truncated, "JSON string ends in an escape") }
    var value: UInt32 = 0
    for i in (position + 2)..<(position + 6) {
      guard let digit = Character(UnicodeScalar(text[i])).hexDigitValue, text[i] < 0x80 else {
        throw error(.malformed, "JSON escape has a character that is no hexadecimal digit", at: i)
      }
      value = value << 4 | UInt32(digit)
    }
    position += 6
    return value
  }
}

extension JSONScanner {
  /// Takes a number: exact if it is an integer that fits in `Int`.
  mutating func number(_ text: Span<UInt8>) throws(FormatError) -> Number {
    skipSpace(text)
    let start = position
    let isNegative = position < text.count && text[position] == 0x2D
    if isNegative { position += 1 }
    let firstDigit = position
    var magnitude: UInt? = 0
    while let digit = digit(text) {
      magnitude = magnitude.flatMap { appended(digit, to: $0) }
      position += 1
    }
    guard position > firstDigit else { throw unexpected(text, wanted: "a digit") }
    if text[firstDigit] == 0x30, position > firstDigit + 1 {
      throw error(.malformed, "JSON number begins with a superfluous zero", at: start)
    }
    let isInteger = try !skipFraction(text)
    if isInteger, let magnitude, let value = Int(exactly: magnitude, negated: isNegative) { return .integer(value) }
    return .real(try real(text.extracting(start..<position), at: start))
  }

  private func digit(_ text: Span<UInt8>) -> UInt? {
    guard position < text.count, text[position] &- 0x30 < 10 else { return nil }
    return UInt(text[position] - 0x30)
  }

  private func appended(_ digit: UInt, to magnitude: UInt) -> UInt? {
    let (tens, overflow) = magnitude.multipliedReportingOverflow(by: 10)
    let (sum, carry) = tens.addingReportingOverflow(digit)
    return overflow || carry ? nil : sum
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
    guard digit(text) != nil else { throw unexpected(text, wanted: "a digit") }
    while digit(text) != nil { position += 1 }
  }

  private func real(_ digits: Span<UInt8>, at start: Int) throws(FormatError) -> Double {
    let text = digits.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    guard let value = Double(text), value.isFinite else {
      throw error(.limit, "JSON number is too large for 64 bits", at: start)
    }
    return value
  }
}

extension Int {
  fileprivate init?(exactly magnitude: UInt, negated: Bool) {
    if !negated {
      self.init(exactly: magnitude)
    } else if magnitude <= Int.min.magnitude {
      self = 0 &- Int(truncatingIfNeeded: magnitude)
    } else {
      return nil
    }
  }
}
