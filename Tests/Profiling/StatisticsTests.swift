import MartletProfiling
import Testing

@Suite struct StatisticsTests {
  /// Steps of the given lengths in milliseconds, one kernel in each that takes nine tenths.
  private func profile(_ lengths: [Double], machine: String = "a") -> Profile {
    var profile = Profile(name: "p", machine: MachineFacts(name: machine))
    profile.programs = [
      ProgramRecord(
        name: "step", operations: [OperationRecord(name: "op", type: "add", floatingPointOperations: 1)],
        kernels: [KernelRecord(name: "add", parts: [.init(0, share: 1)])])
    ]
    var time = 0
    for (i, length) in lengths.enumerated() {
      let end = time + Int(length * 1e6)
      let kernel = KernelTime(kernel: 0, startNanoseconds: time, endNanoseconds: time + Int(length * 0.9e6))
      profile.steps.append(
        StepRecord(
          index: i, startNanoseconds: time, endNanoseconds: end,
          runs: [
            ProgramRun(program: 0, startNanoseconds: time, endNanoseconds: kernel.endNanoseconds, kernels: [kernel])
          ], examples: 8))
      time = end
    }
    return profile
  }

  @Test func `steps have a median, a spread and outliers with what they did differently`() throws {
    var profile = profile([10, 11, 10, 12, 10, 11, 40])
    profile.steps[6].waits = [
      Wait(kind: .input, startNanoseconds: 0, endNanoseconds: 25_000_000)
    ]
    let statistics = StepStatistics(profile)
    #expect(statistics.count == 7 && statistics.medianNanoseconds == 11e6)
    // Distances from 11 are 1, 0, 1, 1, 1, 0, 29: their median is 1.
    #expect(statistics.deviationNanoseconds == 1e6)
    #expect(statistics.range == 10e6...40e6)
    let outlier = try #require(statistics.outliers.first)
    #expect(statistics.outliers.count == 1 && outlier.step == 6)
    #expect(outlier.differences.map(\.name) == ["kernel: add", "wait: input", "everything else"])
    #expect(outlier.differences[1].nanoseconds == 25e6)
    #expect(statistics.description.contains("+25.00ms  wait: input"))
  }

  @Test func `throughput is the work of the median step over its time`() throws {
    var profile = SampleProfile.make()
    for i in profile.steps.indices {
      (profile.steps[i].examples, profile.steps[i].tokens, profile.steps[i].paddedTokens) = (11, 330, 110)
    }
    // The median step takes 1.1 ms; 22,524 operations of a peak of 10⁹ a second.
    let throughput = try #require(Throughput(profile))
    #expect(try #require(throughput.examplesPerSecond).isApproximately(10_000))
    #expect(try #require(throughput.tokensPerSecond).isApproximately(200_000))
    #expect(throughput.operationsPerSecond.isApproximately(22_524 / 1.1e-3))
    #expect(try #require(throughput.shareOfPeak).isApproximately(22_524 / 1.1e-3 / 1e9))
    #expect(throughput.busyShare.isApproximately(1620.0 / 2200))
    #expect(Throughput(Profile()) == nil)
  }

  @Test func `equal steps have no outliers`() {
    #expect(StepStatistics(profile([10, 10, 10, 10.1, 10])).outliers.isEmpty)
  }

  /// Probabilities of `scipy.stats.mannwhitneyu(a, b, alternative="two-sided")`, exact without ties.
  @Test(arguments: [
    ([1.0, 2, 3, 4, 5], [6.0, 7, 8, 9, 10], 0.007936507936507936),
    ([1.0, 3, 5, 7], [2.0, 4, 6, 8], 0.6857142857142857),
    ([1.0, 2, 3], [4.0, 5, 6], 0.1), ([1.0, 2, 4, 7, 9, 12], [3.0, 5, 6, 8, 20], 0.6623376623376623),
  ])
  func `the test of Mann and Whitney agrees with SciPy`(a: [Double], b: [Double], p: Double) {
    let (before, after) = (profile(a), profile(b))
    #expect(ProfileDiff(before, after).step.probability.isApproximately(p))
  }

