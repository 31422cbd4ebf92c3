import MartletGraph

extension ProfileView {
  /// The whole report: what it shows, the nodes, and what they cover.
  public var report: String {
    var text = "Profile of \(table.profile.name), \(kind.rawValue) view, "
    text += options.step >= 0 ? "step \(options.step)" : "average of \(table.profile.steps.count) steps"
    return text + "\n\n" + documentation + "\nProfile:\n" + body + "\n" + coverage.description + table.profile.footer
  }

  /// The nodes, with a line that names the columns.
  public var body: String {
    let columns = ProfileColumn.shown(kind, options.columns)
    var text = "node name | " + columns.map { $0.heading(kind) }.joined(separator: " | ") + "\n"
    // The root of a list only says what the percentages are of.
    for row in kind == .op ? rows.dropFirst() : rows[...] {
      text += kind == .op ? listLine(row, columns) : treeLine(row, columns)
      if options.columns.contains(.tensorValue) { text += values(row) }
    }
    return text
  }

  private func treeLine(_ row: ProfileRow, _ columns: [ProfileColumn]) -> String {
    var parts: [String] = []
    for column in columns {
      switch column {
      case .params:
        if !kind.groupsOperations, let shape = shape(of: row) { parts.append(shape) }
        parts.append(pair(row, column))
      case .occurrence:
        let definitions = row.isAccounted ? "\(row.definitions)" : "--"
        parts.append(pair(row, column) + "|\(definitions)/\(row.totalDefinitions)")
      case .device, .opTypes, .inputShapes:
        let text = text(column, row)
        if !text.isEmpty { parts.append(text) }
      default: parts.append(pair(row, column))
      }
    }
    return String(repeating: " ", count: 2 * row.level) + "\(row.name) (\(parts.joined(separator: ", ")))\n"
  }

  private func pair(_ row: ProfileRow, _ column: ProfileColumn) -> String {
    (row.isAccounted ? column.text(row.own) : "--") + "/" + column.text(row.total) + column.unit(kind)
  }

  private func listLine(_ row: ProfileRow, _ columns: [ProfileColumn]) -> String {
    var parts: [String] = []
    for column in columns where column != .inputShapes {
      switch column {
      case .occurrence: parts.append("\(Int(saturating: row.own(.occurrence)))|\(row.definitions)".padded(toWidth: 10))
      case .device, .opTypes: parts.append(text(column, row))
      default:
        let whole = rows[0].total(column)
        let shares = whole > 0 ? [row.total(column) / whole, row.own(column) / whole] : [0, 0]
        let value = column.text(row.own) + column.unit(kind)
        parts.append(
          "\(value) (\(Units.percent(shares[0])), \(Units.percent(shares[1])))".padded(toWidth: 30))
      }
    }
    let line = row.name.filled(toWidth: 25) + parts.joined(separator: ", ") + "\n"
    return columns.contains(.inputShapes) ? line + shapeLines(row) : line
  }

  /// For each combination of shapes how often it occurs and how long it takes.
  private func shapeLines(_ row: ProfileRow) -> String {
    struct Group {
      var runs = 0.0
      var definitions = 0
      var nanoseconds = 0.0
    }
    var groups: [String: Group] = [:]
    for operation in row.operations {
      let entry = table.starts[operation.program] + operation.index
      let measures = table.entries[entry].measures
      let key = table.inputShapes(of: entry).joined(separator: ",\t")
      groups[key, default: Group()].runs += measures[.runs]
      groups[key]!.definitions += 1
      groups[key]!.nanoseconds += measures.nanoseconds
    }
    let sorted = groups.sorted { ($0.value.runs, $1.key) > ($1.value.runs, $0.key) }
    return sorted.map { shapes, group in
      "input_type: \(shapes)\t(run*\(Units.count(group.runs))|defined*\(group.definitions))"
        + "\texec_time: \(Units.time(nanoseconds: group.nanoseconds))\n"
    }.joined() + "\n"
  }

  private func values(_ row: ProfileRow) -> String {
    for operation in row.operations {
      let record = table.profile.programs[operation.program].operations[operation.index]
      guard let variable = record.variable else { continue }
      let values = table.profile.variables[variable].values
      if values.isEmpty { continue }
      let shown = values.map { Units.fixed($0, 6) }.joined(separator: " ")
      let isWhole = values.count >= table.profile.variables[variable].type.elementCount
      return String(repeating: " ", count: 2 * row.level + 2) + "[" + shown + (isWhole ? "]\n" : " ...]\n")
    }
    return ""
  }
}

extension ProfileView {
  /// The shape of the variable that the row is.
  private func shape(of row: ProfileRow) -> String? {
    guard let first = row.operations.first else { return nil }
    let record = table.profile.programs[first.program].operations[first.index]
    guard record.parameters > 0, let result = record.results.first else { return nil }
    return OperationTable.text(of: result.shape)
  }

  /// A column of text; several different values are joined by bars.
  func text(_ column: ProfileColumn, _ row: ProfileRow) -> String {
    let entries = row.operations.map { table.starts[$0.program] + $0.index }
    switch column {
    case .device: return Set(entries.map { table.record($0).device }).sorted().joined(separator: "|")
    case .opTypes: return Set(entries.flatMap { table.types(of: $0) }).sorted().joined(separator: "|")
    case .inputShapes:
      var known: Set<String> = []
      return entries.map { table.inputShapes(of: $0).joined(separator: "|") }.filter { known.insert($0).inserted }
        .joined(separator: "; ")
    default: return ""
    }
  }
}

extension OperationTable {
  /// `0:2x6x6x3`, `1:3x3x3x6`.
  func inputShapes(of entry: Int) -> [String] {
    let operations = profile.programs[entries[entry].program].operations
    return record(entry).inputs.enumerated().map { place, input in
      let results = operations[input.operation].results
      return "\(place):"
        + (input.result < results.count ? OperationTable.text(of: results[input.result].shape) : "unknown")
    }
  }

  /// `3x3x3x6`; a scalar is `1`.
  static func text(of shape: Shape) -> String {
    shape.rank == 0 ? "1" : (0..<shape.rank).map { "\(shape[$0])" }.joined(separator: "x")
  }
}

extension Profile {
  /// What recording cost and how steps differ, for the end of a report.
  var footer: String {
    var text = ""
    if let fraction = overhead.fraction {
      text +=
        fraction > 0
        ? "Recording makes a step \(Units.percent(fraction)) longer.\n"
        : "Recording makes no step longer that could be told from chance.\n"
    } else if overhead.recordingNanoseconds > 0 {
      text += "Recording took \(Units.time(nanoseconds: Double(overhead.recordingNanoseconds))) in all.\n"
    }
    if overhead.droppedEvents > 0 { text += "\(overhead.droppedEvents) events did not fit and are missing.\n" }
    if steps.count > 1 { text += StepStatistics(self).summary + "\n" }
    return text
  }
}
