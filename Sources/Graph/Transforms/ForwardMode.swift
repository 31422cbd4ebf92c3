extension GraphBuilder {
  /// Records the tangents of `outputs`, given those of `sources`: forward-mode differentiation.
  ///
  /// Visits the nodes once in order, and asks only those that depend on a source and lead to an output.
  ///
  /// - Parameters:
  ///   - outputs: Values to differentiate.
  ///   - sources: Values of floating-point type to differentiate with respect to. A source that depends on another
  ///     one has the tangent given for it.
  ///   - tangents: One a source, of the source's type.
  ///   - start: Nodes before this position are constants, unless they are sources.
  /// - Returns: One tangent an output; nil where it depends on no source, or is no floating-point value.
  /// - Throws: A ``GraphError`` where an operation has no derivative or a tangent does not fit its source.
  /// - Complexity: O(*n*) for the *n* nodes from `start` (or the earliest source, if that is earlier) on.
  public mutating func pushforward(
    of outputs: [Value], from sources: [Value], tangents: [Value], after start: Int = 0
  ) throws(GraphError) -> [Value?] {
    try checkTangents(tangents, of: sources)
    guard let first = sources.map(\.position).min(), let last = outputs.map(\.position).max(), first <= last else {
      return outputs.map { _ in nil }
    }
    let savedLocation = location
    defer { location = savedLocation }
    let activity = activity(from: sources, in: first...last, after: start)
    let isWanted = leading(to: outputs, in: first...last, within: activity)
    var sweep = ForwardSweep(base: first, count: activity.count)
    for (source, tangent) in zip(sources, tangents) { sweep.set(tangent, of: source) }
    for position in max(first, start)...max(last, start) where position <= last && isWanted[position - first] {
      try sweep.visit(Value(position), in: &self)
    }
    return outputs.map { sweep.tangent(of: $0) }
  }

  private func checkTangents(_ tangents: [Value], of sources: [Value]) throws(GraphError) {
    if sources.count != tangents.count {
      throw GraphError("derivative", "\(tangents.count) tangents for \(sources.count) sources")
    }
    for (source, tangent) in zip(sources, tangents) {
      if !type(source).dtype.isFloatingPoint {
        throw GraphError("derivative", "\(type(source)) has no derivative; only floating-point values have")
      }
      if type(source) != type(tangent) {
        throw GraphError("derivative", "the tangent of \(type(source)) is \(type(tangent))")
      }
    }
  }

  /// For each position of `range`, whether it is active and one of `outputs` is computed from it.
  private func leading(to outputs: [Value], in range: ClosedRange<Int>, within activity: [Bool]) -> [Bool] {
    let base = range.lowerBound
    var isWanted = [Bool](repeating: false, count: range.count)
    for output in outputs where output.position >= base { isWanted[output.position - base] = true }
    for position in range.reversed() where isWanted[position - base] {
      isWanted[position - base] = activity[position - base]
      guard activity[position - base] else { continue }
      for operand in nodes[position].operands where operand.position >= base {
        isWanted[operand.position - base] = true
      }
    }
    return isWanted
  }
}

/// The tangents known so far, while the nodes are visited in order.
private struct ForwardSweep {
  let base: Int
  // The tangent of each node, or -1.
  private var tangents: [Int32]
  // The tangents of the few operations with several results.
  private var lists: [Int32: [Value?]] = [:]

  init(base: Int, count: Int) {
    self.base = base
    tangents = [Int32](repeating: -1, count: count)
  }

  func tangent(of value: Value) -> Value? {
    let offset = value.position - base
    return offset >= 0 && offset < tangents.count && tangents[offset] >= 0 ? Value(Int(tangents[offset])) : nil
  }

  mutating func set(_ tangent: Value, of value: Value) {
    if value.position - base < tangents.count { tangents[value.position - base] = tangent.index }
  }

  mutating func visit(_ value: Value, in graph: inout GraphBuilder) throws(GraphError) {
    // A source that depends on another one keeps the tangent it was given.
    if tangent(of: value) != nil { return }
    let node = graph[value]
    if case .element(let element) = node.primitive {
      if let tangent = lists[node.operands[0].index]?[element.index] { set(tangent, of: value) }
      return
    }
    let known = node.operands.map { tangent(of: $0) }
    guard known.contains(where: { $0 != nil }) else { return }
    graph.location = node.location
    let context = PushforwardContext(operands: Array(node.operands), result: value, tangents: known)
    let results = try node.primitive.rules.pushforward(context, in: &graph)
    if node.hasSeveralResults { lists[value.index] = results }
    if let tangent = results[0] {
      precondition(graph.type(tangent) == node.type, "a tangent must have the type of its value")
      set(tangent, of: value)
    }
  }
}
