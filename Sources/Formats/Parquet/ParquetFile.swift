/// A table in Apache Parquet's format: columns are read one by one, from the mapped file.
///
/// What is read: truth values, whole numbers, floats, texts and byte strings, optional or not, in the encodings `PLAIN`,
/// `RLE` and dictionaries, on data pages of both versions, as they are or compressed by Snappy or gzip. A column of another
/// kind (lists, 96-bit times, delta encodings, Zstandard) is an error that names it when it is asked for; the others are
/// read all the same.
///
/// - Note: The specification in the repository `apache/parquet-format`.
public struct ParquetFile: Sendable {
  /// The columns, in the order of the file.
  public let columns: [ParquetColumn]
  /// The number of rows.
  public let rowCount: Int
  /// What the writer noted: names and texts.
  public let metadata: [(key: String, value: String)]
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let bytes: SharedBytes
  private let rowGroups: [ParquetMetadata.RowGroup]
  private let dataEnd: Int

  private static let signature = Array("PAR1".utf8)
  /// So many rows may be of nothing but a few bytes, and so many more for each byte of the file.
  private static let mostRows = (constant: 1 << 20, perByte: 1100)

  /// Whether bytes begin and end like a Parquet file.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.count >= 12 && bytes[0..<4].array == signature && bytes[(bytes.count - 4)...].array == signature
  }

  /// Opens the file at `path`.
  public init(path: String) throws(FormatError) { try self.init(bytes: MappedFile(path: path).bytes, file: path) }

  /// Opens a file that is in memory.
  ///
  /// - Throws: `FormatError` if it is no Parquet file, is encrypted, or its description contradicts itself.
  public init(bytes: SharedBytes, file: String = "Parquet data") throws(FormatError) {
    let footer = try ParquetFile.footer(bytes, file)
    let description = try ParquetMetadata(bytes[footer], file: file)
    columns = try ParquetColumn.columns(of: description.elements, file: file)
    rowCount = description.rowCount
    metadata = description.pairs
    rowGroups = description.rowGroups
    dataEnd = footer.lowerBound
    self.file = file
    self.bytes = bytes
    try check()
  }

  private static func footer(_ bytes: SharedBytes, _ file: String) throws(FormatError) -> Range<Int> {
    guard bytes.count >= 12 else { throw FormatError(.truncated, file: file, "is too short for a Parquet file") }
    let end = bytes[(bytes.count - 8)...].array
    guard end[4...].elementsEqual(signature), bytes[0..<4].array == signature else {
      if end[4...].elementsEqual("PARE".utf8) { throw FormatError(.unsupported, file: file, "is encrypted") }
      throw FormatError(.malformed, file: file, "does not begin and end like a Parquet file")
    }
    let size = end[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard size <= bytes.count - 12 else {
      throw FormatError(.truncated, file: file, "has a description of \(size) bytes, which is more than there are")
    }
    return (bytes.count - 8 - size)..<(bytes.count - 8)
  }

  /// That runs of rows add up, have all columns, and do not share bytes to look larger than they are.
  private func check() throws(FormatError) {
    var (rows, size) = (0, 0)
    for group in rowGroups {
      guard group.chunks.count == columns.count else {
        throw FormatError(
          .malformed, file: file, "has a run of rows with \(group.chunks.count) of \(columns.count) columns")
      }
      let sum = rows.addingReportingOverflow(group.rowCount)
      guard !sum.overflow else { throw FormatError(.malformed, file: file, "has more rows than it says") }
      rows = sum.partialValue
      for chunk in group.chunks {
        guard chunk.compressedSize <= bytes.count - size else {
          throw FormatError(.malformed, file: file, "has pieces of columns that are larger than itself")
        }
        size += chunk.compressedSize
      }
    }
    guard rows == rowCount else {
      throw FormatError(.malformed, file: file, "has \(rows) rows in its runs, and says \(rowCount)")
    }
    let (constant, perByte) = ParquetFile.mostRows
    guard rows <= constant + perByte * bytes.count else {
      throw FormatError(.limit, file: file, "says that \(rows) rows are in \(bytes.count) bytes")
    }
  }

  /// The column called `name`, or nil if there is none.
  public subscript(name: String) -> ParquetColumn? { columns.first { $0.name == name } }

  /// The values of a column that are there, and for each row whether it has one; empty if all have.
  func read(_ name: String) throws(FormatError) -> (column: ParquetColumn, decoder: ParquetDecoder) {
    guard let index = columns.firstIndex(where: { $0.name == name }) else {
      throw FormatError(.missing, file: file, "is not in the file", tensor: name)
    }
    let column = columns[index]
    var decoder = try ParquetDecoder(column, bytes, file: file)
    for group in rowGroups where group.rowCount > 0 {
      let chunk = group.chunks[index]
      guard let range = chunk.range(before: dataEnd), chunk.valueCount == group.rowCount else {
        let kind: FormatError.Kind = chunk.isElsewhere ? .unsupported : .malformed
        throw FormatError(kind, file: file, "has a piece that is not in the file, or of other size", tensor: name)
      }
      try decoder.append(chunk, in: range)
    }
    return (column, decoder)
  }
}
