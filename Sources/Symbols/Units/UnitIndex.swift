/// The units of a file.
struct UnitIndex {
  /// By their offsets; those that cannot be read are missing.
  let units: [CompilationUnit]

  init(_ sections: DebugSections) {
    var units: [CompilationUnit] = []
    var tables: [TableKey: AbbreviationTable] = [:]
    var offset = 0
    while offset < sections.entries.count, let end = UnitHeader.end(of: sections.entries, at: offset) {
      if let unit = try? UnitIndex.unit(sections, at: offset, &tables) { units.append(unit) }
      offset = end
    }
    self.units = units
  }

  private struct TableKey: Hashable {
    var offset: UInt64
    var encoding: UnitEncoding
  }

  private static func unit(
    _ sections: DebugSections, at offset: Int, _ tables: inout [TableKey: AbbreviationTable]
  ) throws(MalformedData) -> CompilationUnit? {
    let header = try UnitHeader(sections.entries, at: offset)
    guard header.holdsCode else { return nil }
    let key = TableKey(offset: header.abbreviations, encoding: header.encoding)
    let table =
      if let known = tables[key] { known } else {
        try AbbreviationTable(sections.abbreviations, at: header.abbreviations, header.encoding)
      }
    tables[key] = table
    return try CompilationUnit(header, table, sections)
  }

  /// The unit that holds an offset in `.debug_info`.
  func unit(holding offset: Int) -> CompilationUnit? {
    let next = units.partitioningIndex { $0.header.offset > offset }
    guard next > 0, case let unit = units[next - 1], offset < unit.header.end else { return nil }
    return unit
  }

  /// The addresses in the code of each unit.
  ///
  /// - Parameter addresses: In ascending order, and so is each result.
  /// - Returns: By positions in ``units``; an address belongs to the first unit that claims it.
  func addressesOfUnits(_ addresses: [UInt64]) -> [Int: [UInt64]] {
    var owner = [Int?](repeating: nil, count: addresses.count)
    for (number, unit) in units.enumerated() {
      try? unit.forEachRange(unit.extent) { low, high in
        var place = addresses.partitioningIndex { $0 >= low }
        while place < addresses.count, addresses[place] < high {
          owner[place] = owner[place] ?? number
          place += 1
        }
      }
    }
    var result: [Int: [UInt64]] = [:]
    for (address, unit) in zip(addresses, owner) {
      if let unit { result[unit, default: []].append(address) }
    }
    return result
  }
}
