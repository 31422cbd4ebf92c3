/// The head of a unit in `.debug_info`.
struct UnitHeader {
  /// Where in the section the unit begins; its references count from here.
  let offset: Int
  /// Where in the section the next one begins.
  let end: Int
  /// Where the first entry is.
  let firstEntry: Int
  let encoding: UnitEncoding
  /// Where in `.debug_abbrev` its abbreviations are.
  let abbreviations: UInt64
  /// Whether the unit is part of a program as it runs, rather than a type or what another file completes.
  let holdsCode: Bool

  /// Where the unit after the one at `offset` begins; nil where not even that can be read.
  static func end(of section: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    guard var cursor = try? ByteCursor(section, at: offset), let _ = try? cursor.limitToLength() else { return nil }
    return cursor.end
  }

  init(_ section: UnsafeRawBufferPointer, at offset: Int) throws(MalformedData) {
    var cursor = try ByteCursor(section, at: offset)
    let offsetSize = try cursor.limitToLength()
    let version = try cursor.read(UInt16.self)
    guard (2...5).contains(version) else { throw MalformedData() }
    encoding = UnitEncoding(version: version, offsetSize: offsetSize)
    var (kind, addressSize): (UInt8, UInt8) = (1, 0)
    if version >= 5 { (kind, addressSize) = (try cursor.read(UInt8.self), try cursor.read(UInt8.self)) }
    abbreviations = try cursor.unsigned(size: offsetSize)
    if version < 5 { addressSize = try cursor.read(UInt8.self) }
    guard addressSize == 8 else { throw MalformedData() }
    // Compilation units and parts of them; others have more in their heads.
    holdsCode = kind == 1 || kind == 3
    (self.offset, end, firstEntry) = (offset, cursor.end, cursor.offset)
  }
}

extension ByteCursor {
  /// Reads how long a unit is and ends reading there.
  ///
  /// - Returns: How many bytes the offsets in the unit have.
  mutating func limitToLength() throws(MalformedData) -> Int {
    let short = try read(UInt32.self)
    if short == 0xffff_ffff {
      try limit(to: try read(UInt64.self))
      return 8
    }
    try limit(to: UInt64(short))
    return 4
  }
}
