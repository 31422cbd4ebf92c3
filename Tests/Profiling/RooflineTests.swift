import MartletProfiling
import Testing

@Suite struct RooflineTests {
  @Test func `a kernel is bound by the slower of arithmetic and memory`() throws {
    let roofline = try Roofline(SampleProfile.make())
    let conv1 = try #require(roofline.points.first { $0.name == "conv1" })
    // 5,832 operations at 10⁹ a second take 5.832 µs; 1,944 bytes at 10⁸ take 19.44 µs. A run takes 150 µs.
    #expect(conv1.bytes == 1944 && conv1.intensity == 3)
    #expect(try #require(conv1.leastNanoseconds).isApproximately(19_440))
    #expect(!conv1.isComputeBound && conv1.level == "memory")
    #expect(try #require(conv1.achieved).isApproximately(0.1296))
    #expect(conv1.wastedNanoseconds.isApproximately(150_000 - 19_440))
    #expect(conv1.operationsPerSecond.isApproximately(5832 / 150e-6))
    #expect(conv1.line == "Model.swift:10:callAsFunction" && conv1.layerPath == "conv1")
  }

  @Test func `what stays inside a fused kernel is not moved`() throws {
    let fused = try #require(try Roofline(SampleProfile.make()).points.first { $0.name == "conv2+scale" })
    // In: conv1's 432 bytes, the filter's 1,152 and the scalar's 4; out: 384.
    #expect(fused.bytes == 432 + 1152 + 4 + 384)
    #expect(fused.floatingPointOperations == 4704.0)
  }

  @Test func `an operation without a count is no zero`() throws {
    let custom = try #require(try Roofline(SampleProfile.make()).points.first { $0.name == "custom" })
    #expect(custom.floatingPointOperations == nil)
    #expect(try Roofline(SampleProfile.make()).description.contains("          ?"))
  }

  @Test func `a point above its roof is called wrong`() throws {
    var profile = SampleProfile.make()
    #expect(try !Roofline(profile).points.contains(where: \.isAboveRoof))
    profile.machine.bandwidths[0].bytesPerSecond = 1e6
    let roofline = try Roofline(profile)
    #expect(roofline.points.filter(\.isAboveRoof).map(\.name).contains("conv1"))
    #expect(roofline.description.contains("Wrong: conv1 seems to reach"))
    #expect(profile.advice([.counts]).first?.places.contains("conv1") == true)
  }

  @Test func `data that fit in a cache are measured against the cache`() throws {
    var profile = SampleProfile.make()
    profile.machine.bandwidths.append(
      MemoryBandwidth(level: "L1", capacityBytes: 1 << 15, threads: 2, bytesPerSecond: 1e10))
    let conv1 = try #require(try Roofline(profile).points.first { $0.name == "conv1" })
    #expect(conv1.level == "L1" && conv1.isComputeBound, "5.8 µs of arithmetic against 0.2 µs of traffic")
  }

  @Test func `predictions stand beside what was measured, the worst first`() throws {
    let table = try PredictionTable(SampleProfile.make())
    // conv1: 150 µs of 50 predicted; conv2: 225 of 300.
    #expect(table.rows.map(\.name) == ["conv1/Conv2D", "conv2/Conv2D"])
    #expect(table.rows.map(\.ratio) == [3, 0.75])
    #expect(table.overallRatio == 375.0 / 350.0)
    // Off by the factors 3 and 4/3, whose geometric middle is 2.
    #expect(try #require(table.typicalFactor).isApproximately(2))
    #expect(table.unpredictedCount == 4)
    #expect(table.description.contains("50us       150us      3.00  conv1/Conv2D (conv)"))
  }
}
