/// The functions of a unit around some of its instructions, called or inlined.
struct FunctionScopes {
  /// A function's code, or what of it was inlined at one place.
  struct Scope {
    /// The offset in `.debug_info`.
    var entry: Int
    var isInlined: Bool
    /// What the scope is in, as a position before its own; -1 for those on their own.
    fileprivate var outer: Int
  }

  private var scopes: [Scope] = []
  private var innermost: [Int]
  private let addresses: [UInt64]

  /// - Parameter addresses: In ascending order.
  init(_ unit: CompilationUnit, at addresses: [UInt64]) throws(MalformedData) {
    self.addresses = addresses
    innermost = Array(repeating: -1, count: addresses.count)
    var cursor = try unit.entries(at: unit.header.firstEntry)
    var enclosing: [Int] = []
    var current = -1
    while !cursor.isAtEnd {
      let entry = cursor.offset
      let code = try cursor.unsignedLEB()
      if code == 0 {
        guard let outer = enclosing.popLast(), !enclosing.isEmpty else { return }
        current = outer
        continue
      }
      guard let abbreviation = unit.abbreviations[code] else { throw MalformedData() }
      var inner = current
      if let tag = abbreviation.tag {
        inner = scopes.count
        scopes.append(Scope(entry: entry, isInlined: tag == .inlinedSubroutine, outer: current))
        try claimAddresses(of: abbreviation, &cursor, unit)
      } else {
        try unit.skipAttributes(of: abbreviation, &cursor)
      }
      if abbreviation.hasChildren {
        enclosing.append(current)
        current = inner
      }
    }
  }

  /// Makes the last scope the innermost one of the addresses in its code; whatever holds them too came before.
  private mutating func claimAddresses(
    of abbreviation: Abbreviation, _ cursor: inout ByteCursor, _ unit: CompilationUnit
  ) throws(MalformedData) {
    var extent = AddressExtent()
    try unit.readAttributes(of: abbreviation, &cursor) { attribute, value in
      switch attribute {
      case .lowAddress: extent.low = value
      case .highAddress: extent.high = value
      case .ranges: extent.ranges = value
      default: break
      }
    }
    let scope = scopes.count - 1
    try unit.forEachRange(extent) { low, high in
      var place = addresses.partitioningIndex { $0 >= low }
      while place < addresses.count, addresses[place] < high {
        innermost[place] = scope
        place += 1
      }
    }
  }

  /// The scopes around the address at a position, from the innermost to the function that was really called.
  func chain(at position: Int) -> [Scope] {
    var result: [Scope] = []
    var next = innermost[position]
    while next >= 0 {
      result.append(scopes[next])
      next = scopes[next].isInlined ? scopes[next].outer : -1
    }
    return result
  }
}
