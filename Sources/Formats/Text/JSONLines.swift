/// Reads JSON Lines: one JSON value on each line, values made when they are asked for.
///
/// Lines end with LF or CRLF; empty ones are skipped.
public struct JSONLines: Sendable {
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let text: SharedBytes
  private let lines: [Range<Int>]
  private let numbers: [Int32]

  /// The longest line that is read.
  static let maximumLine = 256 << 20

  /// Opens the file at `path`; gzip is undone.
  public init(path: String) throws(FormatError) {
    var bytes = try MappedFile(path: path).bytes
    if Gzip.recognizes(bytes) { bytes = SharedBytes(try Gzip.decompress(bytes, file: path)) }
    try self.init(bytes: bytes, file: path)
  }

  /// Opens lines that are in memory; a byte order mark is skipped.
  ///
  /// - Throws: `FormatError` of kind `limit` if a line is longer than 256 MiB.
  public init(bytes: SharedBytes, file: String = "JSON lines") throws(FormatError) {
    self.file = file
    text = bytes
    var lines: [Range<Int>] = []
    var numbers: [Int32] = []
    var longest = 0
    bytes.withSpan { text in
      let hasMark = text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
      var start = hasMark ? 3 : 0
      var number: Int32 = 1
      var position = start
      while start < text.count {
        var isBlank = true
        while position < text.count, text[position] != 0x0A {
          isBlank = isBlank && (text[position] == 0x20 || text[position] == 0x09 || text[position] == 0x0D)
          position += 1
        }
        if !isBlank {
          lines.append(start..<position)
          numbers.append(number)
        }
        longest = max(longest, position - start)
        position += 1
        start = position
        number &+= 1
      }
    }
    guard longest <= JSONLines.maximumLine else {
      throw FormatError(.limit, file: file, "has a line of \(longest) bytes")
    }
    self.lines = lines
    self.numbers = numbers
  }

  /// The number of values.
  public var count: Int { lines.count }

  /// The value at `index`.
  ///
  /// - Throws: `FormatError` naming the line, if it is no JSON value.
  /// - Precondition: `index` is in `0..<count`.
  public func value(at index: Int) throws(FormatError) -> JSON {
    let range = lines[index]
    do throws(FormatError) {
      return try JSON(parsing: text[range], file: file)
    } catch {
      throw FormatError(
        error.kind, file: file, "line \(numbers[index]): \(error.message)",
        offset: error.offset.map { $0 + range.lowerBound })
    }
  }

  /// Writes values, one on each line.
  public static func write(_ values: some Sequence<JSON>, to path: String) throws(FormatError) {
    var file = try AtomicFile(path: path)
    for value in values { try file.write(Array((value.serialized() + "\n").utf8)) }
    try file.commit()
  }
}
