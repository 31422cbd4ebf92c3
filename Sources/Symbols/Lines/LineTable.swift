/// The lines of a unit's instructions.
struct LineTable {
  /// What holds from an address to that of the next row.
  struct Row {
    var address: UInt64
    var file: UInt64
    var line: UInt32
    var column: UInt32
  }

  /// Rows without a gap between their addresses.
  struct Sequence {
    var low: UInt64
    /// After the last instruction.
    var high: UInt64
    var rows: Range<Int>
  }

  private(set) var files: LineTableFiles
  private let rows: [Row]
  /// By their ends.
  private let sequences: [Sequence]

  /// - Parameter offset: Where in `.debug_line` the unit's part is.
  init(_ unit: CompilationUnit, at offset: UInt64) throws(MalformedData) {
    let program = try LineProgram(unit, at: offset)
    files = program.files
    rows = program.rows
    sequences = program.sequences.sorted { $0.high < $1.high }
  }

  /// The row of the instruction at an address.
  func row(at address: UInt64) -> Row? {
    let place = sequences.partitioningIndex { $0.high > address }
    guard place < sequences.count, case let sequence = sequences[place], sequence.low <= address else { return nil }
    let rows = self.rows[sequence.rows]
    let next = rows.partitioningIndex { $0.address > address }
    return next > rows.startIndex ? rows[next - 1] : nil
  }

  /// The path of a file by its number; empty where there is none.
  mutating func path(_ file: UInt64) -> String { files.path(file) }
}
