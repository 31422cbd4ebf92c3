import MartletFormats

/// A command of the profiler: of its prompt and of `martlet profile`.
public enum ProfileCommandName: String, Sendable, Hashable, CaseIterable {
  case scope, graph, code, op, advise, memory, roofline, predict, steps, diff, flame, html, set, help, quit

  /// What it does, in a line.
  public var documentation: String {
    switch self {
    case .scope: "the tree of layers and operations"
    case .graph: "operations and their operands"
    case .code: "the tree of calls and lines"
    case .op: "kinds of operations"
    case .advise: "what could be better; names of checkers may follow"
    case .memory: "the peak of memory and who held it"
    case .roofline: "each kernel against the machine's measured peaks"
    case .predict: "what the cost model expected against what was measured"
    case .steps: "how steps differ, and what was different in outliers"
    case .diff: "the profile of the file that follows against this one: before, then after"
    case .flame: "calls and their time in the form that flame graph programs read"
    case .html: "writes one page with everything to the file that follows"
    case .set: "keeps options for later commands; alone, goes back to the defaults"
    case .help: "this list"
    case .quit: "leaves"
    }
  }
}

extension Profile {
  /// The report of a command that takes no view's options.
  ///
  /// - Parameters:
  ///   - command: One of `advise`, `memory`, `roofline`, `predict`, `steps`, `diff`, `flame`, `html`.
  ///   - arguments: Names of checkers, or a file.
  ///   - options: Of which the step counts.
  /// - Throws: ``ProfileError`` or, about files, `FormatError`.
  public func report(
    _ command: ProfileCommandName, _ arguments: [String] = [], _ options: ProfileOptions = ProfileOptions()
  ) throws -> String {
    switch command {
    case .advise: return adviceReport(try AdviceChecker.named(arguments))
    case .memory: return try MemoryReport(self, step: options.step).description
    case .roofline: return try Roofline(self, step: options.step).description
    case .predict: return try PredictionTable(self, step: options.step).description
    case .steps:
      return StepStatistics(self).description + (Throughput(self).map { "\nThroughput: \($0)\n" } ?? "")
    case .diff: return ProfileDiff(try Profile(path: try Profile.file(arguments, command)), self).description
    case .flame: return try foldedStacks(options)
    case .html:
      let path = try Profile.file(arguments, command)
      try AtomicFile.write(page(), to: path)
      return "Wrote \(path)\n"
    case .scope, .graph, .code, .op, .set, .help, .quit:
      throw ProfileError(.unknownName, command.rawValue, "is not a report")
    }
  }

  private static func file(_ arguments: [String], _ command: ProfileCommandName) throws(ProfileError) -> String {
    guard arguments.count == 1 else { throw ProfileError(.badValue, command.rawValue, "needs the path of one file") }
    return arguments[0]
  }

  /// Calls joined by semicolons, outermost first, and their time in nanoseconds: a line each.
  public func foldedStacks(_ options: ProfileOptions = ProfileOptions()) throws(ProfileError) -> String {
    let table = try OperationTable(self, step: options.step)
    var sums: [String: Double] = [:]
    for entry in table.entries.indices {
      let record = table.record(entry)
      var names = (record.stack.map { stacks[$0] } ?? []).reversed().map { frames[$0].label }
      if record.phase != .forward { names.append("(\(record.phase == .backward ? "gradient" : "update"))") }
      names.append(record.type)
      let line = names.map { $0.map { $0 == ";" ? ":" : String($0) }.joined() }.joined(separator: ";")
      sums[line, default: 0] += table.entries[entry].measures.nanoseconds
    }
    return sums.filter { $0.value >= 0.5 }.sorted { $0.key < $1.key }
      .map { "\($0.key) \(Int(saturating: $0.value))\n" }.joined()
  }
}

extension AdviceChecker {
  /// The checkers called so, or all; dashes and underscores are the same.
  public static func named(_ names: [String]) throws(ProfileError) -> [AdviceChecker] {
    var result: [AdviceChecker] = []
    for name in names {
      guard let checker = AdviceChecker(rawValue: name.replacingDashes()) else {
        let known = allCases.map(\.rawValue).joined(separator: ", ")
        throw ProfileError(.unknownName, "advise", "there is no checker \"\(name)\"; there are \(known)")
      }
      result.append(checker)
    }
    return result.isEmpty ? allCases : result
  }
}

extension StepStatistics: CustomStringConvertible {
  /// The summary, and for each outlier what took longer or shorter than usual.
  public var description: String {
    var text = summary + "\n"
    for outlier in outliers {
      text += "\nStep \(outlier.step): \(Units.time(nanoseconds: outlier.nanoseconds)), "
      text +=
        "\(Units.fixed(abs(outlier.deviations), 1)) spreads \(outlier.deviations > 0 ? "above" : "below") the median\n"
      for difference in outlier.differences {
        let sign = difference.nanoseconds > 0 ? "+" : ""
        text += "  \(sign)\(Units.time(nanoseconds: difference.nanoseconds))  \(difference.name)\n"
      }
    }
    return text
  }
}
