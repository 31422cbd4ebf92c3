import MartletSymbols
import Testing

/// A library of DWARF 4, DWARF 5 and no debug information, by `Benchmarks/Fixtures/make_symbol_fixtures.sh`.
@Suite struct ObjectFileTests {
  @Test func `all instructions have the places that llvm-symbolizer finds`() throws {
    let expected = try SymbolFixture.calls()
    let found = try SymbolFixture.library().withBytes { bytes in
      try #require(ObjectFile(bytes)).calls(at: Array(expected.keys))
    }
    #expect(expected.count > 150)
    for (address, calls) in expected { #expect(found[address] == calls, "at \(address)") }
    #expect(Set(expected.values.map(\.count)) == [1, 2, 3])
  }

  @Test func `an address outside all functions is missing`() throws {
    let last = try #require(try SymbolFixture.calls().keys.max())
    try SymbolFixture.library().withBytes { bytes in
      let object = try #require(ObjectFile(bytes))
      #expect(object.calls(at: [0, 1, last + 1, .max]).isEmpty)
    }
  }

  @Test func `offsets in the file become addresses by the loaded segments`() throws {
    try SymbolFixture.library().withBytes { bytes in
      let object = try #require(ObjectFile(bytes))
      // `readelf -l`: the code is at offset 0x280 and address 0x1280; the file ends before 1 << 20.
      #expect(object.address(ofFileOffset: 0x280) == 0x1280)
      #expect(object.address(ofFileOffset: 1 << 20) == nil)
    }
  }

  @Test func `other files are refused`() {
    let bytes = Array("#!/bin/sh\n".utf8) + Array(repeating: 0, count: 100)
    bytes.withUnsafeBytes { #expect(ObjectFile($0) == nil) }
    #expect(MappedFile(path: "/no/such/file") == nil)
  }
}
