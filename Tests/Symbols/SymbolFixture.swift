import MartletSymbols
import Testing

/// The files in `Tests/Fixtures/Symbols`.
enum SymbolFixture {
  static func library() throws -> GuardedBytes { try file("library.elf") }

  /// What llvm-symbolizer says of each instruction, the innermost function first.
  static func calls() throws -> [UInt64: [CallSite]] {
    var result: [UInt64: [CallSite]] = [:]
    let text = try file("calls.txt").withBytes { String(decoding: $0, as: UTF8.self) }
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      let place = fields[2].split(separator: ":")
      let address = try #require(UInt64(fields[0]))
      result[address, default: []].append(
        CallSite(
          function: String(fields[1]), file: place[0] == "??" ? "" : String(place[0]),
          line: try #require(Int(place[1])), column: try #require(Int(place[2]))))
    }
    return result
  }

  private static func file(_ name: String) throws -> GuardedBytes {
    let parts = #filePath.split(separator: "/").dropLast(2)
    let path = "/" + parts.joined(separator: "/") + "/Fixtures/Symbols/" + name
    return try #require(MappedFile(path: path)).withBytes(GuardedBytes.init)
  }
}
