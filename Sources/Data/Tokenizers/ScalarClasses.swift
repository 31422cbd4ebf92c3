/// What Unicode says about scalars, as bits, looked up in a table.
struct ScalarClasses: OptionSet, Sendable {
  let rawValue: UInt32

  static let uppercase = ScalarClasses(rawValue: 1 << 0)
  static let lowercase = ScalarClasses(rawValue: 1 << 1)
  static let titlecase = ScalarClasses(rawValue: 1 << 2)
  static let modifierLetter = ScalarClasses(rawValue: 1 << 3)
  static let otherLetter = ScalarClasses(rawValue: 1 << 4)
  static let nonspacingMark = ScalarClasses(rawValue: 1 << 5)
  static let spacingMark = ScalarClasses(rawValue: 1 << 6)
  static let enclosingMark = ScalarClasses(rawValue: 1 << 7)
  static let decimalNumber = ScalarClasses(rawValue: 1 << 8)
  static let letterNumber = ScalarClasses(rawValue: 1 << 9)
  static let otherNumber = ScalarClasses(rawValue: 1 << 10)
  static let connectorPunctuation = ScalarClasses(rawValue: 1 << 11)
  static let dashPunctuation = ScalarClasses(rawValue: 1 << 12)
  static let openPunctuation = ScalarClasses(rawValue: 1 << 13)
  static let closePunctuation = ScalarClasses(rawValue: 1 << 14)
  static let initialPunctuation = ScalarClasses(rawValue: 1 << 15)
  static let finalPunctuation = ScalarClasses(rawValue: 1 << 16)
  static let otherPunctuation = ScalarClasses(rawValue: 1 << 17)
  static let mathSymbol = ScalarClasses(rawValue: 1 << 18)
  static let currencySymbol = ScalarClasses(rawValue: 1 << 19)
  static let modifierSymbol = ScalarClasses(rawValue: 1 << 20)
  static let otherSymbol = ScalarClasses(rawValue: 1 << 21)
  static let spaceSeparator = ScalarClasses(rawValue: 1 << 22)
  static let lineSeparator = ScalarClasses(rawValue: 1 << 23)
  static let paragraphSeparator = ScalarClasses(rawValue: 1 << 24)
  static let control = ScalarClasses(rawValue: 1 << 25)
  static let format = ScalarClasses(rawValue: 1 << 26)
  static let privateUse = ScalarClasses(rawValue: 1 << 27)
  static let unassigned = ScalarClasses(rawValue: 1 << 28)
  /// The property `White_Space`.
  static let space = ScalarClasses(rawValue: 1 << 29)
  /// What regular expressions call a word character: letters, marks, decimal digits, connectors, joiners.
  static let word = ScalarClasses(rawValue: 1 << 30)

  static let letter: ScalarClasses = [.uppercase, .lowercase, .titlecase, .modifierLetter, .otherLetter]
  static let mark: ScalarClasses = [.nonspacingMark, .spacingMark, .enclosingMark]
  static let number: ScalarClasses = [.decimalNumber, .letterNumber, .otherNumber]
  static let punctuation: ScalarClasses = [
    .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
    .finalPunctuation, .otherPunctuation,
  ]
  static let symbol: ScalarClasses = [.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol]
  static let separator: ScalarClasses = [.spaceSeparator, .lineSeparator, .paragraphSeparator]
  static let other: ScalarClasses = [.control, .format, .privateUse, .unassigned]
}

extension ScalarClasses {
  /// The classes of a scalar.
  @inline(__always)
  init(_ scalar: UInt32) {
    self = scalar < 0x10000 ? ScalarClasses.table[Int(scalar)] : ScalarClasses(computing: scalar)
  }

  /// The classes of all scalars of 16 bits; made once, in some milliseconds.
  static let table: [ScalarClasses] = (0..<0x10000).map { ScalarClasses(computing: UInt32($0)) }

  private init(computing value: UInt32) {
    guard let scalar = Unicode.Scalar(value) else {
      self = []
      return
    }
    let properties = scalar.properties
    var classes = ScalarClasses(category: properties.generalCategory)
    if properties.isWhitespace { classes.insert(.space) }
    let isWord =
      properties.isAlphabetic || properties.isJoinControl
      || !classes.isDisjoint(with: [.mark, .decimalNumber, .connectorPunctuation])
    if isWord { classes.insert(.word) }
    self = classes
  }

