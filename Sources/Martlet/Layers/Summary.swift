public import MartletGraph

/// What a model consists of and what one run of it costs.
public struct ModelSummary: Sendable, CustomStringConvertible {
  /// One layer that holds parameters or states.
  public struct Row: Sendable {
    /// The path of the layer, such as `blocks.3.attention.query`.
    public var path: String
    /// The name of its type.
    public var layer: String
    /// The shape of its result; nil if the run does not use it.
    public var output: Shape?
    /// The number of elements of its parameters; of a shared one only at its first place.
    public var parameterCount: Int
    /// Floating-point operations of the layer and of what follows it up to the next layer.
    public var floatingPointOperations: Int
  }

  public var rows: [Row]
  /// The shape of the model's result.
  public var output: Shape
  /// The number of elements of all parameters.
  public var parameterCount: Int { rows.reduce(0) { $0 + $1.parameterCount } }
  /// Floating-point operations of one run: additions, multiplications and functions count one each.
  public var floatingPointOperations: Int { rows.reduce(0) { $0 + $1.floatingPointOperations } }

  /// A table with a line a layer.
  public var description: String {
    let header = ["layer", "type", "output", "parameters", "operations"]
    var lines = [header]
    for row in rows {
      lines.append([
        row.path.isEmpty ? "(model)" : row.path, row.layer, row.output.map { "\($0)" } ?? "unused",
        grouped(row.parameterCount), grouped(row.floatingPointOperations),
      ])
    }
    lines.append(["total", "", "\(output)", grouped(parameterCount), grouped(floatingPointOperations)])
    let widths = header.indices.map { column in lines.map { $0[column].count }.max()! }
    let texts = lines.map { line in
      let cells = line.indices.map { pad(line[$0], to: widths[$0], isNumber: $0 > 2) }.joined(separator: "  ")
      return String(cells.reversed().drop { $0 == " " }.reversed())
    }
    let rule = String(repeating: "-", count: texts.map(\.count).max()!)
    return ([texts[0], rule] + texts.dropFirst().dropLast() + [rule, texts.last!]).joined(separator: "\n")
  }

  private func pad(_ text: String, to width: Int, isNumber: Bool) -> String {
    let spaces = String(repeating: " ", count: width - text.count)
    return isNumber ? spaces + text : text + spaces
  }

  /// Digits in groups of three.
  private func grouped(_ number: Int) -> String {
    var result = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return String(result.reversed())
  }
}

/// What a model consists of, and what one evaluation of it at an input of the given shape costs.
///
/// The model is recorded, not run. An operation without parameters of its own counts to the layer whose result it
/// takes.
///
/// - Parameters:
///   - input: The input's shape, `[batch, ...]`.
///   - dtype: The input's element type; an integer for models that begin with an ``Embedding``.
public func summary(_ model: some Layer, input: Shape, dtype: DType = .float32) -> ModelSummary {
  let recorded = Recorder.current.recordRegion("summary", inputs: [TensorType(dtype, input)]) { [model($0[0])] }
  var search = VariableSearch()
  search.visit(model, path: "")
  var table = SummaryTable(search)
  table.count(recorded)
  return ModelSummary(rows: table.rows, output: recorded.region.graph.outputTypes[0].shape)
}

/// Adds up costs layer by layer.
private struct SummaryTable {
  var rows: [ModelSummary.Row] = []
  private var rowOfVariable: [ObjectIdentifier: Int] = [:]

  init(_ search: VariableSearch) {
    var rowOfPath: [String: Int] = [:]
    for (_, variable) in search.found {
      let holder = search.holders[ObjectIdentifier(variable)] ?? ("", "")
      let row = rowOfPath[holder.path] ?? rows.count
      if row == rows.count {
        rows.append(.init(path: holder.path, layer: holder.type, parameterCount: 0, floatingPointOperations: 0))
      }
      rowOfPath[holder.path] = row
      rowOfVariable[ObjectIdentifier(variable)] = row
      if variable is Parameter { rows[row].parameterCount += variable.shape.elementCount }
    }
  }

  mutating func count(_ recorded: RecordedRegion) {
    let graph = recorded.region.graph
    let argumentCount = graph.inputs.count - recorded.variables.count - recorded.captures.count
    // The layer each value belongs to, and whether it is a variable or a mere view of one.
    var owners = [Int?](repeating: nil, count: graph.nodes.count)
    var isVariable = [Bool](repeating: false, count: graph.nodes.count)
    for (variable, input) in zip(recorded.variables, graph.inputs.dropFirst(argumentCount)) {
      owners[input.position] = rowOfVariable[ObjectIdentifier(variable)]
      isVariable[input.position] = true
    }
    for (position, node) in graph.nodes.enumerated() where !node.operands.isEmpty {
      let held = node.operands.last { isVariable[$0.position] }
      owners[position] = held.map { owners[$0.position] } ?? node.operands.lazy.compactMap { owners[$0.position] }.first
      isVariable[position] = node.operands.allSatisfy { isVariable[$0.position] }
      guard let row = owners[position] ?? (rows.isEmpty ? nil : 0) else { continue }
      let types = node.operands.map { graph[$0].type }
      rows[row].floatingPointOperations +=
        node.primitive.rules.cost(types[...], result: node.type).floatingPointOperations
      if held != nil && !isVariable[position] { rows[row].output = node.type.shape }
    }
  }
}
