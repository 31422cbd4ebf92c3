/// The central directory of a zip archive, compared with the headers in front of the members.
struct ZipDirectory {
  private(set) var members: [ZipFile.Member] = []
  /// The place of each name in `members`.
  private(set) var indices: [String: Int] = [:]

  private let bytes: SharedBytes
  private let file: String
  private let limits: ZipLimits
  private var extents: [Range<Int>] = []
  private var totalBytes = 0

  private enum Signature {
    static let local: UInt32 = 0x0403_4B50
    static let central: UInt32 = 0x0201_4B50
    static let end: UInt32 = 0x0605_4B50
    static let end64: UInt32 = 0x0606_4B50
    static let locator64: UInt32 = 0x0706_4B50
    static let descriptor: UInt32 = 0x0807_4B50
  }

  /// The parts of a central or local header that both have.
  private struct Header {
    var flags: UInt16
    var method: UInt16
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    var name: [UInt8]
  }

  init(_ bytes: SharedBytes, file: String, limits: ZipLimits) throws(FormatError) {
    self.bytes = bytes
    self.file = file
    self.limits = limits
    let end = try findEnd()
    guard end.count <= limits.members else {
      throw error(.limit, "zip has \(end.count) members, more than \(limits.members)", at: end.directory.upperBound)
    }
    // A directory entry takes at least 46 bytes, so that a lie about their number ends here.
    guard end.count <= end.directory.count / 46 else {
      throw error(
        .malformed, "zip promises \(end.count) members, too many for its directory", at: end.directory.upperBound)
    }
    var reader = ByteReader(bytes[0..<end.directory.upperBound], file: file)
    reader.offset = end.directory.lowerBound
    members.reserveCapacity(end.count)
    extents.reserveCapacity(end.count)
    indices.reserveCapacity(end.count)
    for _ in 0..<end.count { try readMember(&reader, directoryStart: end.directory.lowerBound) }
    guard reader.remaining == 0 else { throw reader.error(.malformed, "zip directory is longer than its members") }
    try checkOverlap()
  }

  private func error(_ kind: FormatError.Kind, _ message: String, at offset: Int, _ name: String? = nil) -> FormatError
  {
    FormatError(kind, file: file, message, offset: offset, tensor: name)
  }

  /// Where the directory is, and how many members it has, from the record at the end of the archive.
  private func findEnd() throws(FormatError) -> (directory: Range<Int>, count: Int) {
    // The record is 22 bytes, a comment of at most 65,535 follows and has to reach the end exactly.
    for position in stride(from: bytes.count - 22, through: max(0, bytes.count - 22 - 65_535), by: -1) {
      var reader = ByteReader(bytes, file: file)
      reader.offset = position
      guard try reader.little(UInt32.self, "zip end record") == Signature.end else { continue }
      reader.offset = position + 20
      let comment = try reader.little(UInt16.self, "zip comment length")
      guard Int(comment) == reader.remaining else { continue }
      return try readEnd(at: position)
    }
    throw error(bytes.count < 22 ? .truncated : .malformed, "zip has no directory at its end", at: bytes.count)
  }

  private func readEnd(at position: Int) throws(FormatError) -> (directory: Range<Int>, count: Int) {
    var reader = ByteReader(bytes, file: file)
    reader.offset = position + 4
    let disk = try reader.little(UInt16.self, "zip disk")
    let directoryDisk = try reader.little(UInt16.self, "zip disk")
    let countHere = try reader.little(UInt16.self, "zip count")
    let count = try reader.little(UInt16.self, "zip count")
    let size = try reader.little(UInt32.self, "zip directory size")
    let start = try reader.little(UInt32.self, "zip directory offset")
    if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF, let end = try readEnd64(before: position) {
      return end
    }
    guard disk == 0, directoryDisk == 0, count == countHere else {
      throw error(.unsupported, "zip is spread over several files", at: position)
    }
    // Some writers, PyTorch's among them, add the 64-bit record where 32 bits would do; both must then agree.
    if Int(start) + Int(size) != position, let end = try readEnd64(before: position),
      end.directory == Int(start)..<(Int(start) + Int(size)), end.count == Int(count)
    {
      return end
    }
    guard Int(start) + Int(size) == position else {
      throw error(.malformed, "zip directory does not end where its end record begins", at: position)
    }
    return (Int(start)..<position, Int(count))
  }

