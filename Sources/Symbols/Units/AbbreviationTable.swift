/// The abbreviations of a unit.
struct AbbreviationTable {
  private var abbreviations: [Abbreviation] = []
  private(set) var specifications: [AttributeSpecification] = []
  /// Empty while the codes are 1, 2, 3 and so on.
  private var indexOfCode: [UInt64: Int] = [:]
  private var isDense = true

  init(_ section: UnsafeRawBufferPointer, at offset: UInt64, _ encoding: UnitEncoding) throws(MalformedData) {
    var cursor = try ByteCursor(section, at: offset)
    while case let code = try cursor.unsignedLEB(), code != 0 {
      let tag = try cursor.unsignedLEB()
      let hasChildren = try cursor.read(UInt8.self) != 0
      let start = specifications.count
      let size = try readSpecifications(&cursor, encoding)
      append(
        Abbreviation(
          code: code, tag: Tag(rawValue: tag), hasChildren: hasChildren, attributes: start..<specifications.count,
          size: size))
    }
    if !isDense {
      for (index, abbreviation) in abbreviations.enumerated() { indexOfCode[abbreviation.code] = index }
    }
  }

  /// The abbreviation with a code.
  @inline(__always)
  subscript(code: UInt64) -> Abbreviation? {
    if isDense { return code > 0 && code <= UInt64(abbreviations.count) ? abbreviations[Int(code) - 1] : nil }
    return indexOfCode[code].map { abbreviations[$0] }
  }

  private mutating func append(_ abbreviation: Abbreviation) {
    abbreviations.append(abbreviation)
    isDense = isDense && abbreviation.code == UInt64(abbreviations.count)
  }

  /// - Returns: The size of all attributes together, where it is fixed.
  private mutating func readSpecifications(
    _ cursor: inout ByteCursor, _ encoding: UnitEncoding
  ) throws(MalformedData) -> Int? {
    var size: Int? = 0
    while true {
      let (attribute, code) = (try cursor.unsignedLEB(), try cursor.unsignedLEB())
      if attribute == 0 && code == 0 { return size }
      guard let form = Form(rawValue: code) else { throw MalformedData() }
      let implicit = form == .implicitConstant ? try cursor.signedLEB() : 0
      specifications.append(
        AttributeSpecification(attribute: Attribute(rawValue: attribute), form: form, implicit: implicit))
      if let total = size, let width = form.size(encoding) { size = total + width } else { size = nil }
    }
  }
}
