extension GraphBuilder {
  /// Records the cotangents of `sources`, given those of `outputs`: reverse-mode differentiation.
  ///
  /// Visits the nodes once, from the last output down, and asks only those that depend on a source and lead to an
  /// output; nothing recurses, so the length of a chain does not matter. Nodes of integers and bool, and
  /// `stopGradient`, pass nothing on. A source that another source was computed from receives what flows through
  /// both. What is recorded is an ordinary part of the graph, so it can be differentiated again.
  ///
  /// - Parameters:
  ///   - outputs: Values of floating-point type.
  ///   - cotangents: One an output, of the output's type.
  ///   - sources: Values to differentiate with respect to.
  ///   - start: Nodes before this position are constants, unless they are sources.
  /// - Returns: One cotangent a source; nil where no output depends on it.
  /// - Throws: A ``GraphError`` where an operation has no derivative or a cotangent does not fit its output.
  /// - Complexity: O(*n*) for the *n* nodes from `start` (or the earliest source, if that is earlier) on.
  public mutating func pullback(
    from outputs: [Value], cotangents: [Value], to sources: [Value], after start: Int = 0
  ) throws(GraphError) -> [Value?] {
    try checkCotangents(cotangents, of: outputs)
    guard let first = sources.map(\.position).min(), let last = outputs.map(\.position).max(), first <= last else {
      return sources.map { _ in nil }
    }
    let savedLocation = location
    defer { location = savedLocation }
    var sweep = ReverseSweep(base: first, activity: activity(from: sources, in: first...last, after: start))
    for (output, cotangent) in zip(outputs, cotangents) { try sweep.add(cotangent, to: output, in: &self) }
    for position in stride(from: last, through: max(first, start), by: -1) {
      try sweep.visit(Value(position), in: &self)
    }
    return sources.map { sweep.cotangent(of: $0) }
  }

  private func checkCotangents(_ cotangents: [Value], of outputs: [Value]) throws(GraphError) {
    if outputs.count != cotangents.count {
      throw GraphError("gradient", "\(cotangents.count) cotangents for \(outputs.count) outputs")
    }
    for (output, cotangent) in zip(outputs, cotangents) {
      if !type(output).dtype.isFloatingPoint {
        throw GraphError("gradient", "\(type(output)) has no derivative; only floating-point values have")
      }
      if type(output) != type(cotangent) {
        throw GraphError("gradient", "the cotangent of \(type(output)) is \(type(cotangent))")
      }
    }
  }

  /// For each position of `range`, whether a derivative can flow from `sources` to it.
  ///
  /// Sources count wherever they are; of the other nodes only those from `start` on.
  func activity(from sources: [Value], in range: ClosedRange<Int>, after start: Int) -> [Bool] {
    let base = range.lowerBound
    var isActive = [Bool](repeating: false, count: range.count)
    for source in sources where range.contains(source.position) {
      isActive[source.position - base] = type(source).dtype.isFloatingPoint
    }
    for position in range where position >= start && !isActive[position - base] && nodes[position].carriesDerivative {
      for operand in nodes[position].operands where operand.position >= base && isActive[operand.position - base] {
        isActive[position - base] = true
      }
    }
    return isActive
  }
}

extension Node {
  /// Whether the operation has several results, of any types, which ``Element`` nodes take apart.
  var hasSeveralResults: Bool {
    switch primitive {
    case .call, .scan, .whileLoop, .conditional: true
    case .factorize(let factorize): factorize.resultTypes != nil
    case .fourier(let fourier): fourier.resultTypes != nil
    default: false
    }
  }

  /// Whether a derivative may flow through.
  fileprivate var carriesDerivative: Bool {
    if case .identity(let identity) = primitive, identity.kind == .stopGradient { return false }
    return type.dtype.isFloatingPoint || hasSeveralResults
  }
}

/// The cotangents gathered so far, while the nodes are visited from the last to the first.
private struct ReverseSweep {
  let base: Int
  let activity: [Bool]
  // The cotangent of each node, or -1.
  private var cotangents: [Int32]
  // For the few operations with several results: the place of their cotangents in `lists`, or -1.
  private var listOfNode: [Int32: Int] = [:]
  private var lists: [[Value?]] = []

  init(base: Int, activity: [Bool]) {
    self.base = base
    self.activity = activity
    cotangents = [Int32](repeating: -1, count: activity.count)
  }

  func isActive(_ value: Value) -> Bool { value.position >= base && activity[value.position - base] }

  func cotangent(of value: Value) -> Value? {
    let offset = value.position - base
    return offset < cotangents.count && cotangents[offset] >= 0 ? Value(Int(cotangents[offset])) : nil
  }

  /// Adds a contribution to the cotangent of `value`, if a source leads to it.
  mutating func add(_ contribution: Value, to value: Value, in graph: inout GraphBuilder) throws(GraphError) {
    guard isActive(value) else { return }
    precondition(graph.type(contribution) == graph.type(value), "a cotangent must have the type of its value")
    let sum = try cotangent(of: value).map { known throws(GraphError) in try graph.addPieces(known, contribution) }
    cotangents[value.position - base] = (sum ?? contribution).index
  }

  /// Hands what has arrived at a node on to its operands.
  mutating func visit(_ value: Value, in graph: inout GraphBuilder) throws(GraphError) {
    guard isActive(value) else { return }
    let node = graph[value]
    if case .element(let element) = node.primitive {
      return try pass(cotangent(of: value), to: node.operands[0], result: element.index, in: &graph)
    }
    var arrived = [cotangent(of: value)]
    if let list = listOfNode[value.index] {
      // A use of the operation itself means its first result.
      let sum = try graph.addIfPresent(arrived[0], lists[list][0])
      arrived = lists[list]
      arrived[0] = sum
    } else if node.hasSeveralResults, arrived[0] != nil {
      arrived += Array(repeating: nil, count: node.primitive.rules.resultTypes!.count - 1)
    }
    let isNeeded = node.operands.map { isActive($0) && graph.type($0).dtype.isFloatingPoint }
    guard arrived.contains(where: { $0 != nil }), isNeeded.contains(true) else { return }
    graph.location = node.location
    graph.location.context = node.location.context.backward
    let context = PullbackContext(
      operands: Array(node.operands), result: value, cotangents: arrived, isNeeded: isNeeded)
    let contributions = try node.primitive.rules.pullback(context, in: &graph)
    for (index, operand) in node.operands.enumerated() where isNeeded[index] {
      if let contribution = contributions[index] { try add(contribution, to: operand, in: &graph) }
    }
  }

  /// Gathers the cotangent of one of several results at the operation that has them.
  private mutating func pass(
    _ cotangent: Value?, to operation: Value, result: Int, in graph: inout GraphBuilder
  ) throws(GraphError) {
    guard let cotangent, isActive(operation) else { return }
    if listOfNode[operation.index] == nil {
      listOfNode[operation.index] = lists.count
      lists.append(Array(repeating: nil, count: graph[operation].primitive.rules.resultTypes!.count))
    }
    let list = listOfNode[operation.index]!
    lists[list][result] = try graph.addIfPresent(lists[list][result], cotangent)
  }
}
