/// Decodes a column, run of rows by run of rows.
struct ParquetDecoder {
  private let column: ParquetColumn
  private let bytes: SharedBytes
  private let file: String
  /// The values that are there.
  private(set) var values: ParquetValues
  /// For each row whether its value is there; empty as long as all are.
  private(set) var presence: [Bool] = []
  private var rowCount = 0

  private enum Encoding {
    static let plain = 0
    static let oldDictionary = 2
    static let runs = 3
    static let dictionary = 8
    static let names = [
      4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY",
      9: "BYTE_STREAM_SPLIT",
    ]
  }

  init(_ column: ParquetColumn, _ bytes: SharedBytes, file: String) throws(FormatError) {
    guard let values = ParquetValues(column.type) else {
      throw FormatError(.unsupported, file: file, "is of \(column.type), which are not read here", tensor: column.name)
    }
    (self.column, self.bytes, self.file, self.values) = (column, bytes, file, values)
  }

  /// Reads the pages of a piece of the column, which are in `range`.
  mutating func append(_ chunk: ParquetMetadata.Chunk, in range: Range<Int>) throws(FormatError) {
    let end = range.upperBound
    var position = range.lowerBound
    var dictionary: ParquetValues?
    var base: Int32 = 0
    var left = chunk.valueCount
    while left > 0 {
      guard position < end else { throw error(.truncated, "has \(left) values less than it says") }
      let (page, next) = try ParquetPage.read(bytes, at: position, end: end, file: file)
      position = next
      switch page.kind {
      case .other: continue
      case .dictionary:
        guard dictionary == nil else { throw error(.duplicate, "has two dictionaries in one piece") }
        let content = try page.content(codec: chunk.codec, file: file).values
        let known = try readDictionary(page, content)
        if case .bytes(let strings) = known, case .bytes(var pooled) = values {
          values = .booleans([])
          base = pooled.keep(strings)
          values = .bytes(pooled)
        }
        dictionary = known
      case .data, .wideData:
        guard page.count > 0, page.count <= left else { throw error(.malformed, "has a page of \(page.count) values") }
        try append(page, codec: chunk.codec, dictionary, base)
        left -= page.count
      }
    }
  }

  private func error(_ kind: FormatError.Kind, _ message: String) -> FormatError {
    FormatError(kind, file: file, message, tensor: column.name)
  }

  // MARK: Pages

  private mutating func append(
    _ page: ParquetPage, codec: Int, _ dictionary: ParquetValues?, _ base: Int32
  ) throws(FormatError) {
    var (levels, content) = try page.content(codec: codec, file: file)
    var count = page.count
    if column.definitionLevel > 0 {
      if page.kind == .data {
        guard page.levelEncoding == Encoding.runs else { throw error(.unsupported, "has levels of an old kind") }
        var reader = ByteReader(content, file: file)
        levels = try reader.take(Int(reader.little(UInt32.self, "Parquet levels")), "Parquet levels")
        content = content[reader.offset...]
      }
      count = try appendPresence(levels, page.count)
    } else if !presence.isEmpty {
      presence += repeatElement(true, count: page.count)
    }
    rowCount += page.count
    let before = values.count
    switch page.encoding {
    case Encoding.plain: try appendPlain(content, count)
    case Encoding.oldDictionary, Encoding.dictionary:
      guard let dictionary else { throw error(.malformed, "has places in a dictionary, and no dictionary") }
      try append(at: content, count, dictionary, base)
    case Encoding.runs:
      guard case .booleans(var flags) = values else {
        throw error(.unsupported, "has runs of something else than bits")
      }
      var reader = ByteReader(content, file: file)
      let runs = try reader.take(Int(reader.little(UInt32.self, "Parquet runs")), "Parquet runs")
      flags += try ParquetRuns.decode(runs, width: 1, count: count, file: file).map { $0 == 1 }
      values = .booleans(flags)
    default:
      let name = Encoding.names[page.encoding] ?? "encoding \(page.encoding)"
      throw error(.unsupported, "is encoded as \(name), which is not read here")
    }
    guard values.count - before == count else { throw error(.malformed, "has a page with another number of values") }
  }