  /// The 64-bit form of the end record, if its locator stands before the 32-bit form.
  private func readEnd64(before end: Int) throws(FormatError) -> (directory: Range<Int>, count: Int)? {
    guard end >= 20 else { return nil }
    var reader = ByteReader(bytes, file: file)
    reader.offset = end - 20
    guard try reader.little(UInt32.self, "zip locator") == Signature.locator64 else { return nil }
    _ = try reader.take(4, "zip locator")
    let position = try size(&reader, "zip locator")
    guard position <= end - 20 - 56 else {
      throw error(.malformed, "zip locator points outside of the file", at: end - 20)
    }
    reader.offset = position
    guard try reader.little(UInt32.self, "zip end record") == Signature.end64 else {
      throw error(.malformed, "zip locator does not point to an end record", at: end - 20)
    }
    _ = try reader.take(8 + 2 + 2 + 4 + 4, "zip end record")
    let countHere = try size(&reader, "zip count")
    let count = try size(&reader, "zip count")
    let length = try size(&reader, "zip directory size")
    let start = try size(&reader, "zip directory offset")
    guard count == countHere, length <= position, start == position - length else {
      throw error(.malformed, "zip directory does not end where its end record begins", at: position)
    }
    return (start..<position, count)
  }

  private func size(_ reader: inout ByteReader, _ what: String) throws(FormatError) -> Int {
    let start = reader.offset
    guard let value = Int(exactly: try reader.little(UInt64.self, what)) else {
      throw error(.malformed, "\(what) does not fit in 63 bits", at: start)
    }
    return value
  }

  private mutating func readMember(_ reader: inout ByteReader, directoryStart: Int) throws(FormatError) {
    let position = reader.offset
    guard try reader.little(UInt32.self, "zip directory entry") == Signature.central else {
      throw error(.malformed, "zip directory has no entry here", at: position)
    }
    _ = try reader.take(4, "zip versions")
    var (header, extraCount) = try readCommon(&reader)
    let commentCount = try reader.little(UInt16.self, "zip comment length")
    let disk = try reader.little(UInt16.self, "zip disk")
    _ = try reader.take(6, "zip attributes")
    var localOffset = Int(try reader.little(UInt32.self, "zip member offset"))
    header.name = try reader.take(header.name.count, "zip name").array
    let extra = try reader.take(extraCount, "zip extra field")
    _ = try reader.take(Int(commentCount), "zip comment")
    var wide = ZipExtra(extra, file: file)
    try wide.widen(&header.size)
    try wide.widen(&header.compressedSize)
    try wide.widen(&localOffset)
    let name = try checkedName(header.name, at: position)
    guard disk == 0 else { throw error(.unsupported, "is in another file of the archive", at: position, name) }
    try checkSizes(header, at: position, name)
    let data = try checkLocal(header, at: localOffset, before: directoryStart, name)
    members.append(
      ZipFile.Member(
        name: name, size: header.size, compressedSize: header.compressedSize, method: header.method,
        checksum: header.checksum, data: data))
  }

  /// Flags, method, time, checksum, sizes, and the lengths of name and extra field (the name is still blank).
  private func readCommon(_ reader: inout ByteReader) throws(FormatError) -> (Header, Int) {
    let flags = try reader.little(UInt16.self, "zip flags")
    let method = try reader.little(UInt16.self, "zip method")
    _ = try reader.take(4, "zip time")
    let checksum = try reader.little(UInt32.self, "zip checksum")
    let compressedSize = Int(try reader.little(UInt32.self, "zip size"))
    let size = Int(try reader.little(UInt32.self, "zip size"))
    let nameCount = Int(try reader.little(UInt16.self, "zip name length"))
    let extraCount = Int(try reader.little(UInt16.self, "zip extra length"))
    let header = Header(
      flags: flags, method: method, checksum: checksum, compressedSize: compressedSize, size: size,
      name: [UInt8](repeating: 0, count: nameCount))
    return (header, extraCount)
  }

  private mutating func checkedName(_ bytes: [UInt8], at position: Int) throws(FormatError) -> String {
    guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty else {
      throw error(.malformed, "zip has a member whose name is not UTF-8", at: position)
    }
    let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isSafe = !parts.contains { $0.elementsEqual([0x2E, 0x2E]) } && bytes[0] != UInt8(ascii: "/")
    guard isSafe, !bytes.contains(0), !bytes.contains(UInt8(ascii: "\\")) else {
      throw error(.malformed, "has a name that leads out of the archive", at: position, name)
    }
    guard indices.updateValue(members.count, forKey: name) == nil else {
      throw error(.duplicate, "is in the zip twice", at: position, name)
    }
    return name
  }

