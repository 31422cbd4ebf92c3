/// A table of texts separated by commas (RFC 4180): read once, columns taken out by name or position.
///
/// Fields may be quoted, and then hold commas, line ends and doubled quotes. Lines end with LF or CRLF; all have the
/// same number of fields.
public struct CSVTable: Sendable {
  /// The names of the columns; empty if the file has no header.
  public private(set) var header: [String] = []
  /// The number of fields in each row.
  public let columnCount: Int
  /// The number of rows, without the header.
  public let rowCount: Int
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let text: SharedBytes
  // Where each field begins, row by row; one more entry than fields. The separator stands before the next one's start.
  private let starts: [UInt32]
  private let firstRow: Int

  /// Reads the file at `path`; gzip is undone.
  public init(path: String, hasHeader: Bool = true, separator: Character = ",") throws(FormatError) {
    var bytes = try MappedFile(path: path).bytes
    if Gzip.recognizes(bytes) { bytes = SharedBytes(try Gzip.decompress(bytes, file: path)) }
    try self.init(bytes: bytes, hasHeader: hasHeader, separator: separator, file: path)
  }

  /// Reads a table that is in memory.
  ///
  /// - Parameters:
  ///   - bytes: The text in UTF-8; a byte order mark is skipped.
  ///   - hasHeader: Whether the first row names the columns.
  ///   - separator: The ASCII character between fields.
  ///   - file: The name for error messages.
  /// - Throws: `FormatError` naming the line, if rows differ in length or a quote is out of place.
  public init(
    bytes: SharedBytes, hasHeader: Bool = true, separator: Character = ",", file: String = "CSV"
  ) throws(FormatError) {
    guard let separator = separator.asciiValue, separator != 0x22, separator != 0x0A, separator != 0x0D else {
      throw FormatError(
        .unsupported, file: file, "the separator must be an ASCII character other than quote and line end")
    }
    guard bytes.count < UInt32.max else {
      throw FormatError(.limit, file: file, "is larger than 4 GiB; read it in parts")
    }
    var scanner = CSVScanner(separator: separator, file: file)
    try bytes.withSpan { (text) throws(FormatError) in try scanner.scan(text) }
    let rows = scanner.columnCount == 0 ? 0 : (scanner.starts.count - 1) / scanner.columnCount
    self.text = bytes
    self.file = file
    starts = scanner.starts
    columnCount = scanner.columnCount
    firstRow = hasHeader && rows > 0 ? 1 : 0
    rowCount = rows - firstRow
    if firstRow == 1 {
      header = try (0..<columnCount).map { (column) throws(FormatError) in try string(field: column) }
    }
  }
}

extension CSVTable {
  /// The position of the column called `name`.
  ///
  /// - Throws: `FormatError` of kind `missing`, or `duplicate` if several have the name.
  public func column(named name: String) throws(FormatError) -> Int {
    guard let column = header.firstIndex(of: name) else {
      let known = header.prefix(20).map { FormatError.quoted($0) }.joined(separator: ", ")
      throw FormatError(.missing, file: file, "has no column \(FormatError.quoted(name)); it has \(known)")
    }
    guard header.lastIndex(of: name) == column else {
      throw FormatError(.duplicate, file: file, "has two columns \(FormatError.quoted(name))")
    }
    return column
  }

  /// One field as text, quotes undone.
  ///
  /// - Precondition: Row and column exist.
  public func string(row: Int, column: Int) throws(FormatError) -> String {
    try string(field: field(row, column))
  }

  private func string(field: Int) throws(FormatError) -> String {
    let bytes = text[range(of: field)]
    var content = bytes.array
    if content.first == 0x22 {
      var unquoted: [UInt8] = []
      var i = 1
      while i < content.count - 1 {
        unquoted.append(content[i])
        i += content[i] == 0x22 ? 2 : 1
      }
      content = unquoted
    }
    guard let result = String(validating: content, as: UTF8.self) else {
      throw FormatError(
        .malformed, file: file, "row \(field / columnCount + 1), column \(field % columnCount + 1) is not UTF-8",
        offset: bytes.range.lowerBound)
    }
    return result
  }

  /// A column as texts.
  public func strings(column: Int) throws(FormatError) -> [String] {
    try (0..<rowCount).map { (row) throws(FormatError) in try string(row: row, column: column) }
  }

  /// A column as integers.
  ///
  /// - Throws: `FormatError` of kind `mismatch` naming the first row that is not one.
  public func integers(column: Int) throws(FormatError) -> [Int] {
    try numbers(column) { DecimalParser.integer($0) }
  }

