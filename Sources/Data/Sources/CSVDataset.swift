import Martlet
import MartletFormats

/// The rows of a table with numbers in all columns but one, which says what the row is.
///
/// A sample is `float32 [features]` and an `int64` label. A row with something else than a number is a bad record: it is
/// found when the table is read, and reported when somebody asks for it.
public struct CSVDataset: Dataset {
  /// The names of the feature columns, or their numbers as text where the table has no header.
  public let features: [String]
  /// The classes in the order of their labels, when labels are names; empty when the column holds the numbers.
  public let classes: [String]

  private let values: [Float]
  private let labels: [Int]
  private let badRows: [Int: DataError]

  /// What the label column holds.
  public enum Labels: Sendable, Hashable {
    /// The label itself, a whole number.
    case numbers
    /// Names; they are sorted by their bytes and numbered from 0.
    case names
  }

  /// Reads the table at `path`; gzip is undone.
  ///
  /// - Parameters:
  ///   - label: The name of the label column, or its number from 0 as text if there is no header; the last one if nil.
  ///   - labels: What that column holds.
  /// - Throws: `FormatError` if the file is no table or lacks the column.
  public init(
    path: String, label: String? = nil, labels kind: Labels = .numbers, hasHeader: Bool = true,
    separator: Character = ","
  ) throws {
    let table = try CSVTable(path: path, hasHeader: hasHeader, separator: separator)
    try self.init(table, label: label, labels: kind)
  }

  /// The rows of a table that was read already.
  public init(_ table: CSVTable, label: String? = nil, labels kind: Labels = .numbers) throws {
    guard table.columnCount > 0 else { throw FormatError(.malformed, file: table.file, "has no columns") }
    let labelColumn = try CSVDataset.column(label, of: table)
    let columns = (0..<table.columnCount).filter { $0 != labelColumn }
    let names = table.header.isEmpty ? (0..<table.columnCount).map(String.init) : table.header
    let classes = kind == .names ? try CSVDataset.classes(table, labelColumn) : []
    let numbers = Dictionary(uniqueKeysWithValues: zip(classes, 0...))
    var rows = Rows()
    for row in 0..<table.rowCount {
      do {
        try rows.append(table, row, columns: columns, label: labelColumn, numbers: kind == .names ? numbers : nil)
      } catch {
        rows.fail(row, DataError(index: row, error), width: columns.count)
      }
    }
    features = columns.map { names[$0] }
    self.classes = classes
    (values, labels, badRows) = (rows.values, rows.labels, rows.bad)
  }

  public var count: Int { labels.count }

  public func element(at index: Int) throws -> Example {
    if let error = badRows[index] { throw error }
    let row = Array(values[(index * features.count)..<((index + 1) * features.count)])
    return Example(inputs: Tensor(row), labels: Tensor(labels[index]))
  }

  private static func column(_ label: String?, of table: CSVTable) throws -> Int {
    guard let label else { return table.columnCount - 1 }
    if !table.header.isEmpty { return try table.column(named: label) }
    guard let number = Int(label), (0..<table.columnCount).contains(number) else {
      throw FormatError(.missing, file: table.file, "has no column \(FormatError.quoted(label)), only numbered ones")
    }
    return number
  }

  private static func classes(_ table: CSVTable, _ column: Int) throws -> [String] {
    Set(try table.strings(column: column)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// The rows read so far; a bad one takes its place too, so that numbers stay those of the table.
private struct Rows {
  var values: [Float] = []
  var labels: [Int] = []
  var bad: [Int: DataError] = [:]

  mutating func append(
    _ table: CSVTable, _ row: Int, columns: [Int], label: Int, numbers: [String: Int]?
  ) throws {
    let numbersOfRow = try columns.map { column in
      guard let value = decimal(try table.string(row: row, column: column)) else { throw bad(table, row, column) }
      return value
    }
    let text = try table.string(row: row, column: label)
    guard let number = numbers.map({ $0[text] }) ?? Int(text) else { throw bad(table, row, label) }
    values += numbersOfRow
    labels.append(number)
  }

  mutating func fail(_ row: Int, _ error: DataError, width: Int) {
    values += repeatElement(0, count: width)
    labels.append(0)
    bad[row] = error
  }

  private func bad(_ table: CSVTable, _ row: Int, _ column: Int) -> DataError {
    let text = (try? table.string(row: row, column: column)) ?? ""
    let name = table.header.isEmpty ? "\(column)" : table.header[column]
    return DataError(
      "row \(row + 1), column \(FormatError.quoted(name)) is not a number: \(FormatError.quoted(text))",
      file: table.file)
  }
}

/// The nearest number to a decimal one; Swift's own parser also takes hexadecimal ones and "nan", which are no data.
private func decimal(_ text: String) -> Float? {
  let allowed = text.utf8.allSatisfy { byte in
    (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x65, 0x45].contains(byte)
  }
  return allowed ? Float(text) : nil
}
