/// The symbols of a file, for functions without debug information.
struct SymbolTable {
  private struct Function {
    var address: UInt64
    var size: UInt64
    var name: UInt32
  }

  private let symbols: UnsafeRawBufferPointer
  private let names: UnsafeRawBufferPointer

  /// Nil for sections that hold no symbols.
  init?(_ header: SectionHeader, in headers: [SectionHeader]) {
    guard header.kind == SectionHeader.symbolTable || header.kind == SectionHeader.dynamicSymbolTable,
      headers.indices.contains(header.link)
    else { return nil }
    (symbols, names) = (header.contents, headers[header.link].contents)
  }

  /// The linkage names of the functions that hold `addresses`.
  func names(of addresses: [UInt64]) -> [UInt64: String] {
    guard !addresses.isEmpty, let functions = try? functions() else { return [:] }
    var result: [UInt64: String] = [:]
    for address in addresses {
      let next = functions.partitioningIndex { $0.address > address }
      guard next > 0, case let function = functions[next - 1] else { continue }
      // A size of zero says that it is not known.
      if function.size > 0 && address - function.address >= function.size { continue }
      result[address] = TextReference(section: names, offset: UInt64(function.name)).string
    }
    return result
  }

  private func functions() throws(MalformedData) -> [Function] {
    let (kindOfFunction, kindOfIndirectFunction): (UInt8, UInt8) = (2, 10)
    var cursor = try ByteCursor(symbols)
    var result: [Function] = []
    while cursor.remaining >= 24 {
      let name = try cursor.read(UInt32.self)
      let kind = try cursor.read(UInt8.self) & 15
      try cursor.skip(1)
      let section = try cursor.read(UInt16.self)
      let (address, size) = (try cursor.read(UInt64.self), try cursor.read(UInt64.self))
      guard section != 0, kind == kindOfFunction || kind == kindOfIndirectFunction else { continue }
      result.append(Function(address: address, size: size, name: name))
    }
    return result.sorted { $0.address < $1.address }
  }
}
