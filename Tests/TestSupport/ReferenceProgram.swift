import MartletGraph

/// A small program for checks of rules, run node by node.
///
/// The loops here are as plain as can be, and none of the library's own transforms take part, so that they are an
/// oracle for those as well.
public struct ReferenceProgram {
  public var graph = GraphBuilder()
  public private(set) var inputs: [Value] = []
  public var outputs: [Value] = []

  public init(inputs types: [TensorType]) {
    for type in types { addInput(type) }
  }

  /// A new input, behind those there are.
  @discardableResult
  public mutating func addInput(_ type: TensorType) -> Value {
    let value = graph.append(Input(), Operands(), type: type)
    inputs.append(value)
    return value
  }

  /// Adds an operation and returns all its results.
  public mutating func apply(_ operation: any PrimitiveRules, _ operands: [Value]) throws(GraphError) -> [Value] {
    let node = try graph.add(operation, Operands(operands))
    guard let types = operation.resultTypes else { return [node] }
    var results: [Value] = []
    for (index, type) in types.enumerated() {
      results.append(try graph.add(Element(index, type: type), Operands(node)))
    }
    return results
  }
}

extension ReferenceProgram {
  /// The outputs for values of the inputs.
  public func run(_ values: [ReferenceTensor]) throws -> [ReferenceTensor] {
    var computed: [[ReferenceTensor]] = []
    var given = values.makeIterator()
    var count = OperationCount()
    for node in graph.nodes {
      switch node.primitive {
      case .input: computed.append([given.next()!])
      case .element(let element): computed.append([computed[node.operands[0].position][element.index]])
      default:
        let operands = node.operands.map { computed[$0.position][0] }
        computed.append(try node.primitive.rules.evaluate(operands, result: node.type, count: &count))
      }
    }
    return outputs.map { computed[$0.position][0] }
  }
}

extension ReferenceProgram {
  /// Records the cotangents of `sources`, given those of the outputs; nil where there is none.
  public mutating func pullback(_ cotangents: [Value?], to sources: [Value]) throws(GraphError) -> [Value?] {
    let count = graph.nodes.count
    let isActive = activity(sources, count)
    var gathered = [[Value?]](repeating: [nil], count: count)
    for (output, cotangent) in zip(outputs, cotangents) {
      guard let cotangent, isActive[output.position] else { continue }
      gathered[output.position][0] = try graph.addIfPresent(gathered[output.position][0], cotangent)
    }
    for position in (0..<count).reversed() where isActive[position] && !sources.contains(Value(position)) {
      let node = graph.nodes[position]
      let own = gathered[position]
      if own.allSatisfy({ $0 == nil }) { continue }
      if case .element(let element) = node.primitive {
        let operand = node.operands[0].position
        while gathered[operand].count <= element.index { gathered[operand].append(nil) }
        gathered[operand][element.index] = try graph.addIfPresent(gathered[operand][element.index], own[0])
        continue
      }
      try pullback(node, at: position, own, isActive, &gathered)
    }
    return sources.map { gathered[$0.position][0] }
  }

  private mutating func pullback(
    _ node: Node, at position: Int, _ own: [Value?], _ isActive: [Bool], _ gathered: inout [[Value?]]
  ) throws(GraphError) {
    let rules = node.primitive.rules
    let missing = [Value?](repeating: nil, count: (rules.resultTypes?.count ?? 1) - own.count)
    let context = PullbackContext(
      operands: Array(node.operands), result: Value(position), cotangents: own + missing,
      isNeeded: node.operands.map { isActive[$0.position] })
    let cotangents = try rules.pullback(context, in: &graph)
    for (operand, cotangent) in zip(node.operands, cotangents) where isActive[operand.position] {
      gathered[operand.position][0] = try graph.addIfPresent(gathered[operand.position][0], cotangent)
    }
  }

  /// Which of the first nodes depend on `sources` by way of floating-point values.
  private func activity(_ sources: [Value], _ count: Int) -> [Bool] {
    var isActive = [Bool](repeating: false, count: count)
    for (position, node) in graph.nodes.enumerated() {
      let carries = node.type.dtype.isFloatingPoint || node.primitive.rules.resultTypes != nil
      let depends = node.operands.contains { isActive[$0.position] }
      isActive[position] = sources.contains(Value(position)) || (carries && depends)
    }
    return isActive
  }
}