  @Test func `samples with ties use the normal distribution`() {
    // scipy.stats.mannwhitneyu([1,1,2,2,3,3,4,4], [3,3,4,4,5,5,6,6], method="asymptotic"): 0.012556…
    let p = ProfileDiff(profile([1, 1, 2, 2, 3, 3, 4, 4]), profile([3, 3, 4, 4, 5, 5, 6, 6])).step.probability
    #expect(abs(p - 0.0126) < 0.002)
    #expect(ProfileDiff(profile([2, 2, 2]), profile([2, 2, 2])).step.probability == 1)
  }

  @Test func `a slower program is found, with exit status 1, and the kernel that is to blame`() throws {
    let before = (0..<10).map { 10 + Double($0 % 3) * 0.1 }
    let diff = ProfileDiff(profile(before), profile(before.map { $0 * 1.2 + 0.001 }))
    #expect(diff.verdict == .slower && diff.exitCode == 1)
    #expect(diff.rows[0].name == "kernel: add")
    #expect(diff.ratioRange.lowerBound > 1.15 && diff.ratioRange.upperBound < 1.25)
    #expect(diff.description.contains("Verdict: slower"))
    let reverse = ProfileDiff(profile(before.map { $0 * 1.2 }), profile(before))
    #expect(reverse.verdict == .faster && reverse.exitCode == 0)
  }

  @Test func `a change within the threshold or within chance is none`() {
    let before = (0..<10).map { 10 + Double($0) * 0.01 }
    #expect(ProfileDiff(profile(before), profile(before.map { $0 * 1.03 })).verdict == .same)
    #expect(ProfileDiff(profile(before), profile(before.map { $0 * 1.03 }), threshold: 0.02).verdict == .slower)
    #expect(ProfileDiff(profile([10, 14]), profile([20, 12])).verdict == .same, "two steps prove nothing")
  }

  @Test func `other work is no comparison, with exit status 2`() {
    var other = profile([10, 10, 10])
    other.programs[0].operations[0].type = "multiply"
    let diff = ProfileDiff(profile([10, 10, 10]), other)
    #expect(diff.verdict == .differentWork && diff.exitCode == 2)
    #expect(diff.workDifferences.contains { $0.hasPrefix("add to ") })
    var batch = profile([10, 10, 10])
    for i in batch.steps.indices { batch.steps[i].examples = 16 }
    #expect(ProfileDiff(profile([10, 10, 10]), batch).workDifferences == ["8 examples in a step before, 16 after"])
    #expect(ProfileDiff(profile([1]), profile([1], machine: "b")).conditionDifferences == ["machine a before, b after"])
    #expect(ProfileDiff(profile([]), profile([1])).verdict == .differentWork)
  }
}

@Suite struct PredictionTests {
  @Test func `errors are those of the kernels that take nearly all of the time`() throws {
    var profile = SampleProfile.make()
    // Measured on average: conv1 150 µs, conv2 with scale 300, gradient 300, update 50, custom 10.
    for (operation, micros) in [(4, 120), (5, 330), (6, 30), (7, 300), (8, 10), (9, 1)] {
      profile.programs[0].operations[operation].predictedNanoseconds = Double(micros * 1000)
    }
    let table = try PredictionTable(profile)
    #expect(table.kernels.count == 5)
    // The four longest take 800 of 810, a little less than that.
    #expect(Set(table.mainKernels.map(\.name)).count == 5)
    let errors = table.mainKernels.map { ($0.error * 100).rounded() / 100 }
    #expect(errors.sorted() == [0, 0.2, 0.2, 0.8, 0.9])
    var short = profile
    for step in short.steps.indices {
      let start = short.steps[step].runs[0].kernels[4].startNanoseconds
      short.steps[step].runs[0].kernels[4].endNanoseconds = start + 1000
    }
    #expect(try PredictionTable(short).mainKernels.count == 4)
    #expect(abs((table.medianError ?? 0) - 0.2) < 1e-9)
    #expect(table.medianErrorByTime.map { $0 <= 0.2 } == true)
    #expect(table.description.contains("Median error of the 5 kernels with 99% of the time: 20.00%"))
  }
}
