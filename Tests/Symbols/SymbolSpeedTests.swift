import MartletSymbols
import Runtime
import MartletTestSupport
import Testing

@Suite struct SymbolSpeedTests {
  @Test func `five hundred addresses of this program take a second at most`() throws {
    let frames = try captured().frames
    let here = try #require(
      frames.lazy.compactMap { UInt("\($0.adjustedProgramCounter)".dropFirst(2), radix: 16) }.first)
    var generator = SplitMix(state: 3)
    // Near this function, which the linker put among those of the tests.
    let addresses = (0..<500).map { _ in here - 32768 + UInt(generator.next() % 65536) }
    var found: [UInt: [CallSite]] = [:]
    // The best of three, because other tests run beside this one.
    let times = (0..<3).map { _ in threadTime { found = DebugInformation().calls(at: addresses) } }
    #expect(found.count > 250)
    #expect(times.min()! < .seconds(1), "\(times)")
  }
}
