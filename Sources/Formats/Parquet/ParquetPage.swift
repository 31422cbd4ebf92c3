/// A page of a column: its header, and its content as it stands in the file.
struct ParquetPage {
  enum Kind { case data, dictionary, wideData, other }

  var kind = Kind.other
  /// The number of values, missing ones included.
  var count = 0
  var encoding = 0
  var levelEncoding = 3
  private var levelBytes = 0
  private var repetitionBytes = 0
  private var isCompressed = true
  private var size = 0
  private var storedSize = 0
  private var checksum: UInt32?
  private var stored = SharedBytes([])

  /// What comes out of a page may be so much larger than what is stored, and so many bytes more.
  private static let mostExpansion = (factor: 64, constant: 1 << 22)

  /// Reads the page that begins at `offset`; the result is where the next one does.
  static func read(
    _ bytes: SharedBytes, at offset: Int, end: Int, file: String
  ) throws(FormatError) -> (page: ParquetPage, next: Int) {
    var page = ParquetPage()
    var type = -1
    var reader = ThriftReader(bytes[offset..<end], file: file)
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1: type = try reader.integer(field)
      case 2: page.size = try reader.count(field)
      case 3: page.storedSize = try reader.count(field)
      case 4: page.checksum = UInt32(truncatingIfNeeded: try reader.integer(field))
      case 5, 7:
        try reader.expectStructure(field)
        try page.describe(&reader)
      case 8:
        try reader.expectStructure(field)
        try page.describeWide(&reader)
      default: return false
      }
      return true
    }
    page.kind = [0: .data, 2: .dictionary, 3: .wideData][type] ?? .other
    let start = offset + reader.offset
    guard page.storedSize <= end - start else {
      throw FormatError(.truncated, file: file, "has a page of \(page.storedSize) bytes that is cut", offset: offset)
    }
    page.stored = bytes[start..<(start + page.storedSize)]
    return (page, start + page.storedSize)
  }

  private mutating func describe(_ reader: inout ThriftReader) throws(FormatError) {
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1: count = try reader.count(field)
      case 2: encoding = try reader.integer(field)
      // A number in data pages, a truth value in dictionaries.
      case 3 where field.kind == .int32: levelEncoding = try reader.integer(field)
      default: return false
      }
      return true
    }
  }

  private mutating func describeWide(_ reader: inout ThriftReader) throws(FormatError) {
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1: count = try reader.count(field)
      case 4: encoding = try reader.integer(field)
      case 5: levelBytes = try reader.count(field)
      case 6: repetitionBytes = try reader.count(field)
      case 7: isCompressed = try reader.flag(field)
      default: return false
      }
      return true
    }
  }

  /// The levels of the page, where they are stored apart, and its values.
  func content(codec: Int, file: String) throws(FormatError) -> (levels: SharedBytes, values: SharedBytes) {
    if let checksum, CRC32.checksum(stored) != checksum {
      throw FormatError(
        .checksum, file: file, "has a page that does not match its checksum", offset: stored.range.lowerBound)
    }
    guard kind == .wideData else { return (SharedBytes([]), try decompressed(stored, size, codec, file)) }
    guard levelBytes <= stored.count, repetitionBytes <= stored.count - levelBytes else {
      throw FormatError(.malformed, file: file, "has a page whose levels are longer than itself")
    }
    let head = levelBytes + repetitionBytes
    guard head <= size else {
      throw FormatError(.malformed, file: file, "has a page whose levels are longer than itself")
    }
    let values = stored[head...]
    return (
      stored[repetitionBytes..<head], isCompressed ? try decompressed(values, size - head, codec, file) : values
    )
  }

  private func decompressed(
    _ bytes: SharedBytes, _ size: Int, _ codec: Int, _ file: String
  ) throws(FormatError) -> SharedBytes {
    if codec == 0 { return bytes }
    let (factor, constant) = ParquetPage.mostExpansion
    guard size <= bytes.count * factor + constant else {
      throw FormatError(.limit, file: file, "has a page of \(size) bytes out of \(bytes.count)")
    }
    // A page of nothing need not be compressed.
    if size == 0, bytes.isEmpty { return bytes }
    switch codec {
    case 1: return SharedBytes(try Snappy.decompress(bytes, size: size, file: file))
    case 2:
      let result = try Gzip.decompress(bytes, limit: size, file: file)
      guard result.count == size else {
        throw FormatError(.malformed, file: file, "has a page of \(result.count) bytes instead of \(size)")
      }
      return SharedBytes(result)
    default:
      let names = [3: "LZO", 4: "Brotli", 5: "LZ4", 6: "Zstandard", 7: "LZ4"]
      throw FormatError(
        .unsupported, file: file,
        "is compressed by \(names[codec] ?? "method \(codec)"); Snappy, gzip and no compression are read here")
    }
  }
}
