import Martlet
import MartletZoo
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct WorkloadTests {
  static let tiny = GPTConfiguration(layers: 2, heads: 2, width: 16, context: 8, vocabulary: 32, hasBias: true)

  @Test func `every name makes its own row of the table`() throws {
    #expect(Set(Workloads.names).count == 15)
    #expect(try Workloads.make("no such workload") == nil)
  }

  @Test func `small workloads run, and their losses are numbers that fall`() throws {
    // Without a seed the first weights would depend on what other tests have built before.
    var workloads: [any Workload] = try withSeed(1) {
      [
        try MLPWorkload(), try CNNWorkload(), try GPTWorkload(Self.tiny, batchSize: 2),
        try DeepFMWorkload(categoriesPerColumn: 50),
      ]
    }
    for index in workloads.indices {
      let first = try #require(try workloads[index].step())
      var last = first
      for _ in 0..<3 { last = try #require(try workloads[index].step()) }
      #expect(last.isFinite && last < first)
    }
  }

  @Test func `functions run`() throws {
    let workloads: [any Workload] = [
      try ChainWorkload(elementCount: 1000), try SoftmaxWorkload([4, 8]), try LayerNormWorkload([4, 8]),
      try MatmulWorkload(size: 16),
    ]
    for var workload in workloads { #expect(try workload.step() == nil) }
  }

  @Test func `decoding twice gives the same token`() throws {
    let work = try DecodeWorkload(Self.tiny)
    let first = try #require(try work.step())
    #expect((0..<32).contains(first))
    #expect(try work.step() == first)
  }

  @Test func `pictures keep their size through a U-Net`() {
    let model = UNet(channels: [8, 16, 24], timeWidth: 16)
    let result = model(Tensor.normal([2, 8, 8, 3], seed: 1), time: Tensor([0.1, 0.9] as [Float]))
    #expect(result.shape == [2, 8, 8, 3])
    #expect(result.scalars(as: Float.self).allSatisfy { $0.isFinite })
  }

  @Test func `a benchmark reports the keys of the other frameworks`() throws {
    let result = try #require(try Benchmark.run("mlp", steps: 3, warmupSteps: 1))
    let keys: Set = [
      "framework", "workload", "ms", "best_ms", "per_s", "first_s", "setup_s", "rss_mb", "loss", "threads",
    ]
    #expect(Set(result.json.objectValue?.keys ?? []) == keys)
    #expect(result.bestMilliseconds > 0 && result.bestMilliseconds <= result.milliseconds)
  }
}
