import MartletSymbols
import Testing

/// Files that are not what they say end neither the process nor the time of whoever waits.
@Suite struct HostileSymbolTests {
  @Test func `a library with any byte changed is read to an end`() throws {
    let library = try SymbolFixture.library()
    let addresses = try everyFifthInstruction()
    var generator = SplitMix(state: 7)
    var (read, same) = (0, 0)
    let intact = calls(library, addresses)
    for offset in 0..<library.count {
      let original = library[offset]
      for value in [0, 0xff, original ^ (1 << UInt8(generator.next() % 8))] where value != original {
        library[offset] = value
        let found = calls(library, addresses)
        read += 1
        same += found == intact ? 1 : 0
      }
      library[offset] = original
    }
    #expect(calls(library, addresses) == intact)
    // Some bytes matter to calls and others, code and padding among them, do not.
    #expect(same > read / 4 && same < read)
  }

  @Test func `a library cut short anywhere is read to an end`() throws {
    let library = try SymbolFixture.library()
    let addresses = try everyFifthInstruction()
    for count in 0..<library.count {
      #expect(calls(library.prefix(count), addresses).count <= addresses.count)
    }
  }

  @Test func `this program with thousands of bytes changed is read to an end`() throws {
    let original = try #require(MappedFile(path: "/proc/self/exe"))
    let size = original.withBytes(\.count)
    let addresses = Array(stride(from: 0x1000, to: UInt64(size), by: size / 100))
    var generator = SplitMix(state: 11)
    for round in 0..<4 {
      let program = original.withBytes(GuardedBytes.init)
      for _ in 0..<(1000 << round) {
        // The head is left as it is, so that the sections are found.
        let offset = 4096 + Int(generator.next() % UInt64(size - 4096))
        program[offset] = UInt8(truncatingIfNeeded: generator.next())
      }
      #expect(calls(program, addresses).count <= addresses.count)
    }
  }

  private func calls(_ file: GuardedBytes, _ addresses: [UInt64]) -> [UInt64: [CallSite]] {
    file.withBytes { ObjectFile($0)?.calls(at: addresses) ?? [:] }
  }

  private func everyFifthInstruction() throws -> [UInt64] {
    let all = try SymbolFixture.calls().keys.sorted()
    return stride(from: 0, to: all.count, by: 5).map { all[$0] }
  }
}

/// Numbers that are the same in every run (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