  private init(category: Unicode.GeneralCategory) {
    switch category {
    case .uppercaseLetter: self = .uppercase
    case .lowercaseLetter: self = .lowercase
    case .titlecaseLetter: self = .titlecase
    case .modifierLetter: self = .modifierLetter
    case .otherLetter: self = .otherLetter
    case .nonspacingMark: self = .nonspacingMark
    case .spacingMark: self = .spacingMark
    case .enclosingMark: self = .enclosingMark
    case .decimalNumber: self = .decimalNumber
    case .letterNumber: self = .letterNumber
    case .otherNumber: self = .otherNumber
    case .connectorPunctuation: self = .connectorPunctuation
    case .dashPunctuation: self = .dashPunctuation
    case .openPunctuation: self = .openPunctuation
    case .closePunctuation: self = .closePunctuation
    case .initialPunctuation: self = .initialPunctuation
    case .finalPunctuation: self = .finalPunctuation
    case .otherPunctuation: self = .otherPunctuation
    case .mathSymbol: self = .mathSymbol
    case .currencySymbol: self = .currencySymbol
    case .modifierSymbol: self = .modifierSymbol
    case .otherSymbol: self = .otherSymbol
    case .spaceSeparator: self = .spaceSeparator
    case .lineSeparator: self = .lineSeparator
    case .paragraphSeparator: self = .paragraphSeparator
    case .control: self = .control
    case .format: self = .format
    case .privateUse: self = .privateUse
    default: self = .unassigned
    }
  }

  /// The class that `\p{…}` calls so; nil if it is not known here.
  init?(named name: String) {
    switch name {
    case "L", "Letter": self = .letter
    case "Lu": self = .uppercase
    case "Ll": self = .lowercase
    case "Lt": self = .titlecase
    case "Lm": self = .modifierLetter
    case "Lo": self = .otherLetter
    case "M", "Mark": self = .mark
    case "Mn": self = .nonspacingMark
    case "Mc": self = .spacingMark
    case "Me": self = .enclosingMark
    case "N", "Number": self = .number
    case "Nd": self = .decimalNumber
    case "Nl": self = .letterNumber
    case "No": self = .otherNumber
    case "P", "Punctuation": self = .punctuation
    case "Pc": self = .connectorPunctuation
    case "Pd": self = .dashPunctuation
    case "Ps": self = .openPunctuation
    case "Pe": self = .closePunctuation
    case "Pi": self = .initialPunctuation
    case "Pf": self = .finalPunctuation
    case "Po": self = .otherPunctuation
    case "S", "Symbol": self = .symbol
    case "Sm": self = .mathSymbol
    case "Sc": self = .currencySymbol
    case "Sk": self = .modifierSymbol
    case "So": self = .otherSymbol
    case "Z", "Separator": self = .separator
    case "Zs": self = .spaceSeparator
    case "Zl": self = .lineSeparator
    case "Zp": self = .paragraphSeparator
    case "C", "Other": self = .other
    case "Cc": self = .control
    case "Cf": self = .format
    case "Co": self = .privateUse
    case "Cn": self = .unassigned
    default: return nil
    }
  }
}

/// Decoding of UTF-8 that is known to be valid.
enum ValidUTF8 {
  /// The scalar at a position, and the bytes it takes.
  @inline(__always)
  static func scalar(_ p: UnsafePointer<UInt8>) -> (value: UInt32, count: Int) {
    let first = UInt32(p[0])
    if first < 0x80 { return (first, 1) }
    if first < 0xE0 { return ((first & 31) << 6 | UInt32(p[1]) & 63, 2) }
    if first < 0xF0 { return ((first & 15) << 12 | (UInt32(p[1]) & 63) << 6 | UInt32(p[2]) & 63, 3) }
    return (
      (first & 7) << 18 | (UInt32(p[1]) & 63) << 12 | (UInt32(p[2]) & 63) << 6 | UInt32(p[3]) & 63, 4
    )
  }

  /// The bytes of the scalar that begins with the given one.
  @inline(__always)
  static func length(_ first: UInt8) -> Int { first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4 }

  /// Appends a scalar.
  @inline(__always)
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    switch scalar {
    case ..<0x80: bytes.append(UInt8(scalar))
    case ..<0x800:
      bytes.append(UInt8(0xC0 | scalar >> 6))
      bytes.append(UInt8(0x80 | scalar & 63))
    case ..<0x10000:
      bytes.append(UInt8(0xE0 | scalar >> 12))
      bytes.append(UInt8(0x80 | scalar >> 6 & 63))
      bytes.append(UInt8(0x80 | scalar & 63))
    default:
      bytes.append(UInt8(0xF0 | scalar >> 18))
      bytes.append(UInt8(0x80 | scalar >> 12 & 63))
      bytes.append(UInt8(0x80 | scalar >> 6 & 63))
      bytes.append(UInt8(0x80 | scalar & 63))
    }
  }

  /// The bytes a scalar takes.
  @inline(__always)
  static func width(_ scalar: UInt32) -> Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4 }
}
