import MartletFormats

/// The numbers that the page shows, as JSON.
struct PageData {
  private let profile: Profile
  private let table: OperationTable?
  private let names = StringTable()

  init(_ profile: Profile) {
    self.profile = profile
    table = try? OperationTable(profile)
  }

  var json: JSON {
    var object = JSONObject()
    object["title"] = .string(profile.name)
    object["figures"] = figures
    object["steps"] = .array(profile.steps.map(step))
    object["stacks"] = .array(profile.stacks.map { .array($0.map { name(profile.frames[$0].label) }) })
    object["operations"] = .array(table?.entries.indices.map(operation) ?? [])
    let chosen = chosenSteps
    object["traces"] = .array(chosen.map(trace))
    object["memory"] = memory(chosen)
    object["roofline"] = roofline
    object["predictions"] = predictions
    object["advice"] = .array(profile.advice().map(advice))
    object["coverage"] = .string(table.map { ProfileCoverage($0, step: -1).description + profile.footer } ?? "")
    object["names"] = .array(names.strings.map(JSON.string))
    return .object(object)
  }

  private func name(_ text: String) -> JSON { .integer(names.index(of: text)) }

  /// A number without the digits that nobody sees.
  private func number(_ value: Double, digits: Double = 1000) -> JSON {
    let rounded = (value * digits).rounded() / digits
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? .integer(Int(rounded)) : .number(rounded)
  }

  private func micros(_ nanoseconds: Int) -> JSON { number(Double(nanoseconds) / 1000) }

  private var figures: JSON {
    let statistics = StepStatistics(profile)
    let variables = profile.variables.filter { $0.kind == .variable }
    let machine = profile.machine
    let peak = machine.computePeak(.float32)
    let total = table?.entries.reduce(into: Measures()) { $0 += $1.measures } ?? Measures()
    let memory = try? MemoryReport(profile)
    return [
      "machine": .string(machine.name), "threads": .integer(machine.threads),
      "stepCount": .integer(profile.steps.count), "median": number(statistics.medianNanoseconds / 1000),
      "deviation": number(statistics.deviationNanoseconds / 1000),
      "outliers": .array(
        statistics.outliers.prefix(10).map { outlier in
          [
            .integer(outlier.step), number(outlier.nanoseconds / 1000),
            .array(outlier.differences.map { [.string($0.name), number($0.nanoseconds / 1000)] }),
          ]
        }),
      "operations": number(total[.floatOperations]), "multiplyAdds": number(total[.multiplyAdds]),
      "phases": [
        number(total[.forwardNanoseconds] / 1000), number(total[.backwardNanoseconds] / 1000),
        number(total[.updateNanoseconds] / 1000),
      ],
      "phaseOperations": [
        number(total[.forwardOperations]), number(total[.backwardOperations]), number(total[.updateOperations]),
      ],
      "peak": peak.map { number($0) } ?? .null,
      "parameters": number(variables.filter(\.isTrainable).reduce(0.0) { $0 + Double($1.type.elementCount) }),
      "peakBytes": number(memory?.peakBytes ?? 0),
      "examples": number(Statistics.median(profile.steps.map { Double($0.examples) })),
      "tokens": number(Statistics.median(profile.steps.map { Double($0.tokens) })),
      "overhead": profile.overhead.fraction.map { number($0, digits: 1e6) } ?? .null,
    ]
  }

  private func step(_ step: StepRecord) -> JSON {
    let busy = step.runs.reduce(0.0) { $0 + Double($1.busyNanoseconds) }
    var fields = [
      JSON.integer(step.index), micros(step.startNanoseconds), micros(step.nanoseconds), number(busy / 1000),
    ]
    for kind in Wait.Kind.allCases {
      let waited = step.waits.reduce(0.0) { $0 + ($1.kind == kind ? Double(step.idleNanoseconds($1)) : 0) }
      fields.append(number(waited / 1000))
    }
    return .array(fields)
  }

  private func operation(_ entry: Int) -> JSON {
    guard let table else { return .null }
    let record = table.record(entry)
    let measures = table.entries[entry].measures
    let isCounted = record.floatingPointOperations != nil
    return [
      .string(record.name), name(record.type), .integer(record.stack ?? -1),
      .integer(Phase.allCases.firstIndex(of: record.phase)!), name(record.device), number(measures.nanoseconds / 1000),
      isCounted ? number(measures[.floatOperations]) : .null, number(measures[.requestedBytes]),
      number(measures[.parameters]), number(measures[.runs]),
      name(record.results.map(\.description).joined(separator: ", ")),
      isCounted ? .null : name(record.uncountedReason ?? "no rule for it"),
      number(Double(record.bytesRead + record.bytesWritten)),
    ]
  }