  /// Notes which of the next rows have a value; how many do.
  private mutating func appendPresence(_ levels: SharedBytes, _ count: Int) throws(FormatError) -> Int {
    let width = Int.bitWidth - column.definitionLevel.leadingZeroBitCount
    let numbers = try ParquetRuns.decode(levels, width: width, count: count, file: file)
    let level = UInt32(column.definitionLevel)
    guard numbers.allSatisfy({ $0 <= level }) else { throw error(.malformed, "has levels above \(level)") }
    let present = numbers.reduce(0) { $0 + ($1 == level ? 1 : 0) }
    if present == count, presence.isEmpty { return present }
    if presence.isEmpty { presence = [Bool](repeating: true, count: rowCount) }
    for number in numbers { presence.append(number == level) }
    return present
  }

  private mutating func append(
    at content: SharedBytes, _ count: Int, _ dictionary: ParquetValues, _ base: Int32
  ) throws(FormatError) {
    if count == 0 { return }
    guard let width = content.withSpan({ $0.isEmpty ? nil : $0[0] }) else {
      throw error(.truncated, "has a page without places")
    }
    let places = try ParquetRuns.decode(content[1...], width: Int(width), count: count, file: file)
    guard values.append(dictionary, at: places, base: base) else {
      throw error(.malformed, "has a place outside of its dictionary")
    }
  }

  private func readDictionary(_ page: ParquetPage, _ content: SharedBytes) throws(FormatError) -> ParquetValues {
    guard page.encoding == Encoding.plain || page.encoding == Encoding.oldDictionary else {
      throw error(.unsupported, "has a dictionary of encoding \(page.encoding)")
    }
    guard column.type != .boolean else { throw error(.malformed, "has a dictionary of truth values") }
    var decoder = try ParquetDecoder(column, bytes, file: file)
    try decoder.appendPlain(content, page.count)
    return decoder.values
  }

  // MARK: Plain values

  private mutating func appendPlain(_ content: SharedBytes, _ count: Int) throws(FormatError) {
    // The case is emptied before its array grows, so that the array has one owner and is not copied.
    let before = values
    values = .booleans([])
    switch consume before {
    case .booleans(var flags):
      guard (count + 7) / 8 <= content.count else { throw error(.truncated, "has truth values that are cut") }
      content.withSpan { bytes in for i in 0..<count { flags.append(bytes[i >> 3] >> UInt8(i & 7) & 1 == 1) } }
      values = .booleans(flags)
    case .int32(var numbers):
      try appendNumbers(&numbers, content, count)
      values = .int32(numbers)
    case .int64(var numbers):
      try appendNumbers(&numbers, content, count)
      values = .int64(numbers)
    case .float32(var numbers):
      try appendNumbers(&numbers, content, count)
      values = .float32(numbers)
    case .float64(var numbers):
      try appendNumbers(&numbers, content, count)
      values = .float64(numbers)
    case .bytes(var strings):
      try appendStrings(&strings, content, count)
      values = .bytes(strings)
    }
  }

  private func appendNumbers<Number: BitwiseCopyable>(
    _ numbers: inout [Number], _ content: SharedBytes, _ count: Int
  ) throws(FormatError) {
    let width = MemoryLayout<Number>.size
    guard count <= content.count / width else { throw error(.truncated, "has numbers that are cut") }
    numbers.reserveCapacity(numbers.count + count)
    // The lowest byte comes first, as on all machines that this runs on.
    content.withUnsafeBytes { raw in
      for i in 0..<count { numbers.append(raw.loadUnaligned(fromByteOffset: i * width, as: Number.self)) }
    }
  }

  private func appendStrings(
    _ strings: inout PooledBytes, _ content: SharedBytes, _ count: Int
  ) throws(FormatError) {
    var reader = ByteReader(content, file: file)
    guard strings.distinctCount + count < Int32.max else { throw error(.limit, "has more than 2^31 texts") }
    for _ in 0..<count {
      let length: Int
      if case .fixedBytes(let fixed) = column.type {
        length = fixed
      } else {
        length = Int(try reader.little(UInt32.self, "Parquet text"))
      }
      let text = try reader.take(length, "Parquet text")
      text.withUnsafeBytes { strings.keep($0) }
      strings.useLast()
    }
  }
}
