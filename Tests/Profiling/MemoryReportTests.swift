import MartletProfiling
import Testing

@Suite struct MemoryReportTests {
  /// Without the 1,000 bytes in which conv1 works.
  private var withoutWorkspace: Profile {
    var profile = SampleProfile.make()
    profile.programs[0].kernels[0].workspaceBytes = 0
    return profile
  }

  @Test func `what kernels work in counts while they run`() throws {
    let report = try MemoryReport(SampleProfile.make())
    #expect(report.peakBytes == 432 + 1000 && report.peakNanoseconds == 150_000)
    #expect(report.byKind.map(\.name) == ["workspace", "saved for backward"])
    #expect(report.holders.map(\.name) == ["conv1/Conv2D, workspace", "conv1/Conv2D, saved for backward"])
    #expect(report.byLine.map(\.name) == ["Model.swift:10:callAsFunction"])
  }

  @Test func `the peak is that of the timeline, not a sum of peaks`() throws {
    // Of conv1's 432 bytes, scale's 384 and the gradient's 648 the first ends before the last begins.
    let report = try MemoryReport(withoutWorkspace)
    #expect(report.peakBytes == 384 + 648)
    #expect(report.peakStep == 7)
    #expect(report.peakNanoseconds == 450_000, "the gradient begins 300 µs after the run")
    #expect(report.holders.map(\.name) == ["conv1/Conv2D_gradient, temporary", "conv2/scale, temporary"])
    #expect(report.byLayer.map(\.name) == ["conv1", "conv2"])
    #expect(report.byLine.map(\.name) == ["Model.swift:10:callAsFunction", "Model.swift:12:callAsFunction"])
    #expect(report.byKind.map(\.bytes) == [1032])
  }

  @Test func `memory that outlives runs counts while it lives, and what is in both lists counts once`() throws {
    var profile = withoutWorkspace
    profile.memory.allocations = [
      AllocationRecord(name: "DW", bytes: 1000, kind: .variable),
      AllocationRecord(name: "old", bytes: 5000, kind: .input, endNanoseconds: 200_000),
      AllocationRecord(name: "late", bytes: 70, kind: .output, startNanoseconds: 460_000),
    ]
    profile.programs[0].buffers[1].isAllocatedOutside = true
    // At 150 µs conv1 begins beside DW and the old input.
    let report = try MemoryReport(profile)
    #expect(report.peakBytes == 6432 && report.peakNanoseconds == 150_000)
    #expect(report.byKind.map(\.name) == ["input", "variable", "saved for backward"])
    #expect(try MemoryReport(profile, step: 8).peakBytes == 1000 + 70 + 648)
  }

  @Test func `what ends makes room before something else begins`() throws {
    var profile = withoutWorkspace
    profile.memory.allocations = [
      AllocationRecord(name: "a", bytes: 9000, kind: .cache, endNanoseconds: 100),
      AllocationRecord(name: "b", bytes: 9000, kind: .cache, startNanoseconds: 100, endNanoseconds: 200),
    ]
    #expect(try MemoryReport(profile).peakBytes == 9000)
  }

  @Test func `fragmentation is what was reserved and not used at the peak`() throws {
    var profile = withoutWorkspace
    #expect(try MemoryReport(profile).fragmentation == nil)
    profile.memory.samples = [
      MemorySample(nanoseconds: 500_000, reservedBytes: 2064), MemorySample(nanoseconds: 900_000, reservedBytes: 9999),
    ]
    let report = try MemoryReport(profile)
    #expect(report.fragmentation == 0.5)
    // The arena has 1,600 bytes; kernels 2 holds the most, 1,032 of them.
    #expect(report.arenaWaste.map(\.bytes) == [1600 - 1032])
    #expect(report.description.contains("Reserved then: 2.06KB, of which 50.00% unused; at most 10.00KB"))
    #expect(report.description.contains("648B   62.79%  conv1/Conv2D_gradient, temporary"))
  }

  @Test func `a comparison shows what is held at the end and was not before`() throws {
    func profile(_ bytes: Int) -> Profile {
      var profile = SampleProfile.make()
      profile.memory.allocations = [
        AllocationRecord(name: "DW", bytes: 100_000, kind: .variable),
        AllocationRecord(name: "kept", bytes: bytes, kind: .output, startNanoseconds: 5, stack: 1),
        AllocationRecord(name: "gone", bytes: bytes, kind: .output, startNanoseconds: 5, endNanoseconds: 9, stack: 2),
      ]
      return profile
    }
    let diff = ProfileDiff(profile(10_000), profile(50_000))
    #expect(diff.heldMore == [MemoryReport.Share(name: "Model.swift:11:callAsFunction", bytes: 40_000)])
    #expect(diff.description.contains("40.00KB  Model.swift:11:callAsFunction"))
    #expect(ProfileDiff(profile(50_000), profile(50_000)).heldMore.isEmpty)
  }
}
