/// The addresses of an entry's code, as its attributes write them.
struct AddressExtent {
  var low: AttributeValue?
  var high: AttributeValue?
  var ranges: AttributeValue?
}

extension CompilationUnit {
  /// Calls `body` with the first and the end address of each stretch of an entry's code.
  func forEachRange(_ extent: AddressExtent, _ body: (UInt64, UInt64) -> Void) throws(MalformedData) {
    // Linkers write address 0 for code that they left out; a loaded file has its head there.
    func checked(_ low: UInt64, _ high: UInt64) {
      if low > 0 && low < high { body(low, high) }
    }
    if let ranges = extent.ranges {
      if header.encoding.version < 5 {
        try forEachPair(atOffset: ranges.sectionOffset, checked)
      } else {
        try forEachEntry(ofList: ranges, checked)
      }
    } else if let low = extent.low.flatMap(address), let high = extent.high {
      // As a number it is the size.
      checked(low, high.constant.map { low &+ $0 } ?? address(high) ?? 0)
    }
  }

  /// Reads `.debug_ranges` (DWARF 4, section 2.17.3).
  private func forEachPair(atOffset offset: UInt64?, _ body: (UInt64, UInt64) -> Void) throws(MalformedData) {
    guard let offset else { throw MalformedData() }
    var cursor = try ByteCursor(sections.ranges, at: offset)
    var base = baseAddress
    while true {
      let (low, high) = (try cursor.read(UInt64.self), try cursor.read(UInt64.self))
      if low == 0 && high == 0 { return }
      if low == .max {
        base = high
      } else {
        body(base &+ low, base &+ high)
      }
    }
  }

  /// Reads `.debug_rnglists` (DWARF 5, section 2.17.3 and table 7.30).
  private func forEachEntry(ofList list: AttributeValue, _ body: (UInt64, UInt64) -> Void) throws(MalformedData) {
    guard let offset = offset(ofList: list) else { throw MalformedData() }
    var cursor = try ByteCursor(sections.rangeLists, at: offset)
    var base = baseAddress
    while true {
      switch try cursor.read(UInt8.self) {
      case 0: return
      case 1: base = try indexedAddress(&cursor)
      case 2: body(try indexedAddress(&cursor), try indexedAddress(&cursor))
      case 3:
        let low = try indexedAddress(&cursor)
        body(low, low &+ (try cursor.unsignedLEB()))
      case 4: body(base &+ (try cursor.unsignedLEB()), base &+ (try cursor.unsignedLEB()))
      case 5: base = try cursor.read(UInt64.self)
      case 6: body(try cursor.read(UInt64.self), try cursor.read(UInt64.self))
      case 7:
        let low = try cursor.read(UInt64.self)
        body(low, low &+ (try cursor.unsignedLEB()))
      default: throw MalformedData()
      }
    }
  }

  private func offset(ofList list: AttributeValue) -> UInt64? {
    guard case .listIndex(let index) = list else { return list.sectionOffset }
    let offset = element(
      index, of: sections.rangeLists, base: rangeListsBase, size: header.encoding.offsetSize)
    return offset.map { $0 &+ rangeListsBase }
  }

  private func indexedAddress(_ cursor: inout ByteCursor) throws(MalformedData) -> UInt64 {
    guard let address = address(atIndex: try cursor.unsignedLEB()) else { throw MalformedData() }
    return address
  }
}
