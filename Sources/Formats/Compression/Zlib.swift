/// Reads and writes zlib streams (RFC 1950).
public enum Zlib {
  /// Decompresses a zlib stream that fills `bytes`.
  ///
  /// - Parameters:
  ///   - bytes: The stream, and nothing behind it.
  ///   - limit: The most bytes that may come out.
  ///   - sizeHint: The number of bytes that probably come out, if known.
  ///   - file: The name for error messages.
  /// - Throws: `FormatError`; the stream's checksum is verified.
  public static func decompress(
    _ bytes: SharedBytes, limit: Int = Gzip.defaultLimit, sizeHint: Int? = nil, file: String = "zlib data"
  ) throws(FormatError) -> [UInt8] {
    var reader = ByteReader(bytes, file: file)
    let header = try reader.big(UInt16.self, "zlib header")
    guard header % 31 == 0, header >> 8 & 15 == 8, header >> 12 <= 7 else {
      throw reader.error(.malformed, "no zlib header", at: 0)
    }
    guard header & 0x20 == 0 else { throw reader.error(.unsupported, "zlib stream needs a dictionary", at: 0) }
    let (output, end) = try bytes.withSpan { (input) throws(FormatError) in
      try Inflate.decompress(input, from: 2, limit: limit, sizeHint: sizeHint, file: file)
    }
    reader.offset = end
    guard try reader.big(UInt32.self, "zlib checksum") == Adler32.checksum(output.span) else {
      throw reader.error(.checksum, "zlib stream does not match its checksum", at: end)
    }
    guard reader.remaining == 0 else { throw reader.error(.malformed, "zlib stream has other data behind its end") }
    return output
  }

  /// Compresses bytes into a zlib stream.
  public static func compress(_ bytes: SharedBytes) -> [UInt8] {
    var output: [UInt8] = [0x78, 0x9C]
    output += bytes.withSpan { Deflate.compress($0) }
    output.appendBig(bytes.withSpan { Adler32.checksum($0) })
    return output
  }
}

extension [UInt8] {
  /// Appends a number, the lowest byte first.
  mutating func appendLittle<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends a number, the highest byte first.
  mutating func appendBig<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }
}
