/// The head of a line table: its files, and how its program is written (DWARF 5, section 6.2.4).
struct LineProgramHeader {
  private(set) var files: LineTableFiles
  let instructionSize: UInt64
  let lineBase: Int8
  let lineRange: UInt8
  let firstSpecialOpcode: UInt8
  /// The number of operands of each standard opcode.
  let operandCounts: [UInt8]

  /// Reads the head and leaves the cursor in the program, limited to it.
  init(_ cursor: inout ByteCursor, _ unit: CompilationUnit) throws(MalformedData) {
    let offsetSize = try cursor.limitToLength()
    let version = try cursor.read(UInt16.self)
    guard (2...5).contains(version) else { throw MalformedData() }
    if version >= 5 {
      let (addressSize, selectorSize) = (try cursor.read(UInt8.self), try cursor.read(UInt8.self))
      guard addressSize == 8, selectorSize == 0 else { throw MalformedData() }
    }
    let size = try cursor.unsigned(size: offsetSize)
    var head = cursor
    try head.limit(to: size)
    try cursor.skip(size)
    instructionSize = UInt64(try head.read(UInt8.self))
    // Whether statements begin by default and how many operations an instruction holds change no line here.
    try head.skip(version >= 4 ? 2 : 1)
    lineBase = try head.read(Int8.self)
    lineRange = try head.read(UInt8.self)
    firstSpecialOpcode = try head.read(UInt8.self)
    guard lineRange > 0, firstSpecialOpcode > 0 else { throw MalformedData() }
    var counts: [UInt8] = []
    for _ in 1..<firstSpecialOpcode { counts.append(try head.read(UInt8.self)) }
    operandCounts = counts
    files = LineTableFiles(unit, firstNumber: version >= 5 ? 0 : 1)
    if version >= 5 {
      let encoding = UnitEncoding(version: version, offsetSize: offsetSize)
      files.directories = try LineProgramHeader.entries(&head, unit, encoding)
      files.files = try LineProgramHeader.entries(&head, unit, encoding)
    } else {
      try readEarlyFiles(&head)
    }
  }

  /// Directories and files up to DWARF 4: texts one after the other, ended by an empty one.
  private mutating func readEarlyFiles(_ head: inout ByteCursor) throws(MalformedData) {
    while case let name = try head.text(), !name.isEmpty {
      files.directories.append(LineTableFiles.File(name: .text(name)))
    }
    while let file = try LineProgramHeader.file(&head) { files.files.append(file) }
  }

  /// A file as it was written up to DWARF 4; nil for the empty name that ends a list.
  static func file(_ cursor: inout ByteCursor) throws(MalformedData) -> LineTableFiles.File? {
    let name = try cursor.text()
    if name.isEmpty { return nil }
    let directory = try cursor.unsignedLEB()
    // The time of its last change, and its size.
    for _ in 0..<2 { _ = try cursor.unsignedLEB() }
    return LineTableFiles.File(name: .text(name), directory: directory)
  }

  /// Directories or files of DWARF 5, in the forms that are listed before them.
  private static func entries(
    _ head: inout ByteCursor, _ unit: CompilationUnit, _ encoding: UnitEncoding
  ) throws(MalformedData) -> [LineTableFiles.File] {
    let (path, directoryIndex): (UInt64, UInt64) = (1, 2)
    var fields: [(content: UInt64, form: Form)] = []
    for _ in 0..<(try head.read(UInt8.self)) {
      let content = try head.unsignedLEB()
      guard let form = Form(rawValue: try head.unsignedLEB()) else { throw MalformedData() }
      fields.append((content, form))
    }
    let count = try head.unsignedLEB()
    // An entry without a byte would let a number in the file make us allocate without end.
    guard count <= UInt64(head.remaining) else { throw MalformedData() }
    var result: [LineTableFiles.File] = []
    for _ in 0..<count {
      var file = LineTableFiles.File(name: .other)
      for field in fields {
        let value = try head.value(field.form, unit: 0, encoding: encoding, sections: unit.sections)
        if field.content == path { file.name = value }
        if field.content == directoryIndex { file.directory = value.constant ?? 0 }
      }
      result.append(file)
    }
    return result
  }
}