  /// The first step, the one in the middle, the slowest and the last, as far as the page stays small.
  private var chosenSteps: [StepRecord] {
    let steps = profile.steps
    guard !steps.isEmpty else { return [] }
    let order = steps.indices.sorted { steps[$0].nanoseconds < steps[$1].nanoseconds }
    var chosen: [Int] = []
    var room = 40_000
    for index in [order[order.count / 2], order.last!, 0, steps.count - 1] where !chosen.contains(index) {
      let count = steps[index].runs.reduce(0) { $0 + $1.kernels.count }
      if count > room, !chosen.isEmpty { continue }
      room -= count
      chosen.append(index)
    }
    return chosen.sorted().map { steps[$0] }
  }

  private func trace(_ step: StepRecord) -> JSON {
    var spans: [JSON] = []
    func add(_ track: Int, _ text: String, _ start: Int, _ end: Int, _ kind: Int, _ entry: Int = -1) {
      spans.append([
        .integer(track), name(text), micros(start - step.startNanoseconds), micros(end - start), .integer(kind),
        .integer(entry),
      ])
    }
    for wait in step.waits {
      let place = wait.stack.flatMap { profile.stacks[$0].first }.map { " at " + profile.frames[$0].label } ?? ""
      add(0, "wait: \(wait.kind.rawValue)\(place)", wait.startNanoseconds, wait.endNanoseconds, 3)
    }
    for run in step.runs {
      let program = profile.programs[run.program]
      add(0, program.name, run.startNanoseconds, run.endNanoseconds, 4)
      for time in run.kernels {
        let kernel = program.kernels[time.kernel]
        let main = kernel.parts.max { $0.share < $1.share }?.operation
        let phase = main.map { Phase.allCases.firstIndex(of: program.operations[$0].phase)! } ?? 4
        let entry = main.flatMap { index in table.map { $0.starts[run.program] + index } } ?? -1
        add(1 + time.thread, kernel.name, time.startNanoseconds, time.endNanoseconds, phase, entry)
      }
    }
    return ["step": .integer(step.index), "length": micros(step.nanoseconds), "spans": .array(spans)]
  }

  private func memory(_ steps: [StepRecord]) -> JSON {
    guard let report = try? MemoryReport(profile) else { return .null }
    func shares(_ shares: [MemoryReport.Share]) -> JSON {
      .array(shares.prefix(100).map { [.string($0.name), number($0.bytes)] })
    }
    let curves = steps.map { step in
      let points = MemoryTimeline(profile, steps: [step]).points.filter { $0.nanoseconds <= step.endNanoseconds }
      return JSON.array(
        points.flatMap { [micros(max(0, $0.nanoseconds - step.startNanoseconds)), number($0.bytes)] })
    }
    return [
      "peak": number(report.peakBytes), "peakStep": report.peakStep.map(JSON.integer) ?? .null,
      "fragmentation": report.fragmentation.map { number($0, digits: 1e6) } ?? .null, "curves": .array(curves),
      "byKind": shares(report.byKind), "byLayer": shares(report.byLayer), "byLine": shares(report.byLine),
      "holders": shares(report.holders), "budget": .integer(profile.memory.budgetBytes),
    ]
  }

  private var roofline: JSON {
    let machine = profile.machine
    let points = (try? Roofline(profile))?.points ?? []
    return [
      "peaks": .array(
        machine.computePeaks.filter { $0.threads == machine.threads }.map {
          [.string("\($0.elementType), \($0.threads) threads"), number($0.floatingPointOperationsPerSecond)]
        }),
      "bandwidths": .array(
        machine.bandwidths.filter { $0.threads == machine.threads }.map {
          [.string("\($0.level), \($0.threads) threads"), number($0.bytesPerSecond)]
        }),
      "points": .array(
        points.prefix(2000).map { point in
          [
            .string(point.name), name(point.layerPath), name(point.line), number(point.intensity, digits: 1e6),
            number(point.operationsPerSecond), number(point.bytesPerSecond), number(point.stepNanoseconds / 1000),
            number(point.wastedNanoseconds / 1000), point.achieved.map { number($0, digits: 1e6) } ?? .null,
            name(point.leastNanoseconds == nil ? "?" : point.isComputeBound ? "arithmetic" : point.level),
            .bool(point.isAboveRoof), .bool(point.floatingPointOperations != nil),
          ]
        }),
    ]
  }

  private var predictions: JSON {
    .array(
      ((try? PredictionTable(profile))?.rows ?? []).prefix(1000).map {
        [
          .string($0.name), name($0.type), number($0.predictedNanoseconds / 1000),
          number($0.measuredNanoseconds / 1000),
          number($0.ratio),
        ]
      })
  }

  private func advice(_ advice: Advice) -> JSON {
    [
      "checker": .string(advice.checker.rawValue), "summary": .string(advice.summary),
      "evidence": .array(advice.evidence.map { [.string($0.name), .string($0.text)] }),
      "places": .array(advice.places.prefix(12).map(JSON.string)), "proposal": .string(advice.proposal.description),
      "gain": advice.largestGain.map { number($0, digits: 1e6) } ?? .null,
    ]
  }
}
