/// How the value of an attribute is written (DWARF 5, table 7.6, and what GNU tools wrote before it).
enum Form: UInt64 {
  case address = 0x01
  case block2 = 0x03
  case block4, data2, data4, data8, string, block, block1, data1, flag, signed, stringOffset, unsigned
  case referenceAddress, reference1, reference2, reference4, reference8, referenceUnsigned
  case indirect, sectionOffset, expression, flagPresent, stringIndex, addressIndex
  case referenceSupplement4, stringSupplement, data16, lineStringOffset, referenceSignature, implicitConstant
  case locationListIndex, rangeListIndex, referenceSupplement8
  case stringIndex1, stringIndex2, stringIndex3, stringIndex4
  case addressIndex1, addressIndex2, addressIndex3, addressIndex4
  case gnuAddressIndex = 0x1f01
  case gnuStringIndex
  case gnuReferenceAlternate = 0x1f20
  case gnuStringAlternate

  /// The number of bytes, where it is the same for all values.
  func size(_ encoding: UnitEncoding) -> Int? {
    switch self {
    case .flagPresent, .implicitConstant: 0
    case .data1, .flag, .reference1, .stringIndex1, .addressIndex1: 1
    case .data2, .reference2, .stringIndex2, .addressIndex2: 2
    case .stringIndex3, .addressIndex3: 3
    case .data4, .reference4, .stringIndex4, .addressIndex4, .referenceSupplement4: 4
    case .address, .data8, .reference8, .referenceSignature, .referenceSupplement8: 8
    case .data16: 16
    case .stringOffset, .sectionOffset, .stringSupplement, .lineStringOffset, .gnuReferenceAlternate,
      .gnuStringAlternate:
      encoding.offsetSize
    case .referenceAddress: encoding.version == 2 ? 8 : encoding.offsetSize
    case .block2, .block4, .string, .block, .block1, .signed, .unsigned, .referenceUnsigned, .indirect, .expression,
      .stringIndex, .addressIndex, .locationListIndex, .rangeListIndex, .gnuAddressIndex, .gnuStringIndex:
      nil
    }
  }
}

/// What the width of some forms depends on.
struct UnitEncoding: Hashable {
  var version: UInt16
  /// 8 in the 64-bit format of DWARF, else 4.
  var offsetSize: Int
}
