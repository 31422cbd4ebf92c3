/// The program that writes a line table, run once (DWARF 5, section 6.2).
struct LineProgram {
  private(set) var files: LineTableFiles
  private(set) var rows: [LineTable.Row] = []
  private(set) var sequences: [LineTable.Sequence] = []

  private let header: LineProgramHeader
  private var row: LineTable.Row
  private var firstRow = 0

  init(_ unit: CompilationUnit, at offset: UInt64) throws(MalformedData) {
    var cursor = try ByteCursor(unit.sections.lines, at: offset)
    header = try LineProgramHeader(&cursor, unit)
    files = header.files
    row = LineProgram.firstRow
    while !cursor.isAtEnd { try step(&cursor) }
  }

  private static let firstRow = LineTable.Row(address: 0, file: 1, line: 1, column: 0)

  @inline(__always)
  private mutating func step(_ cursor: inout ByteCursor) throws(MalformedData) {
    let opcode = try cursor.read(UInt8.self)
    if opcode >= header.firstSpecialOpcode {
      let step = opcode - header.firstSpecialOpcode
      advance(UInt64(step / header.lineRange))
      row.line &+= UInt32(bitPattern: Int32(header.lineBase) + Int32(step % header.lineRange))
      rows.append(row)
    } else if opcode == 0 {
      try runExtended(&cursor)
    } else {
      try runStandard(opcode, &cursor)
    }
  }

  private mutating func advance(_ instructions: UInt64) {
    row.address &+= instructions &* header.instructionSize
  }

  /// The opcodes of table 7.25.
  private mutating func runStandard(_ opcode: UInt8, _ cursor: inout ByteCursor) throws(MalformedData) {
    switch opcode {
    case 1: rows.append(row)
    case 2: advance(try cursor.unsignedLEB())
    case 3: row.line &+= UInt32(truncatingIfNeeded: try cursor.signedLEB())
    case 4: row.file = try cursor.unsignedLEB()
    case 5: row.column = UInt32(truncatingIfNeeded: try cursor.unsignedLEB())
    case 8: advance(UInt64((255 - header.firstSpecialOpcode) / header.lineRange))
    case 9: row.address &+= UInt64(try cursor.read(UInt16.self))
    default:
      // Marks of statements, blocks and prologues, and what is not known, whose operands are counted in the head.
      for _ in 0..<header.operandCounts[Int(opcode) - 1] { _ = try cursor.unsignedLEB() }
    }
  }

  /// The opcodes of table 7.26.
  private mutating func runExtended(_ cursor: inout ByteCursor) throws(MalformedData) {
    let size = try cursor.unsignedLEB()
    var operands = cursor
    try operands.limit(to: size)
    try cursor.skip(size)
    if size == 0 { return }
    switch try operands.read(UInt8.self) {
    case 1: endSequence()
    case 2: row.address = try operands.unsigned(size: operands.remaining)
    case 3: if let file = try LineProgramHeader.file(&operands) { files.files.append(file) }
    default: break
    }
  }

  private mutating func endSequence() {
    if firstRow < rows.count, rows[firstRow].address < row.address {
      sequences.append(
        LineTable.Sequence(low: rows[firstRow].address, high: row.address, rows: firstRow..<rows.count))
    }
    firstRow = rows.count
    row = LineProgram.firstRow
  }
}
