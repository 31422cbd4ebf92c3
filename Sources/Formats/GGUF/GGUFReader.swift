/// Reads the parts of a GGUF header.
struct GGUFReader {
  /// The longest text; real ones are chat templates of some kilobytes.
  static let maximumText = 1 << 20

  var reader: ByteReader

  init(_ bytes: SharedBytes, file: String) { reader = ByteReader(bytes, file: file) }

  mutating func string(_ what: String) throws(FormatError) -> String {
    let start = reader.offset
    let length = try textLength(what)
    let bytes = try reader.take(length, what)
    let text = bytes.withSpan { (span) -> String? in
      guard let text = try? UTF8Span(validating: span) else { return nil }
      return String(copying: text)
    }
    guard let text else { throw reader.error(.malformed, "\(what) is not UTF-8", at: start) }
    return text
  }

  private mutating func textLength(_ what: String) throws(FormatError) -> Int {
    let start = reader.offset
    let length = try reader.little(UInt64.self, what)
    guard length <= UInt64(GGUFReader.maximumText) else {
      throw reader.error(
        .limit, "\(what) of \(length) bytes is longer than \(GGUFReader.maximumText)", at: start)
    }
    return Int(length)
  }

  mutating func valueType(_ what: String) throws(FormatError) -> GGUFValueType {
    let start = reader.offset
    let code = try reader.little(UInt32.self, what)
    guard let type = GGUFValueType(rawValue: code) else {
      throw reader.error(.malformed, "\(what) is of unknown type \(code)", at: start)
    }
    return type
  }

  mutating func value(of type: GGUFValueType) throws(FormatError) -> GGUFValue {
    switch type {
    case .uint8: return .uint8(try reader.little(UInt8.self, "value"))
    case .int8: return .int8(try reader.little(Int8.self, "value"))
    case .uint16: return .uint16(try reader.little(UInt16.self, "value"))
    case .int16: return .int16(try reader.little(Int16.self, "value"))
    case .uint32: return .uint32(try reader.little(UInt32.self, "value"))
    case .int32: return .int32(try reader.little(Int32.self, "value"))
    case .uint64: return .uint64(try reader.little(UInt64.self, "value"))
    case .int64: return .int64(try reader.little(Int64.self, "value"))
    case .float32: return .float32(Float(bitPattern: try reader.little(UInt32.self, "value")))
    case .float64: return .float64(Double(bitPattern: try reader.little(UInt64.self, "value")))
    case .bool: return .bool(try reader.little(UInt8.self, "value") != 0)
    case .string: return .string(try string("text"))
    case .array: return .array(try array())
    }
  }

  /// Takes an array without looking at its elements, but for the lengths of texts.
  private mutating func array() throws(FormatError) -> GGUFArray {
    let start = reader.offset
    let type = try valueType("array")
    guard type != .array else { throw reader.error(.unsupported, "array of arrays", at: start) }
    let count = try reader.little(UInt64.self, "array length")
    let least = type.sizeInBytes ?? 8
    guard count <= UInt64(reader.remaining / least) else {
      throw reader.error(.truncated, "array of \(count) elements is longer than the file", at: start)
    }
    let first = reader.offset
    if let size = type.sizeInBytes {
      _ = try reader.take(Int(count) * size, "array")
    } else {
      try skipTexts(Int(count))
    }
    return GGUFArray(elementType: type, count: Int(count), bytes: reader.bytes[first..<reader.offset])
  }

  /// Steps over texts by their lengths. Vocabularies have hundreds of thousands, so this walks over plain memory as long
  /// as all is well; what is wrong is found again, and named, the slow way.
  private mutating func skipTexts(_ count: Int) throws(FormatError) {
    let start = reader.offset
    let (left, end) = reader.bytes.withUnsafeBytes { bytes in
      var (left, position) = (count, start)
      while left > 0, bytes.count - position >= 8 {
        let length = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        guard length <= UInt64(GGUFReader.maximumText), Int(length) <= bytes.count - position - 8 else { break }
        position += 8 + Int(length)
        left -= 1
      }
      return (left, position)
    }
    reader.offset = end
    for _ in 0..<left { _ = try reader.take(try textLength("text"), "text") }
  }
}
