/// The value of an attribute, as far as calls and lines need it.
enum AttributeValue {
  case address(UInt64)
  /// An index into the unit's part of `.debug_addr`.
  case addressIndex(UInt64)
  case constant(UInt64)
  /// An offset in `.debug_info`.
  case entry(UInt64)
  case text(TextReference)
  /// An index into the unit's part of `.debug_str_offsets`.
  case textIndex(UInt64)
  case sectionOffset(UInt64)
  /// An index into the unit's part of `.debug_rnglists`.
  case listIndex(UInt64)
  case other

  var constant: UInt64? { if case .constant(let value) = self { value } else { nil } }
  var entry: UInt64? { if case .entry(let offset) = self { offset } else { nil } }

  /// An offset in another section; early versions write it as a plain number.
  var sectionOffset: UInt64? {
    switch self {
    case .sectionOffset(let offset), .constant(let offset): offset
    default: nil
    }
  }
}

extension ByteCursor {
  /// Reads a value.
  ///
  /// - Parameters:
  ///   - implicit: The value of an attribute that the abbreviation itself holds.
  ///   - unit: Where in `.debug_info` the references of the unit count from.
  mutating func value(
    _ form: Form, implicit: Int64 = 0, unit: Int, encoding: UnitEncoding, sections: DebugSections
  ) throws(MalformedData) -> AttributeValue {
    switch form {
    case .address: return .address(try read(UInt64.self))
    case .data1, .data2, .data4, .data8, .flag: return .constant(try unsigned(size: form.size(encoding) ?? 0))
    case .signed: return .constant(UInt64(bitPattern: try signedLEB()))
    case .unsigned: return .constant(try unsignedLEB())
    case .flagPresent: return .constant(1)
    case .implicitConstant: return .constant(UInt64(bitPattern: implicit))
    case .string: return .text(try text())
    case .stringOffset:
      return .text(TextReference(section: sections.strings, offset: try unsigned(size: encoding.offsetSize)))
    case .lineStringOffset:
      return .text(TextReference(section: sections.lineStrings, offset: try unsigned(size: encoding.offsetSize)))
    case .stringIndex, .gnuStringIndex: return .textIndex(try unsignedLEB())
    case .stringIndex1, .stringIndex2, .stringIndex3, .stringIndex4:
      return .textIndex(try unsigned(size: form.size(encoding) ?? 0))
    case .addressIndex, .gnuAddressIndex: return .addressIndex(try unsignedLEB())
    case .addressIndex1, .addressIndex2, .addressIndex3, .addressIndex4:
      return .addressIndex(try unsigned(size: form.size(encoding) ?? 0))
    case .reference1, .reference2, .reference4, .reference8:
      return .entry(UInt64(unit) &+ (try unsigned(size: form.size(encoding) ?? 0)))
    case .referenceUnsigned: return .entry(UInt64(unit) &+ (try unsignedLEB()))
    case .referenceAddress: return .entry(try unsigned(size: form.size(encoding) ?? 0))
    case .sectionOffset: return .sectionOffset(try unsigned(size: encoding.offsetSize))
    case .rangeListIndex: return .listIndex(try unsignedLEB())
    case .indirect:
      guard let direct = Form(rawValue: try unsignedLEB()), direct != .indirect else { throw MalformedData() }
      return try value(direct, implicit: implicit, unit: unit, encoding: encoding, sections: sections)
    default:
      try skipBytes(of: form, encoding)
      return .other
    }
  }

  /// Passes a value of a form that is never looked at.
  private mutating func skipBytes(of form: Form, _ encoding: UnitEncoding) throws(MalformedData) {
    switch form {
    case .block1: try skip(UInt64(try read(UInt8.self)))
    case .block2: try skip(UInt64(try read(UInt16.self)))
    case .block4: try skip(UInt64(try read(UInt32.self)))
    case .block, .expression: try skip(try unsignedLEB())
    case .locationListIndex: _ = try unsignedLEB()
    default:
      guard let size = form.size(encoding) else { throw MalformedData() }
      try skip(size)
    }
  }
}
