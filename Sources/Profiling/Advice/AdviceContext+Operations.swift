import MartletGraph

/// Checkers of operations and parameters.
extension AdviceContext {
  func operationForms() -> [Advice] { normalizations() + channelsLast() }

  /// Normalizations of several kernels where one pass would do: tfprof's rule about batch normalization.
  private func normalizations() -> [Advice] {
    var kernels: [String: Int] = [:]
    for program in profile.programs {
      for kernel in program.kernels {
        let layers = Set(
          kernel.parts.map { program.operations[$0.operation] }.filter { $0.phase == .forward }
            .map(\.layerPath).filter { $0.lowercased().split(separator: "/").last?.contains("norm") == true })
        for layer in layers { kernels["\(program.name): \(layer)", default: 0] += 1 }
      }
    }
    let split = kernels.filter { $0.value >= 3 }.sorted { $0.key < $1.key }
    guard !split.isEmpty else { return [] }
    return [
      Advice(
        .operation, "Normalizations take several kernels each where one pass over the data would do.",
        evidence: [
          count("such layers", Double(split.count)),
          count("kernels of the worst", Double(split.map(\.value).max() ?? 0)),
        ], proposal: .inspect, places: split.map { "\($0.key), \($0.value) kernels" })
    ]
  }

  /// Convolutions with the channels last on an accelerator: tfprof's rule about data formats.
  private func channelsLast() -> [Advice] {
    var sums: [String: Double] = [:]
    for entry in table.entries.indices {
      let record = table.record(entry)
      guard record.type.hasPrefix("conv"), record.type != "convert", !record.device.hasPrefix("cpu") else { continue }
      guard let channels = record.results.first?.shape.last, channels % 8 != 0 else { continue }
      sums[record.name, default: 0] += table.entries[entry].measures.nanoseconds
    }
    guard !sums.isEmpty else { return [] }
    let all = sums.values.reduce(0, +) * stepCount
    return [
      Advice(
        .operation, "Convolutions on an accelerator have numbers of channels that are not multiples of 8.",
        evidence: [count("such operations", Double(sums.count)), share("of all time", all / total)], proposal: .inspect,
        largestGain: all / total, places: ranked(sums).map(\.name))
    ]
  }

  func expensiveOperations() -> [Advice] {
    let order = ProfileOptions().ordered(by: .micros)
    guard let types = try? profile.view(.op, order.withMaximumDepth(3), of: table),
      let scopes = try? profile.view(.scope, order.withMaximumDepth(2), of: table),
      let code = try? profile.view(
        .code, order.withMinimumExecutionTime(microseconds: 1000).withMaximumDepth(4), of: table)
    else { return [] }
    let all = scopes.rows[0].total(.micros)
    guard all > 0 else { return [] }
    var evidence = types.rows.dropFirst().prefix(3).map { share("kind \($0.name)", $0.own(.micros) / all) }
    evidence += scopes.rows.dropFirst().prefix(3).map { share("layer \($0.name)", $0.total(.micros) / all) }
    return [
      Advice(
        .expensiveOperation, "This is where the time goes.", evidence: evidence, proposal: .inspect,
        places: topLines(code))
    ]
  }

  /// The three costliest lines below each line, indented.
  private func topLines(_ view: ProfileView) -> [String] {
    var counts: [Int: Int] = [:]
    var isLeftOut: Set<Int> = []
    var lines: [String] = []
    for (i, row) in view.rows.enumerated().dropFirst() {
      let parent = row.parent ?? 0
      counts[parent, default: 0] += 1
      if isLeftOut.contains(parent) || counts[parent]! > 3 {
        isLeftOut.insert(i)
        continue
      }
      let indent = String(repeating: "  ", count: row.level - 1)
      lines.append("\(indent)\(row.name), \(Units.time(nanoseconds: row.total(.micros) * 1000))")
    }
    return lines
  }

  func copies() -> [Advice] {
    let kinds: Set = [
      "transpose", "copy", "reshape", "cast", "convert", "broadcast", "concatenate", "pad", "slice", "reverse",
    ]
    var sums: [String: Double] = [:]
    var lines: [String: Double] = [:]
    for entry in table.entries.indices where kinds.contains(table.record(entry).type) {
      let record = table.record(entry)
      sums[record.type, default: 0] += table.entries[entry].measures.nanoseconds
      lines[place(record.stack), default: 0] += table.entries[entry].measures.nanoseconds
    }
    let share = sums.values.reduce(0, +) * stepCount / total
    guard share > 0.1 else { return [] }
    return [
      Advice(
        .copies, "Much time goes into moving numbers rather than computing.",
        evidence: [self.share("of all time", share)] + ranked(sums).map { time("\($0.name) in a step", $0.value) },
        proposal: .removeCopies(lines: ranked(lines).prefix(5).map(\.name)), largestGain: share,
        places: ranked(lines).prefix(5).map { "\($0.name), \(Units.time(nanoseconds: $0.value)) in a step" })
    ]
  }

  func elementTypes() -> [Advice] {
    let machine = profile.machine
    guard let wide = machine.computePeak(.float32), let narrow = machine.computePeak(.bfloat16), narrow > 1.2 * wide
    else { return [] }
    var layers: [String: Double] = [:]
    for entry in table.entries.indices {
      let record = table.record(entry)
      guard record.multiplyAdds ?? 0 > 0, record.results.first?.dtype == .float32 else { continue }
      layers[record.layerPath.isEmpty ? record.name : record.layerPath, default: 0] +=
        table.entries[entry].measures.nanoseconds
    }
    let share = layers.values.reduce(0, +) * stepCount / total
    let gain = share * (1 - wide / narrow)
    guard gain > 0.05 else { return [] }
    return [
      Advice(
        .elementType, "Contractions in float32 could be in bfloat16, which this machine computes faster.",
        evidence: [
          self.share("of all time in contractions of float32", share),
          Advice.Evidence(
            name: "peak of bfloat16 against float32", value: narrow / wide, text: Units.fixed(narrow / wide) + " times"),
        ], proposal: .elementType(.bfloat16, layers: ranked(layers).map(\.name)), largestGain: gain)
    ]
  }

  func parameters() -> [Advice] {
    let trainable = profile.variables.filter(\.isTrainable)
    let groups: [(String, String, [VariableRecord])] = [
      ("Some parameters are never read.", "not read", trainable.filter { !$0.isRead }),
      (
        "Some parameters are read but never change, so nothing is learned in them.", "not changed",
        trainable.contains(where: \.isUpdated) ? trainable.filter { $0.isRead && !$0.isUpdated } : []
      ),
    ]
    return groups.filter { !$0.2.isEmpty }.map { summary, name, variables in
      let size = variables.reduce(0.0) { $0 + Double($1.type.sizeInBytes) }
      let elements = variables.reduce(0.0) { $0 + Double($1.type.elementCount) }
      let all = trainable.reduce(0.0) { $0 + Double($1.type.elementCount) }
      return Advice(
        .parameters, summary,
        evidence: [
          count("parameters \(name)", Double(variables.count)), share("of all elements", elements / max(all, 1)),
          bytes("their size", size),
        ], proposal: name == "not read" ? .removeParameters(variables.map(\.name)) : .inspect,
        places: variables.map(\.name))
    }
  }
}
