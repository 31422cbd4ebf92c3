/// A place in a section, from which little-endian values are read; it never leaves the section.
struct ByteCursor {
  let bytes: UnsafeRawBufferPointer
  private(set) var offset: Int
  /// Where reading ends, at most the size of the section.
  private(set) var end: Int

  init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) throws(MalformedData) {
    guard offset >= 0, offset <= bytes.count else { throw MalformedData() }
    (self.bytes, self.offset, self.end) = (bytes, offset, bytes.count)
  }

  init(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(MalformedData) {
    guard let offset = Int(exactly: offset) else { throw MalformedData() }
    try self.init(bytes, at: offset)
  }

  var isAtEnd: Bool { offset >= end }
  var remaining: Int { end - offset }

  /// Ends reading `count` bytes from here.
  mutating func limit(to count: UInt64) throws(MalformedData) {
    guard count <= UInt64(remaining) else { throw MalformedData() }
    end = offset + Int(count)
  }

  mutating func skip(_ count: UInt64) throws(MalformedData) {
    guard count <= UInt64(remaining) else { throw MalformedData() }
    offset += Int(count)
  }

  @inline(__always)
  mutating func skip(_ count: Int) throws(MalformedData) {
    guard count >= 0, count <= remaining else { throw MalformedData() }
    offset += count
  }

  @inline(__always)
  mutating func read<T: FixedWidthInteger>(_: T.Type) throws(MalformedData) -> T {
    let size = MemoryLayout<T>.size
    guard remaining >= size else { throw MalformedData() }
    defer { offset += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// A number of `size` bytes, at most 8.
  mutating func unsigned(size: Int) throws(MalformedData) -> UInt64 {
    switch size {
    case 1: return UInt64(try read(UInt8.self))
    case 2: return UInt64(try read(UInt16.self))
    case 4: return UInt64(try read(UInt32.self))
    case 8: return try read(UInt64.self)
    default:
      guard size > 0, size < 8 else { throw MalformedData() }
      var value: UInt64 = 0
      for place in 0..<size { value |= UInt64(try read(UInt8.self)) << UInt64(8 * place) }
      return value
    }
  }

  /// A number in seven bits a byte, the least significant first; bits past the 64th are dropped.
  @inline(__always)
  mutating func unsignedLEB() throws(MalformedData) -> UInt64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while true {
      let byte = try read(UInt8.self)
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  /// Like ``unsignedLEB()``, with the sign in the last byte's seventh bit.
  mutating func signedLEB() throws(MalformedData) -> Int64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while true {
      let byte = try read(UInt8.self)
      value |= UInt64(byte & 0x7f) << shift
      shift += 7
      if byte >= 0x80 { continue }
      if byte & 0x40 != 0 { value |= ~0 << shift }
      return Int64(bitPattern: value)
    }
  }

  /// The text up to the next zero byte, which is read too.
  mutating func text() throws(MalformedData) -> TextReference {
    let start = offset
    while try read(UInt8.self) != 0 {}
    return TextReference(section: bytes, offset: UInt64(start))
  }
}
