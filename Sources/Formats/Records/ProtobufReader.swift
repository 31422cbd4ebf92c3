/// Reads the fields of a protocol buffer message, in order; every step is checked against the end.
///
/// - Note: The wire format of Protocol Buffers: a key (number and kind) before each value.
package struct ProtobufReader {
  /// The value of a field.
  package enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(SharedBytes)
    case fixed32(UInt32)
  }

  private var reader: ByteReader

  /// A reader of one message.
  package init(_ bytes: SharedBytes, file: String) { reader = ByteReader(bytes, file: file) }

  /// Where the next field begins.
  package var offset: Int { reader.offset }

  /// The next field: its number and value, or nil at the end of the message.
  package mutating func next() throws(FormatError) -> (number: Int, value: Value)? {
    guard reader.remaining > 0 else { return nil }
    let start = reader.offset
    let key = try varint()
    let number = key >> 3
    guard number >= 1, number < 1 << 29 else { throw error("has a field of number \(number)", at: start) }
    switch key & 7 {
    case 0: return (Int(number), .varint(try varint()))
    case 1: return (Int(number), .fixed64(try reader.little(UInt64.self, "protobuf field")))
    case 2:
      let length = try varint()
      guard length <= UInt64(reader.remaining) else {
        throw reader.error(.truncated, "protobuf field of \(length) bytes is longer than its message", at: start)
      }
      return (Int(number), .bytes(try reader.take(Int(length), "protobuf field")))
    case 5: return (Int(number), .fixed32(try reader.little(UInt32.self, "protobuf field")))
    default: throw error("has a field of kind \(key & 7)", at: start)
    }
  }

  private mutating func varint() throws(FormatError) -> UInt64 {
    let start = reader.offset
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      let byte = try reader.little(UInt8.self, "protobuf number")
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 127) << UInt64(shift)
      if byte < 128 { return value }
    }
    throw error("has a number of more than 64 bits", at: start)
  }

  private func error(_ message: String, at offset: Int) -> FormatError {
    reader.error(.malformed, "protobuf message \(message)", at: offset)
  }

  /// Numbers that follow one another without keys.
  package static func packedVarints(_ bytes: SharedBytes, file: String) throws(FormatError) -> [UInt64] {
    var reader = ProtobufReader(bytes, file: file)
    var result: [UInt64] = []
    while reader.reader.remaining > 0 { result.append(try reader.varint()) }
    return result
  }

  /// 32-bit values that follow one another without keys.
  package static func packed32(_ bytes: SharedBytes, file: String) throws(FormatError) -> [UInt32] {
    guard bytes.count % 4 == 0 else {
      throw FormatError(.malformed, file: file, "protobuf message has a list that is cut inside a number")
    }
    return bytes.withUnsafeBytes { raw in
      (0..<(raw.count / 4)).map { UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
    }
  }

  /// 64-bit values that follow one another without keys.
  package static func packed64(_ bytes: SharedBytes, file: String) throws(FormatError) -> [UInt64] {
    guard bytes.count % 8 == 0 else {
      throw FormatError(.malformed, file: file, "protobuf message has a list that is cut inside a number")
    }
    return bytes.withUnsafeBytes { raw in
      (0..<(raw.count / 8)).map { UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
    }
  }
}

extension ProtobufReader.Value {
  /// The bytes of a text, message or packed list.
  ///
  /// - Throws: `FormatError` if the field is a number.
  package func bytes(file: String) throws(FormatError) -> SharedBytes {
    guard case .bytes(let bytes) = self else {
      throw FormatError(.malformed, file: file, "protobuf message has a number where a text or message belongs")
    }
    return bytes
  }

  /// The text of the field.
  package func string(file: String) throws(FormatError) -> String {
    try UTF8Validation.string(try bytes(file: file), file: file)
  }

  /// The number of a field that is a variable-length integer.
  package func varint(file: String) throws(FormatError) -> UInt64 {
    guard case .varint(let value) = self else {
      throw FormatError(.malformed, file: file, "protobuf message has something else where an integer belongs")
    }
    return value
  }

  /// The number of a field that is a 32-bit float.
  package func float(file: String) throws(FormatError) -> Float {
    guard case .fixed32(let bits) = self else {
      throw FormatError(.malformed, file: file, "protobuf message has something else where a float belongs")
    }
    return Float(bitPattern: bits)
  }

  /// The number of a field that is a 64-bit float.
  package func double(file: String) throws(FormatError) -> Double {
    guard case .fixed64(let bits) = self else {
      throw FormatError(.malformed, file: file, "protobuf message has something else where a double belongs")
    }
    return Double(bitPattern: bits)
  }
}

/// Writes the fields of a protocol buffer message.
package struct ProtobufWriter {
  /// The message so far.
  package private(set) var bytes: [UInt8] = []

  /// An empty message.
  package init() {}

  package mutating func varint(_ number: Int, _ value: UInt64) {
    raw(UInt64(number) << 3)
    raw(value)
  }

  package mutating func bytes(_ number: Int, _ value: some Collection<UInt8>) {
    raw(UInt64(number) << 3 | 2)
    raw(UInt64(value.count))
    bytes += value
  }

  package mutating func string(_ number: Int, _ value: String) { bytes(number, Array(value.utf8)) }

  package mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    bytes(number, inner.bytes)
  }

  package mutating func float(_ number: Int, _ value: Float) {
    raw(UInt64(number) << 3 | 5)
    bytes.appendLittle(value.bitPattern)
  }

  package mutating func double(_ number: Int, _ value: Double) {
    raw(UInt64(number) << 3 | 1)
    bytes.appendLittle(value.bitPattern)
  }

  package mutating func packed(_ number: Int, floats: [Float]) {
    var list: [UInt8] = []
    list.reserveCapacity(floats.count * 4)
    for value in floats { list.appendLittle(value.bitPattern) }
    bytes(number, list)
  }

  package mutating func packed(_ number: Int, doubles: [Double]) {
    var list: [UInt8] = []
    list.reserveCapacity(doubles.count * 8)
    for value in doubles { list.appendLittle(value.bitPattern) }
    bytes(number, list)
  }

  package mutating func packed(_ number: Int, varints: [UInt64]) {
    var inner = ProtobufWriter()
    for value in varints { inner.raw(value) }
    bytes(number, inner.bytes)
  }

  private mutating func raw(_ value: UInt64) {
    var rest = value
    while rest >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
