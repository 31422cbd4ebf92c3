import MartletGraph
import MartletProfiling
import Testing

/// Each checker on a profile made for it, and none of it on one without the trouble.
@Suite struct AdviceTests {
  private func advice(_ checker: AdviceChecker, _ change: (inout Profile) -> Void = { _ in }) -> [Advice] {
    var profile = SampleProfile.make()
    change(&profile)
    return profile.advice([checker])
  }

  private func evidence(_ advice: Advice?, _ name: String) -> Double? {
    advice?.evidence.first { $0.name.hasPrefix(name) }?.value
  }

  @Test func `an idle accelerator is found in the last step`() {
    // It is busy 300 of 1,200 µs, though all the time from its first to its last kernel.
    let found = advice(.acceleratorUtilization)
    #expect(evidence(found.first, "busy of the step") == 0.25 && found.first?.largestGain == 0.75)
    #expect(evidence(found.first, "busy from") == 1)
    #expect(advice(.acceleratorUtilization) { $0.programs[0].operations[7].device = "cpu:0" }.isEmpty)
  }

  @Test func `a normalization in pieces, and odd channels on an accelerator`() {
    let pieces = advice(.operation) { profile in
      for i in [4, 5, 9] { profile.programs[0].operations[i].layerPath = "block/norm" }
      profile.programs[0].operations[7].device = "cpu:0"
    }
    #expect(pieces.map(\.places) == [["train: block/norm, 3 kernels"]])
    let channels = advice(.operation)
    #expect(channels.map(\.places) == [["conv1/Conv2D_gradient"]], "6 is no multiple of 8")
  }

  @Test func `the costliest kinds, layers and lines are named`() {
    let found = advice(.expensiveOperation) { profile in
      for i in profile.steps.indices {
        let run = profile.steps[i].runs[0]
        // All times a hundred times longer, so that lines take more than a millisecond.
        profile.steps[i].runs[0].kernels = run.kernels.map {
          KernelTime(kernel: $0.kernel, startNanoseconds: 0, endNanoseconds: $0.nanoseconds * 100)
        }
      }
    }
    #expect(evidence(found.first, "kind conv") == 675.0 / 810)
    #expect(evidence(found.first, "layer conv1") == 450.0 / 810)
    #expect(found.first?.places.first == "main.swift:3:main, 80.00ms")
    #expect(found.first?.places.contains("  Model.swift:10:callAsFunction, 50.00ms") == true)
  }

  @Test func `waits outside of kernels are the job's`() {
    // 100 of 1,000 and 100 of 1,200 µs.
    #expect(advice(.job).isEmpty)
    let found = advice(.job) { profile in
      profile.steps[0].waits.append(Wait(kind: .collective, startNanoseconds: 0, endNanoseconds: 220_000))
      profile.steps[0].processorNanoseconds = 1_100_000
      profile.memory.samples = [MemorySample(nanoseconds: 0, reservedBytes: 0, residentBytes: 4096)]
    }
    #expect(evidence(found.first, "waiting for other") == 0.1)
    #expect(evidence(found.first, "use of the threads") == 1_100_000.0 / (2_200_000 * 2))
    #expect(evidence(found.first, "memory of the process") == 4096)
  }

  @Test func `programs compiled again and again`() {
    let churn: (inout Profile) -> Void = { profile in
      profile.steps += [profile.steps[1], profile.steps[1]]
      for i in 2..<4 {
        profile.steps[i].waits = [Wait(kind: .compile, startNanoseconds: 0, endNanoseconds: 230_000, stack: 0)]
      }
    }
    let found = advice(.recompilation, churn)
    #expect(evidence(found.first, "of all time") == 0.1 && found.first?.proposal == .compileStep)
    #expect(found.first?.places == ["Model.swift:10:callAsFunction"])
    let shapes = advice(.recompilation) { profile in
      churn(&profile)
      profile.programs.append(profile.programs[0])
    }
    #expect(shapes.first?.proposal == .roundLengths(toMultipleOf: 64))
    #expect(advice(.recompilation).isEmpty)
  }

  @Test func `reads that wait are found at their lines`() {
    let found = advice(.reads) {
      $0.steps[0].waits.append(Wait(kind: .read, startNanoseconds: 0, endNanoseconds: 220_000, stack: 1))
    }
    #expect(found.first?.proposal == .readLess(lines: ["Model.swift:11:callAsFunction"]))
    #expect(evidence(found.first, "of all time") == 0.1 && evidence(found.first, "reads in a step") == 0.5)
    // Without the read the 200 µs of waiting for input could pass while the program runs.
    #expect(found.first?.largestGain == 200.0 / 2200)
    #expect(advice(.reads).isEmpty)
  }