  /// A column as 64-bit floating-point numbers.
  public func doubles(column: Int) throws(FormatError) -> [Double] { try numbers(column) { DecimalParser.double($0) } }

  /// A column as 32-bit floating-point numbers, each the nearest to the decimal one.
  public func floats(column: Int) throws(FormatError) -> [Float] { try numbers(column) { DecimalParser.float($0) } }

  private func numbers<Number>(
    _ column: Int, _ parse: (Span<UInt8>) -> Number?
  ) throws(FormatError) -> [Number] {
    precondition(column >= 0 && column < columnCount || rowCount == 0, "no such column")
    var result: [Number] = []
    result.reserveCapacity(rowCount)
    try text.withSpan { (bytes) throws(FormatError) in
      for row in 0..<rowCount {
        var range = range(of: field(row, column))
        if range.count >= 2, bytes[range.lowerBound] == 0x22 { range = (range.lowerBound + 1)..<(range.upperBound - 1) }
        guard let number = parse(bytes.extracting(range)) else {
          let found = FormatError.quoted(try string(row: row, column: column))
          throw FormatError(
            .mismatch, file: file,
            "row \(row + 1), column \(column + 1) is \(found), not a number that fits \(Number.self)",
            offset: range.lowerBound)
        }
        result.append(number)
      }
    }
    return result
  }

  private func field(_ row: Int, _ column: Int) -> Int {
    precondition(row >= 0 && row < rowCount && column >= 0 && column < columnCount, "no such field")
    return (firstRow + row) * columnCount + column
  }

  /// The bytes of a field, quotes included.
  private func range(of field: Int) -> Range<Int> {
    let start = Int(starts[field])
    var end = Int(starts[field + 1]) - 1
    if field % columnCount == columnCount - 1, end > start, end < text.count {
      text.withSpan { if $0[end] == 0x0A, $0[end - 1] == 0x0D { end -= 1 } }
    }
    return start..<end
  }
}

/// Finds where fields begin.
private struct CSVScanner {
  let separator: UInt8
  let file: String
  private(set) var starts: [UInt32] = []
  private(set) var columnCount = 0
  private var position = 0
  private var line = 1

  init(separator: UInt8, file: String) {
    self.separator = separator
    self.file = file
  }

  mutating func scan(_ text: Span<UInt8>) throws(FormatError) {
    if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { position = 3 }
    while position < text.count { try row(text) }
    // As if a line end followed the last field.
    if columnCount > 0 {
      starts.append(UInt32(text.count > 0 && text[text.count - 1] == 0x0A ? position : position + 1))
    }
  }

  private mutating func row(_ text: Span<UInt8>) throws(FormatError) {
    let firstLine = line
    let before = starts.count
    var isMore = true
    while isMore {
      starts.append(UInt32(position))
      if position < text.count, text[position] == 0x22 { try skipQuoted(text) } else { try skipPlain(text) }
      isMore = position < text.count && text[position] == separator
      if isMore { position += 1 }
    }
    if position < text.count {
      if text[position] == 0x0D { position += 1 }
      position += 1
      line += 1
    }
    let count = starts.count - before
    if columnCount == 0 { columnCount = count }
    guard count == columnCount else {
      throw FormatError(
        .malformed, file: file, "line \(firstLine) has \(count) fields, the first has \(columnCount)",
        offset: Int(starts[before]))
    }
  }

  private mutating func skipPlain(_ text: Span<UInt8>) throws(FormatError) {
    while position < text.count, text[position] != separator, text[position] != 0x0A {
      if isLineEnd(text) { return }
      guard text[position] != 0x22 else { throw error("has a quote inside an unquoted field") }
      position += 1
    }
  }

  private mutating func skipQuoted(_ text: Span<UInt8>) throws(FormatError) {
    let start = position
    position += 1
    while position < text.count {
      if text[position] == 0x0A { line += 1 }
      guard text[position] == 0x22 else {
        position += 1
        continue
      }
      position += 1
      if position < text.count, text[position] == 0x22 {
        position += 1
        continue
      }
      guard position == text.count || text[position] == separator || isLineEnd(text) else {
        throw error("has text behind a closing quote")
      }
      return
    }
    position = start
    throw error("begins or holds a quote that is never closed")
  }

  private func isLineEnd(_ text: Span<UInt8>) -> Bool {
    text[position] == 0x0A || text[position] == 0x0D && position + 1 < text.count && text[position + 1] == 0x0A
  }

  private func error(_ message: String) -> FormatError {
    FormatError(.malformed, file: file, "line \(line) \(message)", offset: position)
  }
}
