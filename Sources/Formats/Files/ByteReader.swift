/// Reads numbers and pieces from bytes, in order; every step is checked against the end.
struct ByteReader {
  let bytes: SharedBytes
  /// The name for error messages.
  let file: String
  /// Position of the next byte, from the first of `bytes`.
  var offset = 0

  init(_ bytes: SharedBytes, file: String) {
    self.bytes = bytes
    self.file = file
  }

  var remaining: Int { bytes.count - offset }

  /// The next `count` bytes.
  mutating func take(_ count: Int, _ what: String) throws(FormatError) -> SharedBytes {
    guard count >= 0, count <= remaining else { throw shortage(count, what) }
    defer { offset += count }
    return bytes[offset..<(offset + count)]
  }

  /// The next bytes as a number, the lowest byte first.
  mutating func little<Number: FixedWidthInteger>(_: Number.Type, _ what: String) throws(FormatError) -> Number {
    Number(littleEndian: try load(what))
  }

  /// The next bytes as a number, the highest byte first.
  mutating func big<Number: FixedWidthInteger>(_: Number.Type, _ what: String) throws(FormatError) -> Number {
    Number(bigEndian: try load(what))
  }

  private mutating func load<Number: FixedWidthInteger>(_ what: String) throws(FormatError) -> Number {
    let size = MemoryLayout<Number>.size
    guard size <= remaining else { throw shortage(size, what) }
    defer { offset += size }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
  }

  private func shortage(_ count: Int, _ what: String) -> FormatError {
    FormatError(.truncated, file: file, "\(what) needs \(count) bytes, \(max(remaining, 0)) are left", offset: offset)
  }

  /// Skips a fixed sequence of bytes, or fails if other bytes are there.
  mutating func expect(_ expected: [UInt8], _ what: String) throws(FormatError) {
    let start = offset
    let found = try take(expected.count, what)
    guard found.array == expected else { throw FormatError(.malformed, file: file, "no \(what)", offset: start) }
  }

  func error(_ kind: FormatError.Kind, _ message: String, at position: Int? = nil) -> FormatError {
    FormatError(kind, file: file, message, offset: position ?? offset)
  }
}
