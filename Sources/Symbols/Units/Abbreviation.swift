/// The shape of entries: their kind and how each attribute is written.
struct Abbreviation {
  var code: UInt64
  /// Nil for kinds that are only passed.
  var tag: Tag?
  var hasChildren: Bool
  /// The attributes, as positions in ``AbbreviationTable/specifications``.
  var attributes: Range<Int>
  /// The number of bytes of an entry's attributes, where all entries have the same.
  var size: Int?
}

/// The kinds of entries that calls are found in (DWARF 5, table 7.3).
enum Tag: UInt64 {
  case inlinedSubroutine = 0x1d
  case subprogram = 0x2e
}

/// The attributes that calls are made of (DWARF 5, table 7.5).
enum Attribute: UInt64 {
  case name = 0x03
  case lineProgram = 0x10
  case lowAddress = 0x11
  case highAddress = 0x12
  case directory = 0x1b
  case abstractOrigin = 0x31
  case specification = 0x47
  case ranges = 0x55
  case callColumn = 0x57
  case callFile = 0x58
  case callLine = 0x59
  case linkageName = 0x6e
  case stringOffsetsBase = 0x72
  case addressBase = 0x73
  case rangeListsBase = 0x74
  case earlyLinkageName = 0x2007
}

/// An attribute of an abbreviation.
struct AttributeSpecification {
  /// Nil for those that are only passed.
  var attribute: Attribute?
  var form: Form
  /// The value itself, for forms that hold it here.
  var implicit: Int64
}
