import MartletFormats
import MartletProfiling
import Testing

@Suite struct StorageTests {
  let profile = SampleProfile.make()

  @Test func `a profile comes back from a file as it was, with the same reports`() throws {
    var profile = profile
    profile.memory = MemoryRecord(
      allocations: [AllocationRecord(name: "DW", bytes: 648, kind: .variable, endNanoseconds: nil, stack: 0)],
      samples: [MemorySample(nanoseconds: 5, reservedBytes: 4096, residentBytes: 9000)], budgetBytes: 1 << 30)
    profile.overhead = ProfileOverhead(recordingNanoseconds: 7, droppedEvents: 2)
    profile.steps[0].waits.append(Wait(kind: .read, startNanoseconds: 1, endNanoseconds: 2, stack: 1))
    let copy = try Profile(bytes: SharedBytes(profile.serialized()))
    #expect(copy == profile)
    for kind in ViewKind.allCases {
      let options = ProfileOptions().selecting(Set(ProfileColumn.allCases))
      #expect(try copy.view(kind, options).report == profile.view(kind, options).report)
    }
  }

  @Test func `a file cut short anywhere is an error`() throws {
    let bytes = profile.serialized()
    for end in 0..<bytes.count {
      #expect(throws: FormatError.self) { try Profile(bytes: SharedBytes(Array(bytes[..<end]))) }
    }
    let text = try Gzip.decompress(SharedBytes(bytes))
    for end in stride(from: 0, to: text.count, by: 7) {
      #expect(throws: FormatError.self) { try Profile(bytes: SharedBytes(Array(text[..<end]))) }
    }
  }

  /// Every number of the text in turn becomes one that cannot be, or is far too large.
  @Test(arguments: ["-1", "9007199254740993", "4611686018427387904", "1e300", "null", "\"x\"", "[]", "{}", "3.5"])
  func `no wild value stops the program`(wild: String) throws {
    let text = try Gzip.decompress(SharedBytes(profile.serialized()))
    var starts: [Range<Int>] = []
    var place = 0
    while place < text.count {
      guard (0x30...0x39).contains(text[place]) else {
        place += 1
        continue
      }
      var end = place
      while end < text.count, (0x30...0x39).contains(text[end]) || text[end] == 0x2E { end += 1 }
      starts.append(place..<end)
      place = end
    }
    #expect(starts.count > 300)
    var errors = 0
    for range in starts {
      let changed = Array(text[..<range.lowerBound]) + Array(wild.utf8) + Array(text[range.upperBound...])
      do {
        // Some values are possible; then the reports must get along with them.
        let profile = try Profile(bytes: SharedBytes(changed))
        for kind in ViewKind.allCases { _ = try profile.view(kind).report }
        _ = try MemoryReport(profile).description + Roofline(profile).description + "\(PredictionTable(profile))"
        _ = profile.page() + profile.adviceReport() + StepStatistics(profile).description
        _ = try profile.foldedStacks() + ProfileDiff(profile, profile).description
        for output in [ProfileOutput.pprof("/dev/null/x"), .timeline("/dev/null/x")] {
          // The file cannot be written, but what would be in it is made.
          #expect(throws: FormatError.self) {
            try profile.view(.code, ProfileOptions().withOutput(output)).write { _ in }
          }
        }
      } catch is FormatError {
        errors += 1
      }
    }
    #expect(errors > 100)
  }

  @Test func `a small file cannot ask for much memory`() {
    let bomb = Gzip.compress(SharedBytes([UInt8](repeating: 0x20, count: 1 << 25)))
    #expect(bomb.count < 1 << 16)
    let error = #expect(throws: FormatError.self) { try Profile(bytes: SharedBytes(bomb)) }
    #expect(error?.kind == .limit)
  }

  @Test func `names from a file cannot command a terminal`() throws {
    var profile = profile
    (profile.name, profile.programs[0].operations[9].name) = ("a\u{1B}[2J", "b\u{9B}31mc")
    let copy = try Profile(bytes: SharedBytes(profile.serialized()))
    #expect(copy.name == "a\u{FFFD}[2J" && copy.programs[0].operations[9].name == "b\u{FFFD}31mc")
    #expect(try !copy.view(.scope).report.unicodeScalars.contains { $0.value == 27 })
  }

  @Test func `what is no profile is an error that says so`() {
    for (text, message) in [
      ("{}", "x.profile: is not a profile of Martlet"),
      (#"{"format":"martlet-profile","version":2}"#, "x.profile: is a profile of version 2, not 1"),
    ] {
      let error = #expect(throws: FormatError.self) {
        try Profile(bytes: SharedBytes(Array(text.utf8)), file: "x.profile")
      }
      #expect(error?.description == message)
    }
  }

  @Test func `an index past the end of its list is named`() throws {
    var broken = profile
    broken.programs[0].operations[4].stack = 99
    let error = #expect(throws: FormatError.self) { try Profile(bytes: SharedBytes(broken.serialized()), file: "p") }
    #expect(error?.description == "p: programs, item 0, operation 4, field 7: 99 is outside of 0...2")
  }
}
