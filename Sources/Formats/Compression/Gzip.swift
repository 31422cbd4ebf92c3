/// Reads and writes gzip files (RFC 1952).
public enum Gzip {
  /// The most bytes that one call gives unless told otherwise: 4 GiB.
  public static let defaultLimit = 1 << 32

  /// Whether bytes begin like a gzip file.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.withSpan { $0.count >= 3 && $0[0] == 0x1F && $0[1] == 0x8B && $0[2] == 8 }
  }

  /// Decompresses all members of a gzip file, one behind the other.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - limit: The most bytes that may come out.
  ///   - file: The name for error messages.
  /// - Throws: `FormatError`; checksum and length of every member are verified.
  public static func decompress(
    _ bytes: SharedBytes, limit: Int = defaultLimit, file: String = "gzip data"
  ) throws(FormatError) -> [UInt8] {
    var reader = ByteReader(bytes, file: file)
    var output: [UInt8] = []
    repeat {
      let member = try readMember(&reader, limit: limit - output.count)
      if output.isEmpty { output = member } else { output.append(contentsOf: member) }
    } while try hasNextMember(&reader)
    return output
  }

  /// Reads and decompresses the gzip file at `path`.
  public static func read(path: String, limit: Int = defaultLimit) throws(FormatError) -> [UInt8] {
    try decompress(MappedFile(path: path).bytes, limit: limit, file: path)
  }

  /// Compresses bytes into a gzip file of one member, without name and time: same input, same output.
  public static func compress(_ bytes: SharedBytes) -> [UInt8] {
    var output: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    output += bytes.withSpan { Deflate.compress($0) }
    output.appendLittle(CRC32.checksum(bytes))
    output.appendLittle(UInt32(truncatingIfNeeded: bytes.count))
    return output
  }

  private static func readMember(_ reader: inout ByteReader, limit: Int) throws(FormatError) -> [UInt8] {
    try skipHeader(&reader)
    let start = reader.offset
    let file = reader.file
    let (member, end) = try reader.bytes.withSpan { (input) throws(FormatError) in
      try Inflate.decompress(
        input, from: start, limit: limit, sizeHint: sizeHint(input, from: start, limit: limit), file: file)
    }
    reader.offset = end
    let checksum = try reader.little(UInt32.self, "gzip checksum")
    let size = try reader.little(UInt32.self, "gzip length")
    guard checksum == CRC32.checksum(member.span) else {
      throw reader.error(.checksum, "gzip member does not match its checksum", at: end)
    }
    guard size == UInt32(truncatingIfNeeded: member.count) else {
      throw reader.error(.checksum, "gzip member does not have its stated length", at: end)
    }
    return member
  }

  /// What the file's last four bytes claim; right for a file of one member, and only a first guess in any case.
  private static func sizeHint(_ input: Span<UInt8>, from start: Int, limit: Int) -> Int? {
    guard input.count - start >= 8 else { return nil }
    let word = input.bytes.unsafeLoadUnaligned(fromByteOffset: input.count - 4, as: UInt32.self)
    let size = Int(UInt32(littleEndian: word))
    // Text shrinks to a third or a fifth; a larger claim may be a lie and has to grow into its memory.
    return size <= limit && size / 16 <= input.count - start ? size : nil
  }

  private static func skipHeader(_ reader: inout ByteReader) throws(FormatError) {
    let start = reader.offset
    try reader.expect([0x1F, 0x8B], "gzip signature")
    guard try reader.little(UInt8.self, "gzip method") == 8 else {
      throw reader.error(.unsupported, "gzip method is not deflate", at: start + 2)
    }
    let flags = try reader.little(UInt8.self, "gzip flags")
    guard flags & 0xE0 == 0 else { throw reader.error(.malformed, "gzip header has reserved flags", at: start + 3) }
    _ = try reader.take(6, "gzip header")
    if flags & 4 != 0 { _ = try reader.take(Int(reader.little(UInt16.self, "gzip extra field")), "gzip extra field") }
    if flags & 8 != 0 { try skipString(&reader, "gzip file name") }
    if flags & 16 != 0 { try skipString(&reader, "gzip comment") }
    if flags & 2 != 0 {
      let header = reader.bytes[start..<reader.offset]
      guard try reader.little(UInt16.self, "gzip header checksum") == CRC32.checksum(header) & 0xFFFF else {
        throw reader.error(.checksum, "gzip header does not match its checksum", at: start)
      }
    }
  }

  private static func skipString(_ reader: inout ByteReader, _ what: String) throws(FormatError) {
    while try reader.little(UInt8.self, what) != 0 {}
  }

  /// Zero bytes may pad a file to whole tape blocks; anything else must be another member.
  private static func hasNextMember(_ reader: inout ByteReader) throws(FormatError) -> Bool {
    let rest = reader.bytes[reader.offset...]
    if rest.isEmpty || rest.withSpan({ $0.allZero }) { return false }
    guard recognizes(rest) else { throw reader.error(.malformed, "gzip file has other data behind its end") }
    return true
  }
}

extension Span<UInt8> {
  fileprivate var allZero: Bool {
    for i in 0..<count where self[i] != 0 { return false }
    return true
  }
}
