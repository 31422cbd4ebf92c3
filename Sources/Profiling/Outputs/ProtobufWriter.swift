/// Writes the fields of a protocol buffer message.
///
/// - Note: The wire format of Protocol Buffers: a key (number and kind) before each value.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  /// A number; 0 is left out, as the format's third version has it.
  mutating func add(_ number: Int, _ value: Int) {
    if value == 0 { return }
    varint(UInt64(number) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Several numbers, without keys of their own.
  mutating func add(_ number: Int, packed values: [Int]) {
    var inner = ProtobufWriter()
    for value in values { inner.varint(UInt64(bitPattern: Int64(value))) }
    add(number, bytes: inner.bytes)
  }

  /// A string.
  mutating func add(_ number: Int, _ text: String) { add(number, bytes: Array(text.utf8)) }

  /// A message inside.
  mutating func add(_ number: Int, _ build: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    build(&inner)
    add(number, bytes: inner.bytes)
  }

  private mutating func add(_ number: Int, bytes inner: [UInt8]) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(inner.count))
    bytes += inner
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
