/// Checkers of what surrounds the operations: devices, threads, batches, input.
extension AdviceContext {
  func acceleratorUtilization() -> [Advice] {
    // As in tfprof: the last step alone, for it is the least disturbed by warming up.
    guard let step = profile.steps.last else { return [] }
    var busy: [String: (sum: Double, first: Int, last: Int)] = [:]
    for run in step.runs {
      let program = profile.programs[run.program]
      for time in run.kernels {
        guard let part = program.kernels[time.kernel].parts.first else { continue }
        let device = program.operations[part.operation].device
        if device.hasPrefix("cpu") { continue }
        let known = busy[device] ?? (0, time.startNanoseconds, time.endNanoseconds)
        busy[device] = (
          known.sum + Double(time.nanoseconds), min(known.first, time.startNanoseconds),
          max(known.last, time.endNanoseconds)
        )
      }
    }
    return busy.sorted { $0.key < $1.key }.compactMap { device, use in
      let utilization = use.sum / Double(max(use.last - use.first, 1))
      let ofStep = use.sum / Double(max(step.nanoseconds, 1))
      guard min(utilization, ofStep) < 0.5 else { return nil }
      return Advice(
        .acceleratorUtilization, "\(device) is idle most of the time.",
        evidence: [
          share("busy from its first kernel to its last", utilization), share("busy of the step", ofStep),
          time("busy", use.sum),
        ], proposal: .inspect, largestGain: 1 - ofStep)
    }
  }

  func job() -> [Advice] {
    var evidence = [
      share("waiting for input", waited(.input) / total),
      share("waiting for other processes", waited(.collective) / total),
      share("waiting for compilation", waited(.compile) / total),
      share("recording operations", waited(.record) / total),
    ]
    let processor = profile.steps.reduce(0) { $0 + Double($1.processorNanoseconds) }
    if processor > 0 {
      evidence.append(
        share("use of the threads' processors", processor / (total * Double(max(profile.machine.threads, 1)))))
    }
    if let resident = profile.memory.samples.map(\.residentBytes).max(), resident > 0 {
      evidence.append(bytes("memory of the process at most", Double(resident)))
      if profile.machine.memoryBytes > 0 {
        evidence.append(share("of the machine's memory", Double(resident) / Double(profile.machine.memoryBytes)))
      }
    }
    let waiting = Wait.Kind.allCases.map { idled($0) }.reduce(0, +) / total
    guard waiting > 0.1 || waited(.collective) / total > 0.05 else { return [] }
    return [
      Advice(
        .job, "A good part of a step is spent outside of kernels.", evidence: evidence, proposal: .inspect,
        largestGain: waiting)
    ]
  }

  func input() -> [Advice] {
    let waiting = waited(.input) / total
    guard waiting > 0.05 else { return [] }
    let waits = profile.steps.flatMap(\.waits).filter { $0.kind == .input }
    return [
      Advice(
        .input, "The program waits for batches.",
        evidence: [
          share("of all time", waiting), time("in a step", waited(.input) / stepCount),
          time("the longest wait", waits.map { Double($0.nanoseconds) }.max() ?? 0),
        ], proposal: .prefetch(batches: waiting > 0.3 ? 8 : 4), largestGain: waiting,
        places: Array(Set(waits.map { place($0.stack) })).sorted())
    ]
  }

  func threads() -> [Advice] {
    let machine = profile.machine
    if machine.threads < machine.processors {
      let possible = 1 - Double(machine.threads) / Double(machine.processors)
      let busy = profile.steps.flatMap(\.runs).reduce(0) { $0 + Double($1.busyNanoseconds) } / total
      return [
        Advice(
          .threads, "Not all processors are used.",
          evidence: [
            count("threads", Double(machine.threads)), count("processors", Double(machine.processors)),
            share("of a step inside kernels", busy),
          ], proposal: .threads(machine.processors), largestGain: possible * busy)
      ]
    }
    let processor = profile.steps.reduce(0) { $0 + Double($1.processorNanoseconds) }
    let busy = profile.steps.flatMap(\.runs).reduce(0) { $0 + Double($1.busyNanoseconds) }
    guard processor > 0, machine.threads > 1, busy / total > 0.5 else { return [] }
    let use = processor / (total * Double(machine.threads))
    guard use < 0.6 else { return [] }
    return [
      Advice(
        .threads, "Threads mostly wait for one another.",
        evidence: [share("use of the threads' processors", use), count("threads", Double(machine.threads))],
        proposal: .threads(max(1, Int((processor / total).rounded(.up)))))
    ]
  }

  func batchSize() -> [Advice] {
    let examples = Statistics.median(profile.steps.map { Double($0.examples) })
    guard examples >= 1, !roofline.points.isEmpty else { return [] }
    let inKernels = roofline.points.reduce(0) { $0 + $1.stepNanoseconds }
    let wasted = roofline.points.reduce(0) { $0 + $1.wastedNanoseconds }
    let step = total / stepCount
    let limit = Double(profile.memory.budgetBytes > 0 ? profile.memory.budgetBytes : profile.machine.memoryBytes)
    // A batch twice as large needs at most twice the memory.
    guard limit > 0, memory.peakBytes * 2 < limit, (step - inKernels + wasted) / step > 0.5 else { return [] }
    return [
      Advice(
        .batchSize, "Batches are small for this machine: most of a step is neither arithmetic nor traffic.",
        evidence: [
          count("examples in a batch", examples), share("of a step outside of kernels", max(0, 1 - inKernels / step)),
          share("of kernels' time beyond the least", wasted / max(inKernels, 1)),
          bytes("peak of memory", memory.peakBytes), bytes("memory there is", limit),
        ], proposal: .batchSize(Int(examples) * 2), largestGain: (step - inKernels + wasted) / step / 2)
    ]
  }

  func padding() -> [Advice] {
    let tokens = profile.steps.reduce(0) { $0 + Double($1.tokens) }
    let padded = profile.steps.reduce(0) { $0 + Double($1.paddedTokens) }
    guard tokens > 0, padded / tokens > 0.1 else { return [] }
    return [
      Advice(
        .padding, "Much of the work is on padding.",
        evidence: [share("padding", padded / tokens), count("tokens in a step", tokens / stepCount)],
        proposal: .bucketByLength, largestGain: padded / tokens)
    ]
  }
}
