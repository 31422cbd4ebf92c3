/// The names of functions, by their entries.
struct FunctionNames {
  private let index: UnitIndex
  private var demangler = Demangler()
  private var known: [Int: String] = [:]

  init(_ index: UnitIndex) { self.index = index }

  /// The name of the function whose entry is at an offset in `.debug_info`; empty where there is none.
  mutating func name(of entry: Int) -> String {
    if let name = known[entry] { return name }
    let name = linkageName(of: entry).map { demangler.demangled($0) } ?? ""
    known[entry] = name
    return name
  }

  mutating func demangled(_ linkageName: String) -> String { demangler.demangled(linkageName) }

  /// The name for linkers, else the one in the source, of an entry or of those that it completes.
  private func linkageName(of entry: Int) -> String? {
    var (offset, plainName): (Int, String?) = (entry, nil)
    // An inlined call leads to its function, that to a specialization's origin, that to a declaration.
    for _ in 0..<8 {
      guard let unit = index.unit(holding: offset) else { return plainName }
      var (linkage, plain, origin): (AttributeValue?, AttributeValue?, UInt64?) = (nil, nil, nil)
      let read: Void? = try? unit.forEachAttribute(at: offset) { attribute, value in
        switch attribute {
        case .linkageName, .earlyLinkageName: linkage = value
        case .name: plain = value
        case .abstractOrigin, .specification: origin = value.entry
        default: break
        }
      }
      guard read != nil else { return plainName }
      if let name = linkage.flatMap(unit.string) { return name }
      plainName = plainName ?? plain.flatMap(unit.string)
      guard let next = origin.flatMap({ Int(exactly: $0) }) else { return plainName }
      offset = next
    }
    return plainName
  }
}
