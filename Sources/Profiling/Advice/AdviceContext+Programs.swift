/// Checkers of how programs are made and run.
extension AdviceContext {
  func recompilation() -> [Advice] {
    let compiles = profile.steps.flatMap(\.waits).filter { $0.kind == .compile }
    // The first time a program is met it has to be compiled.
    let later = profile.steps.dropFirst(2).flatMap(\.waits).filter { $0.kind == .compile }
    guard later.count >= 2 else { return [] }
    var groups: [[String]: Int] = [:]
    for program in profile.programs { groups[program.operations.map(\.type), default: 0] += 1 }
    let variants = groups.values.max() ?? 1
    return [
      Advice(
        .recompilation, "Programs are compiled again after the first steps.",
        evidence: [
          count("compilations", Double(compiles.count)), count("of them after the second step", Double(later.count)),
          share("of all time", waited(.compile) / total),
          count("programs that differ in nothing but shapes", Double(variants > 1 ? variants : 0)),
        ], proposal: variants > 1 ? .roundLengths(toMultipleOf: 64) : .compileStep,
        largestGain: waited(.compile) / total, places: Array(Set(later.map { place($0.stack) })).sorted())
    ]
  }

  func recording() -> [Advice] {
    let share = waited(.record) / total
    let runs = profile.steps.reduce(0) { $0 + $1.runs.count }
    guard share > 0.1, runs > 0 else { return [] }
    var lines: [String: Double] = [:]
    for entry in table.entries.indices where table.record(entry).stack != nil {
      lines[place(table.record(entry).stack), default: 0] += table.entries[entry].measures[.runs]
    }
    return [
      Advice(
        .recording, "Much of a step goes into recording operations, the same ones every time.",
        evidence: [
          self.share("of all time, with whatever else the program does outside of kernels", share),
          time("in a step", waited(.record) / stepCount),
          count("operations in a step", lines.values.reduce(0, +)),
        ], proposal: .compileStep, largestGain: share,
        places: ranked(lines).prefix(5).map { "\($0.name), \(Units.count($0.value)) operations in a step" })
    ]
  }

  func reads() -> [Advice] {
    var sums: [String: Double] = [:]
    var reads = 0
    for wait in profile.steps.flatMap(\.waits) where wait.kind == .read {
      sums[place(wait.stack), default: 0] += Double(wait.nanoseconds)
      reads += 1
    }
    let waiting = waited(.read) / total
    // Without the read, recording the next step and fetching its batch could go on while this one runs.
    let gain = min(waited(.read), waited(.record) + waited(.input)) / total
    guard reads > 0, gain > 0.02 else { return [] }
    let places = ranked(sums)
    return [
      Advice(
        .reads, "Reading values makes the program wait for what is still being computed.",
        evidence: [
          share("of all time", waiting),
          Advice.Evidence(
            name: "reads in a step", value: Double(reads) / stepCount, text: Units.fixed(Double(reads) / stepCount, 1)),
        ],
        proposal: .readLess(lines: places.map(\.name)), largestGain: gain,
        places: places.map { "\($0.name), \(Units.time(nanoseconds: $0.value / stepCount)) in a step" })
    ]
  }

  func tinyOperations() -> [Advice] {
    let limit = 10_000.0
    let tiny = roofline.points.filter { $0.nanoseconds < limit }
    let runs = tiny.reduce(0) { $0 + $1.stepNanoseconds / $1.nanoseconds }
    let all = roofline.points.reduce(0) { $0 + $1.stepNanoseconds / $1.nanoseconds }
    let running = profile.steps.flatMap(\.runs)
    let length = running.reduce(0) { $0 + Double($1.endNanoseconds - $1.startNanoseconds) }
    let gaps = length - running.reduce(0) { $0 + Double($1.busyNanoseconds) }
    let cost = tiny.reduce(0) { $0 + $1.stepNanoseconds } * stepCount + gaps * (all > 0 ? runs / all : 0)
    guard runs >= 50, runs / max(all, 1) > 0.5, cost / total > 0.1 else { return [] }
    var layers: [String: Double] = [:]
    for point in tiny {
      layers[point.layerPath.isEmpty ? "(no layer)" : point.layerPath, default: 0] += point.stepNanoseconds
    }
    return [
      Advice(
        .tinyOperations, "Most kernels take less than 10 microseconds, about what starting one costs.",
        evidence: [
          count("such kernels in a step", runs), share("of all kernels", runs / all),
          share("of all time, gaps between kernels included", cost / total),
          time("gaps in a step", gaps / stepCount),
        ], proposal: .compileStep, largestGain: cost / total,
        places: ranked(layers).prefix(5).map { "\($0.name), \(Units.time(nanoseconds: $0.value)) in a step" })
    ]
  }

  func checkpointing() -> [Advice] {
    var result: [Advice] = []
    let limit = Double(profile.memory.budgetBytes > 0 ? profile.memory.budgetBytes : profile.machine.memoryBytes)
    let saved = memory.byKind.first { $0.name == MemoryKind.savedForBackward.label }?.bytes ?? 0
    if limit > 0, memory.peakBytes > 0.8 * limit, saved > 0.3 * memory.peakBytes {
      let layers = savedLayers()
      result.append(
        Advice(
          .checkpointing, "Memory is nearly full, and much of it waits for the backward pass.",
          evidence: [
            bytes("peak of memory", memory.peakBytes), bytes("memory there is", limit),
            share("of the peak kept for the backward pass", saved / memory.peakBytes),
          ], proposal: .checkpoint(layers: layers.prefix(8).map(\.name)),
          places: layers.prefix(8).map { "\($0.name), \(Units.bytes($0.value))" }))
    }
    var again: [String: Double] = [:]
    for entry in table.entries.indices where table.record(entry).isRecomputation {
      again[table.record(entry).layerPath, default: 0] += table.entries[entry].measures.nanoseconds
    }
    let recomputed = again.values.reduce(0, +) * stepCount
    if recomputed / total > 0.05, limit > 0, memory.peakBytes < 0.4 * limit {
      result.append(
        Advice(
          .checkpointing, "Results are computed twice to save memory, of which there is plenty.",
          evidence: [
            share("of all time", recomputed / total), bytes("peak of memory", memory.peakBytes),
            bytes("memory there is", limit),
          ], proposal: .keepResults(layers: ranked(again).map(\.name)), largestGain: recomputed / total))
    }
    return result
  }

  private func savedLayers() -> [(name: String, value: Double)] {
    var sums: [String: Double] = [:]
    let peak = memory.peakNanoseconds
    for holding in memory.timeline.holdings
    where holding.kind == .savedForBackward && holding.start <= peak && holding.end > peak {
      sums[holding.layerPath.isEmpty ? "(no layer)" : holding.layerPath, default: 0] += Double(holding.bytes)
    }
    return ranked(sums)
  }

  func counts() -> [Advice] {
    let wrong = roofline.points.filter(\.isAboveRoof)
    guard let worst = wrong.max(by: { $0.achieved ?? 0 < $1.achieved ?? 0 }) else { return [] }
    return [
      Advice(
        .counts, "Kernels seem faster than the machine can be, so a count, a time or a measured peak is wrong.",
        evidence: [count("such kernels", Double(wrong.count)), share("the most of a peak", worst.achieved ?? 0)],
        proposal: .inspect, places: wrong.map(\.name))
    ]
  }
}
