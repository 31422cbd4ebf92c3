/// The debug information of this process.
///
/// Reads the DWARF sections of the program and its libraries, each table once for all addresses that are asked, which
/// the symbolizer of the Swift runtime does once for each of them.
package struct DebugInformation: Sendable {
  package init() {}

  /// The calls that return to `addresses`, with the functions that were inlined around them.
  ///
  /// - Parameter addresses: Return addresses; the instruction before each is looked up.
  /// - Returns: For each address of which anything is known, the innermost function first: its place is that of the
  ///   instruction, the place of each further one is the call of the one before it, and the last is the function that
  ///   was really called. Where programs are not ELF files, functions alone, as the dynamic linker knows them.
  package func calls(at addresses: [UInt]) -> [UInt: [CallSite]] {
    var result: [UInt: [CallSite]] = [:]
    for (path, places) in placesOfFiles(addresses) {
      MappedFile(path: path)?.withBytes { bytes in
        guard let object = ObjectFile(bytes) else { return }
        let asked = places.compactMap { place in
          object.address(ofFileOffset: place.offset).map { (returnAddress: place.address, instruction: $0) }
        }
        let sites = object.calls(at: Array(Set(asked.map(\.instruction))))
        for place in asked { result[place.returnAddress] = sites[place.instruction] }
      }
    }
    // One address that was found in a file shows that there are files to read.
    return result.isEmpty ? DynamicSymbols.calls(at: Set(addresses)) : result
  }

  /// For each file that holds one of the calls, where in the file they are.
  private func placesOfFiles(_ addresses: [UInt]) -> [String: [(address: UInt, offset: UInt64)]] {
    let mappings = MemoryMapping.ofThisProcess()
    var result: [String: [(address: UInt, offset: UInt64)]] = [:]
    for address in Set(addresses) where address > 0 {
      let instruction = UInt64(address - 1)
      let next = mappings.partitioningIndex { $0.start > instruction }
      guard next > 0, case let mapping = mappings[next - 1], instruction < mapping.end else { continue }
      result[mapping.path, default: []].append((address, instruction - mapping.start &+ mapping.fileOffset))
    }
    return result
  }
}
