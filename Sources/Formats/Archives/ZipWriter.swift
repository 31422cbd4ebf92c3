/// Writes a zip archive, member by member; 64-bit fields are used where sizes need them.
///
/// Times and attributes are fixed, so that the same members give the same bytes.
public struct ZipWriter: ~Copyable {
  private struct Entry {
    var name: [UInt8]
    var method: UInt16
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    var offset: Int
  }

  private var file: AtomicFile
  private var entries: [Entry] = []
  private var names: Set<String> = []
  private let widensFrom: Int

  /// Starts an archive.
  ///
  /// - Throws: `FormatError` of kind `system` if the file cannot be created.
  public init(path: String) throws(FormatError) { try self.init(path: path, widensFrom: 0xFFFF_FFFF) }

  /// Starts an archive that uses 64-bit fields from the given size on, so that tests need no 4 GiB.
  package init(path: String, widensFrom: Int) throws(FormatError) {
    file = try AtomicFile(path: path)
    self.widensFrom = widensFrom
  }

  /// Appends a member.
  ///
  /// - Parameters:
  ///   - name: Its name, with `/` between folders.
  ///   - content: Its bytes.
  ///   - isCompressed: Whether to deflate it; it is stored if that makes it no smaller.
  /// - Throws: `FormatError` if the name is taken, empty or too long, or if writing fails.
  public mutating func append(_ name: String, _ content: SharedBytes, isCompressed: Bool = false) throws(FormatError) {
    guard !name.isEmpty, name.utf8.count <= 0xFFFF, names.insert(name).inserted else {
      throw FormatError(.duplicate, file: file.path, "has a name that is taken, empty or too long", tensor: name)
    }
    let deflated = isCompressed ? content.withSpan { Deflate.compress($0) } : []
    let isDeflated = isCompressed && deflated.count < content.count
    let entry = Entry(
      name: Array(name.utf8), method: isDeflated ? 8 : 0, checksum: CRC32.checksum(content),
      compressedSize: isDeflated ? deflated.count : content.count, size: content.count, offset: file.count)
    try file.write(localHeader(entry))
    try file.write(isDeflated ? SharedBytes(deflated) : content)
    entries.append(entry)
  }

  /// Writes the directory and puts the file in place.
  public consuming func finish() throws(FormatError) {
    let start = file.count
    for entry in entries { try file.write(centralHeader(entry)) }
    try file.write(endRecords(start: start, end: file.count))
    try file.commit()
  }

  private func clamped(_ value: Int) -> UInt32 { value >= widensFrom ? 0xFFFF_FFFF : UInt32(value) }

  /// What both headers have in common, without the lengths of name and extra field.
  private func common(_ entry: Entry, isWide: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittle(UInt16(isWide ? 45 : 20))
    // Bit 11: the name is UTF-8.
    bytes.appendLittle(UInt16(entry.name.allSatisfy { $0 < 128 } ? 0 : 0x800))
    bytes.appendLittle(entry.method)
    // The first moment the format can express: midnight of 1 January 1980.
    bytes.appendLittle(UInt16(0))
    bytes.appendLittle(UInt16(0x21))
    bytes.appendLittle(entry.checksum)
    return bytes
  }

  private func localHeader(_ entry: Entry) -> [UInt8] {
    let isWide = max(entry.size, entry.compressedSize) >= widensFrom
    var bytes: [UInt8] = [0x50, 0x4B, 3, 4] + common(entry, isWide: isWide)
    // In this place the 64-bit form always has both sizes.
    bytes.appendLittle(isWide ? 0xFFFF_FFFF : UInt32(entry.compressedSize))
    bytes.appendLittle(isWide ? 0xFFFF_FFFF : UInt32(entry.size))
    bytes.appendLittle(UInt16(entry.name.count))
    bytes.appendLittle(UInt16(isWide ? 20 : 0))
    bytes += entry.name
    if isWide { bytes += extraField([entry.size, entry.compressedSize]) }
    return bytes
  }

  private func centralHeader(_ entry: Entry) -> [UInt8] {
    let wide = [entry.size, entry.compressedSize, entry.offset].filter { $0 >= widensFrom }
    var bytes: [UInt8] = [0x50, 0x4B, 1, 2]
    bytes.appendLittle(UInt16(45))
    bytes += common(entry, isWide: !wide.isEmpty)
    bytes.appendLittle(clamped(entry.compressedSize))
    bytes.appendLittle(clamped(entry.size))
    bytes.appendLittle(UInt16(entry.name.count))
    bytes.appendLittle(UInt16(wide.isEmpty ? 0 : 4 + 8 * wide.count))
    // Comment length, disk, and two kinds of attributes: none.
    bytes += repeatElement(0, count: 2 + 2 + 2 + 4)
    bytes.appendLittle(clamped(entry.offset))
    bytes += entry.name
    if !wide.isEmpty { bytes += extraField(wide) }
    return bytes
  }

  private func extraField(_ sizes: [Int]) -> [UInt8] {
    var bytes: [UInt8] = [1, 0]
    bytes.appendLittle(UInt16(8 * sizes.count))
    for size in sizes { bytes.appendLittle(UInt64(size)) }
    return bytes
  }

  private func endRecords(start: Int, end: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    let isWide = entries.count >= 0xFFFF || end >= widensFrom
    if isWide {
      bytes += [0x50, 0x4B, 6, 6]
      bytes.appendLittle(UInt64(44))
      bytes.appendLittle(UInt16(45))
      bytes.appendLittle(UInt16(45))
      bytes.appendLittle(UInt64(0))
      for size in [entries.count, entries.count, end - start, start] { bytes.appendLittle(UInt64(size)) }
      bytes += [0x50, 0x4B, 6, 7, 0, 0, 0, 0]
      bytes.appendLittle(UInt64(end))
      bytes.appendLittle(UInt32(1))
    }
    bytes += [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    let count = isWide ? 0xFFFF : UInt16(entries.count)
    bytes.appendLittle(count)
    bytes.appendLittle(count)
    bytes.appendLittle(isWide ? 0xFFFF_FFFF : UInt32(end - start))
    bytes.appendLittle(isWide ? 0xFFFF_FFFF : UInt32(start))
    bytes.appendLittle(UInt16(0))
    return bytes
  }
}