  @Test func `a storm of tiny kernels`() {
    let found = advice(.tinyOperations) { profile in
      let run = profile.steps[0].runs[0]
      let times = (0..<100).map { i in
        KernelTime(kernel: 0, startNanoseconds: 150_000 + i * 6000, endNanoseconds: 154_000 + i * 6000)
      }
      profile.steps = [profile.steps[0]]
      profile.steps[0].runs = [
        ProgramRun(program: 0, startNanoseconds: 150_000, endNanoseconds: 750_000, kernels: times)
      ]
      _ = run
    }
    #expect(evidence(found.first, "such kernels") == 100)
    #expect(evidence(found.first, "gaps") == 200_000)
    #expect(found.first?.largestGain == 0.6)
    #expect(advice(.tinyOperations).isEmpty)
  }

  @Test func `copies and transposes are added up`() {
    let found = advice(.copies) { $0.programs[0].operations[5].type = "transpose" }
    #expect(evidence(found.first, "of all time") == 450_000.0 / 2_200_000)
    #expect(found.first?.places == ["Model.swift:11:callAsFunction, 225us in a step"])
    #expect(advice(.copies).isEmpty)
  }

  @Test func `contractions in float32 where bfloat16 is faster`() {
    let found = advice(.elementType) {
      $0.machine.computePeaks.append(ComputePeak(.bfloat16, threads: 2, floatingPointOperationsPerSecond: 4e9))
    }
    #expect(found.first?.proposal == .elementType(.bfloat16, layers: ["conv1", "conv2"]))
    // Contractions take 675 of 1,100 µs and would take a quarter.
    #expect(found.first?.largestGain?.isApproximately(675.0 / 1100 * 0.75) == true)
    #expect(advice(.elementType).isEmpty, "no peak of bfloat16 is known")
  }

  @Test func `parameters that are not read, or never change`() {
    #expect(advice(.parameters).isEmpty)
    let found = advice(.parameters) { profile in
      profile.variables[0].isRead = false
      profile.variables[1].isUpdated = false
    }
    #expect(found.map(\.proposal) == [.removeParameters(["DW"]), .inspect])
    #expect(evidence(found.first, "of all elements") == 162.0 / 451)
    #expect(found.last?.places == ["DW2"])
  }

  @Test func `padding and waiting for input`() {
    let padding = advice(.padding) { profile in
      for i in profile.steps.indices { (profile.steps[i].tokens, profile.steps[i].paddedTokens) = (100, 25) }
    }
    #expect(padding.first?.proposal == .bucketByLength && padding.first?.largestGain == 0.25)
    #expect(advice(.padding).isEmpty)
    let input = advice(.input)
    #expect(input.first?.proposal == .prefetch(batches: 4))
    #expect(input.first?.largestGain == 200.0 / 2200)
    #expect(advice(.input) { for i in $0.steps.indices { $0.steps[i].waits = [] } }.isEmpty)
  }

  @Test func `threads that are not used, or wait`() {
    #expect(advice(.threads).isEmpty)
    #expect(advice(.threads) { $0.machine.processors = 8 }.first?.proposal == .threads(8))
    let waiting = advice(.threads) { profile in
      (profile.machine.threads, profile.machine.processors) = (8, 8)
      for i in profile.steps.indices { profile.steps[i].processorNanoseconds = 2_200_000 }
    }
    #expect(waiting.first?.proposal == .threads(2))
  }

  @Test func `small batches where memory is free`() {
    let found = advice(.batchSize) { profile in
      for i in profile.steps.indices { profile.steps[i].examples = 4 }
      profile.machine.memoryBytes = 1 << 20
    }
    #expect(found.first?.proposal == .batchSize(8))
    #expect(advice(.batchSize) { for i in $0.steps.indices { $0.steps[i].examples = 4 } }.isEmpty, "no memory is known")
  }

  @Test func `memory for time, and time for memory`() {
    let full = advice(.checkpointing) { profile in
      profile.programs[0].buffers[2].kind = .savedForBackward
      profile.memory.budgetBytes = 1200
    }
    #expect(full.first?.proposal == .checkpoint(layers: ["conv1"]))
    let free = advice(.checkpointing) { profile in
      profile.programs[0].operations[5].isRecomputation = true
      profile.memory.budgetBytes = 1 << 20
    }
    #expect(free.first?.proposal == .keepResults(layers: ["conv2"]))
    #expect(free.first?.largestGain == 450_000.0 / 2_200_000)
    #expect(advice(.checkpointing).isEmpty)
  }

  @Test func `the report names those that found nothing, and says that advice is a guess`() {
    let report = SampleProfile.make().adviceReport()
    #expect(report.contains("input: The program waits for batches.\n  of all time: 9.09%"))
    #expect(report.contains("  Try: prepare 4 batches ahead; it saves at most 9.09% of a step.\n"))
    #expect(report.contains("Nothing found by: ") && report.contains("padding"))
    #expect(report.hasSuffix("Advice is a guess until it has been tried.\n"))
    #expect(Profile().adviceReport() == "There is no advice without a recorded step.\n")
  }
}
