/// A unit of `.debug_info` and what its first entry says about the whole.
final class CompilationUnit {
  let header: UnitHeader
  let sections: DebugSections
  let abbreviations: AbbreviationTable
  /// Where in `.debug_line` the lines of the unit are.
  private(set) var lineProgram: UInt64?
  /// The addresses of all code of the unit.
  private(set) var extent = AddressExtent()
  /// What offsets in lists of ranges count from.
  private(set) var baseAddress: UInt64 = 0
  private var directoryValue: AttributeValue?
  private var stringOffsetsBase: UInt64
  private var addressBase: UInt64
  private(set) var rangeListsBase: UInt64

  init(_ header: UnitHeader, _ abbreviations: AbbreviationTable, _ sections: DebugSections) throws(MalformedData) {
    (self.header, self.abbreviations, self.sections) = (header, abbreviations, sections)
    // Without a base, the tables begin after the heads of their sections.
    let sizeOfHead: UInt64 = header.encoding.offsetSize == 8 ? 16 : 8
    (stringOffsetsBase, addressBase) = (sizeOfHead, sizeOfHead)
    rangeListsBase = sizeOfHead + 4
    try readFirstEntry()
  }

  private func readFirstEntry() throws(MalformedData) {
    var values: [(Attribute, AttributeValue)] = []
    try forEachAttribute(at: header.firstEntry) { values.append(($0, $1)) }
    for (attribute, value) in values {
      switch attribute {
      case .lineProgram: lineProgram = value.sectionOffset
      case .directory: directoryValue = value
      case .lowAddress: extent.low = value
      case .highAddress: extent.high = value
      case .ranges: extent.ranges = value
      case .stringOffsetsBase: stringOffsetsBase = value.sectionOffset ?? stringOffsetsBase
      case .addressBase: addressBase = value.sectionOffset ?? addressBase
      case .rangeListsBase: rangeListsBase = value.sectionOffset ?? rangeListsBase
      default: break
      }
    }
    baseAddress = extent.low.flatMap(address) ?? 0
  }

  /// The directory in which the compiler ran; relative paths begin there.
  var directory: String? { directoryValue.flatMap(string) }

  /// Calls `body` with the attributes of the entry at an offset in `.debug_info`.
  func forEachAttribute(
    at offset: Int, _ body: (Attribute, AttributeValue) -> Void
  ) throws(MalformedData) {
    guard offset >= header.firstEntry, offset < header.end else { throw MalformedData() }
    var cursor = try entries(at: offset)
    guard let abbreviation = abbreviations[try cursor.unsignedLEB()] else { throw MalformedData() }
    try readAttributes(of: abbreviation, &cursor, body)
  }

  /// The bytes of the unit from an offset in `.debug_info`.
  func entries(at offset: Int) throws(MalformedData) -> ByteCursor {
    var cursor = try ByteCursor(sections.entries, at: offset)
    guard offset <= header.end else { throw MalformedData() }
    try cursor.limit(to: UInt64(header.end - offset))
    return cursor
  }

  /// Reads the attributes of the entry that the cursor is in, after its code.
  @inline(__always)
  func readAttributes(
    of abbreviation: Abbreviation, _ cursor: inout ByteCursor, _ body: (Attribute, AttributeValue) -> Void
  ) throws(MalformedData) {
    for index in abbreviation.attributes {
      let specification = abbreviations.specifications[index]
      let value = try cursor.value(
        specification.form, implicit: specification.implicit, unit: header.offset, encoding: header.encoding,
        sections: sections)
      if let attribute = specification.attribute { body(attribute, value) }
    }
  }

  /// Passes the attributes of an entry.
  @inline(__always)
  func skipAttributes(of abbreviation: Abbreviation, _ cursor: inout ByteCursor) throws(MalformedData) {
    if let size = abbreviation.size { return try cursor.skip(size) }
    for index in abbreviation.attributes {
      let form = abbreviations.specifications[index].form
      if let size = form.size(header.encoding) {
        try cursor.skip(size)
      } else {
        _ = try cursor.value(form, unit: header.offset, encoding: header.encoding, sections: sections)
      }
    }
  }

  /// The text of a value, which may be in a table of texts.
  func string(_ value: AttributeValue) -> String? {
    switch value {
    case .text(let text): return text.string
    case .textIndex(let index):
      let size = header.encoding.offsetSize
      guard let offset = element(index, of: sections.stringOffsets, base: stringOffsetsBase, size: size) else {
        return nil
      }
      return TextReference(section: sections.strings, offset: offset).string
    default: return nil
    }
  }

  /// The address of a value, which may be in a table of addresses.
  func address(_ value: AttributeValue) -> UInt64? {
    switch value {
    case .address(let address): address
    case .addressIndex(let index): address(atIndex: index)
    default: nil
    }
  }

  func address(atIndex index: UInt64) -> UInt64? {
    element(index, of: sections.addresses, base: addressBase, size: 8)
  }

  /// A number in a table that begins `base` bytes into a section.
  func element(_ index: UInt64, of section: UnsafeRawBufferPointer, base: UInt64, size: Int) -> UInt64? {
    // Where the product leaves 64 bits, so does the offset leave the section.
    let (distance, isTooFar) = index.multipliedReportingOverflow(by: UInt64(size))
    let (offset, isFurther) = base.addingReportingOverflow(distance)
    guard !isTooFar, !isFurther, var cursor = try? ByteCursor(section, at: offset) else { return nil }
    return try? cursor.unsigned(size: size)
  }
}
