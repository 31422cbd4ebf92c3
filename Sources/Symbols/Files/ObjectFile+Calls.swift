extension ObjectFile {
  /// The calls at instructions, with the functions inlined there, the innermost first.
  ///
  /// - Parameter addresses: As the file counts them.
  /// - Returns: What is known; an address of which nothing is known is missing.
  package func calls(at addresses: [UInt64]) -> [UInt64: [CallSite]] {
    let index = UnitIndex(sections)
    var names = FunctionNames(index)
    var result: [UInt64: [CallSite]] = [:]
    for (number, inUnit) in index.addressesOfUnits(addresses.sorted()) {
      let sites = calls(in: index.units[number], at: inUnit, &names)
      for (address, calls) in zip(inUnit, sites) { result[address] = calls }
    }
    nameFromSymbols(addresses, &result, &names)
    let nothing = [CallSite(function: "", file: "", line: 0, column: 0)]
    return result.filter { $0.value != nothing }
  }

  /// The calls at instructions of one unit; the last function of a call is nameless where only its symbol is known.
  private func calls(
    in unit: CompilationUnit, at addresses: [UInt64], _ names: inout FunctionNames
  ) -> [[CallSite]] {
    let scopes = try? FunctionScopes(unit, at: addresses)
    var lines = unit.lineProgram.flatMap { try? LineTable(unit, at: $0) }
    return addresses.enumerated().map { position, address in
      var place = CallSite(function: "", file: "", line: 0, column: 0)
      if let row = lines?.row(at: address) {
        place.file = lines?.path(row.file) ?? ""
        (place.line, place.column) = (Int(row.line), Int(row.column))
      }
      var result: [CallSite] = []
      for scope in scopes?.chain(at: position) ?? [] {
        place.function = names.name(of: scope.entry)
        result.append(place)
        if !scope.isInlined { return result }
        place = unit.call(of: scope.entry, &lines)
      }
      return result + [place]
    }
  }

  /// Completes calls by the names of symbols.
  private func nameFromSymbols(
    _ addresses: [UInt64], _ result: inout [UInt64: [CallSite]], _ names: inout FunctionNames
  ) {
    var nameless = addresses.filter { result[$0]?.last?.function.isEmpty ?? true }
    for table in symbols {
      let found = table.names(of: nameless)
      for (address, name) in found {
        var sites = result[address] ?? [CallSite(function: "", file: "", line: 0, column: 0)]
        sites[sites.count - 1].function = names.demangled(name)
        result[address] = sites
      }
      nameless.removeAll { found[$0] != nil }
    }
  }
}

extension CompilationUnit {
  /// Where the function at an entry was inlined; the function there has yet to be named.
  fileprivate func call(of entry: Int, _ lines: inout LineTable?) -> CallSite {
    var (file, site): (UInt64?, CallSite) = (nil, CallSite(function: "", file: "", line: 0, column: 0))
    try? forEachAttribute(at: entry) { attribute, value in
      switch attribute {
      case .callFile: file = value.constant
      case .callLine: site.line = value.constant.flatMap { Int(exactly: $0) } ?? 0
      case .callColumn: site.column = value.constant.flatMap { Int(exactly: $0) } ?? 0
      default: break
      }
    }
    if let file { site.file = lines?.path(file) ?? "" }
    return site
  }
}
