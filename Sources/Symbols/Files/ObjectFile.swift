/// A 64-bit little-endian ELF file: a program or a library.
///
/// Works over bytes that may hold anything: what cannot be read is left out. The bytes must stay where they are for as
/// long as the value is used.
package struct ObjectFile {
  /// A part of the file that is loaded.
  private struct Segment {
    var fileOffset: UInt64
    var address: UInt64
    var size: UInt64
  }

  private let segments: [Segment]
  let sections: DebugSections
  let symbols: [SymbolTable]

  package init?(_ bytes: UnsafeRawBufferPointer) {
    // Class 2 is 64 bits, data 1 is little-endian.
    guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]),
      let segments = try? ObjectFile.segments(bytes), let headers = try? SectionHeader.all(of: bytes)
    else { return nil }
    self.segments = segments
    var sections = DebugSections()
    for header in headers where !header.isCompressed {
      guard let name = header.name, let field = DebugSections.field(name) else { continue }
      sections[keyPath: field] = header.contents
    }
    self.sections = sections
    symbols = headers.compactMap { SymbolTable($0, in: headers) }
  }

  /// The address that the file gives to what is at an offset in it.
  package func address(ofFileOffset offset: UInt64) -> UInt64? {
    let segment = segments.first { offset >= $0.fileOffset && offset - $0.fileOffset < $0.size }
    return segment.map { offset - $0.fileOffset &+ $0.address }
  }

  private static func segments(_ bytes: UnsafeRawBufferPointer) throws(MalformedData) -> [Segment] {
    let (loaded, size): (UInt32, Int) = (1, 56)
    var header = try ByteCursor(bytes, at: 32)
    let start = try header.read(UInt64.self)
    header = try ByteCursor(bytes, at: 54)
    guard try header.read(UInt16.self) == size else { throw MalformedData() }
    var cursor = try ByteCursor(bytes, at: start)
    var result: [Segment] = []
    for _ in 0..<(try header.read(UInt16.self)) {
      let kind = try cursor.read(UInt32.self)
      try cursor.skip(4)
      let (offset, address) = (try cursor.read(UInt64.self), try cursor.read(UInt64.self))
      try cursor.skip(8)
      let segment = Segment(fileOffset: offset, address: address, size: try cursor.read(UInt64.self))
      try cursor.skip(16)
      if kind == loaded { result.append(segment) }
    }
    return result
  }
}