  private mutating func checkSizes(_ header: Header, at position: Int, _ name: String) throws(FormatError) {
    guard header.flags & 0x2061 == 0 else { throw error(.unsupported, "is encrypted or patched", at: position, name) }
    switch header.method {
    case 0:
      guard header.size == header.compressedSize else {
        throw error(.malformed, "is stored, but has two sizes", at: position, name)
      }
    case 8:
      let (total, overflow) = totalBytes.addingReportingOverflow(header.size)
      let ratioHolds = header.size / max(limits.ratio, 1) <= header.compressedSize
      guard header.size <= limits.memberBytes, !overflow, total <= limits.totalBytes, ratioHolds else {
        throw error(.limit, "claims to decompress to \(header.size) bytes", at: position, name)
      }
      totalBytes = total
    default: throw error(.unsupported, "is compressed by method \(header.method)", at: position, name)
    }
  }

  /// Compares with the header in front of the member; the result is where its data are.
  private mutating func checkLocal(
    _ central: Header, at start: Int, before limit: Int, _ name: String
  ) throws(FormatError) -> Range<Int> {
    guard start <= limit - 30 else { throw error(.malformed, "begins outside of the file", at: start, name) }
    var reader = ByteReader(bytes[0..<limit], file: file)
    reader.offset = start
    guard try reader.little(UInt32.self, "zip member") == Signature.local else {
      throw error(.malformed, "has no header in front of it", at: start, name)
    }
    _ = try reader.take(2, "zip version")
    var (local, extraCount) = try readCommon(&reader)
    local.name = try reader.take(local.name.count, "zip name").array
    var wide = ZipExtra(try reader.take(extraCount, "zip extra field"), file: file)
    try wide.widen(&local.size)
    try wide.widen(&local.compressedSize)
    // With bit 3 set the sizes follow the data, and the header may have zeros in their place.
    let sizesFollow = central.flags & 8 != 0
    let areSame =
      local.checksum == central.checksum && local.size == central.size
      && local.compressedSize == central.compressedSize
    let areBlank = local.checksum == 0 && local.size == 0 && local.compressedSize == 0
    guard local.name == central.name, local.method == central.method, local.flags == central.flags,
      areSame || sizesFollow && areBlank
    else { throw error(.malformed, "has two headers that disagree", at: start, name) }
    let dataStart = reader.offset
    _ = try reader.take(central.compressedSize, "member \(FormatError.quoted(name))")
    let dataEnd = reader.offset
    if sizesFollow { try checkDescriptor(&reader, central, name) }
    extents.append(start..<reader.offset)
    return dataStart..<dataEnd
  }

  private func checkDescriptor(_ reader: inout ByteReader, _ header: Header, _ name: String) throws(FormatError) {
    let start = reader.offset
    // The signature is optional, and nothing says whether the sizes have 32 or 64 bits.
    for hasSignature in [true, false] {
      for isWide in [false, true] {
        var expected: [UInt8] = []
        if hasSignature { expected.appendLittle(Signature.descriptor) }
        expected.appendLittle(header.checksum)
        for size in [header.compressedSize, header.size] {
          if isWide {
            expected.appendLittle(UInt64(size))
          } else {
            expected.appendLittle(UInt32(truncatingIfNeeded: size))
          }
        }
        guard expected.count <= reader.remaining else { continue }
        if reader.bytes[start..<(start + expected.count)].array == expected {
          reader.offset = start + expected.count
          return
        }
      }
    }
    throw error(.malformed, "is not followed by its sizes", at: start, name)
  }

  private func checkOverlap() throws(FormatError) {
    let order = extents.indices.sorted { extents[$0].lowerBound < extents[$1].lowerBound }
    for (before, after) in zip(order, order.dropFirst())
    where extents[before].upperBound > extents[after].lowerBound {
      throw error(
        .malformed, "overlaps \(FormatError.quoted(members[before].name))", at: extents[after].lowerBound,
        members[after].name)
    }
  }
}

/// The extra field with 64-bit sizes: one number for each size that its header could not hold, in a fixed order.
private struct ZipExtra {
  private var reader: ByteReader?

  init(_ extra: SharedBytes, file: String) {
    var fields = ByteReader(extra, file: file)
    while fields.remaining >= 4, let tag = try? fields.little(UInt16.self, ""),
      let count = try? fields.little(UInt16.self, ""), let body = try? fields.take(Int(count), "")
    {
      if tag == 1 {
        reader = ByteReader(body, file: file)
        return
      }
    }
  }

  mutating func widen(_ value: inout Int) throws(FormatError) {
    guard value == 0xFFFF_FFFF, reader != nil else { return }
    let wide = try reader!.little(UInt64.self, "zip 64-bit size")
    guard let exact = Int(exactly: wide) else {
      throw reader!.error(.malformed, "zip size does not fit in 63 bits")
    }
    value = exact
  }
}
