import MartletKernels
import Testing

extension KernelTests {
  @Suite struct GroupMomentsTests {
    struct Case: Sendable, CustomTestStringConvertible {
      var batch: Int, positions: Int, channels: Int, groups: Int
      var testDescription: String { "[\(batch), \(positions), \(channels)] in \(groups)" }
      var count: Int { batch * positions * channels }
    }

    // Single blocks, an odd row behind whole blocks, channels that fill no vector, examples in parts.
    static let cases = [
      Case(batch: 2, positions: 2, channels: 16, groups: 4), Case(batch: 3, positions: 65, channels: 64, groups: 8),
      Case(batch: 1, positions: 457, channels: 18, groups: 3), Case(batch: 2, positions: 3, channels: 5000, groups: 2),
      Case(batch: 2, positions: 4097, channels: 32, groups: 32),
      Case(batch: 1, positions: 2, channels: 70_000, groups: 7),
    ]

    private func run(_ it: Case, _ values: [Float]) -> (status: Int32, means: [Float], variances: [Float]) {
      var means = [Float](repeating: .nan, count: it.batch * it.groups), variances = means
      let status = martlet_group_moments_f32(
        it.batch, it.positions, it.channels, it.groups, values, &means, &variances)
      return (status, means, variances)
    }

    /// Two passes in float 64.
    private func expected(_ it: Case, _ values: [Float]) -> (means: [Double], variances: [Double]) {
      let width = it.channels / it.groups
      var means: [Double] = [], variances: [Double] = []
      for example in 0..<it.batch {
        for group in 0..<it.groups {
          let members = (0..<it.positions * width).map { index in
            let (position, channel) = (index / width, group * width + index % width)
            return Double(values[(example * it.positions + position) * it.channels + channel])
          }
          let mean = members.reduce(0, +) / Double(members.count)
          means.append(mean)
          variances.append(members.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(members.count))
        }
      }
      return (means, variances)
    }

    @Test(arguments: cases, availableISAs)
    func `mean and variance are those of two passes in float 64`(it: Case, isa: martlet_isa) {
      var numbers = Numbers(seed: UInt64(it.count))
      // Far from zero, where sums of squares would lose the variance.
      let values = numbers.floats(it.count).map { $0 + 30 }
      let (means, variances) = expected(it, values)
      let found = withISA(isa) { run(it, values) }
      #expect(found.status == 0)
      // One rounding of the mean, and differences rounded to the last place of 30.
      #expect(distance(found.means, means) < 1e-6)
      #expect(distance(found.variances, variances) < 1e-6)
    }

    @Test(arguments: cases) func `bits are the same for any number of threads`(it: Case) {
      var numbers = Numbers(seed: 7)
      let values = numbers.floats(it.count)
      let alone = withThreads(1) { run(it, values) }
      for threads in [2, 3] {
        let found = withThreads(threads) { run(it, values) }
        #expect(found.means.map(\.bitPattern) == alone.means.map(\.bitPattern))
        #expect(found.variances.map(\.bitPattern) == alone.variances.map(\.bitPattern))
      }
    }
  }
}
