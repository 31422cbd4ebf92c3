import MartletGraph

extension Graph {
  /// The same graph in an order in which whatever can fail comes before all that it does not need.
  ///
  /// A program may overwrite the memory of variables that it replaces. In this order it has found what is wrong with
  /// its input (an index out of range) before it overwrites the first, so that a run that fails has changed nothing.
  func withChecksFirst() -> Graph { orderWithChecksFirst.map(reordered) ?? self }

  /// The positions of nodes in that order; nil if it is the present one.
  var orderWithChecksFirst: [Int]? {
    var isEarly = checks
    guard isEarly.contains(true) else { return nil }
    for position in nodes.indices.reversed() where isEarly[position] {
      for operand in nodes[position].operands { isEarly[operand.position] = true }
    }
    return nodes.indices.filter { isEarly[$0] } + nodes.indices.filter { !isEarly[$0] }
  }

  /// The same graph with its nodes in another order, in which operands still come first.
  func reordered(_ order: [Int]) -> Graph {
    var renumbered = [Value](repeating: Value(0), count: nodes.count)
    for (new, old) in order.enumerated() { renumbered[old] = Value(new) }
    var result = Graph(
      inputs: inputs.map { renumbered[$0.position] }, outputs: outputs.map { renumbered[$0.position] })
    result.nodes = order.map { old in
      var node = nodes[old]
      node.operands = Operands(node.operands.map { renumbered[$0.position] })
      return node
    }
    return result
  }

  /// For each node, whether values can make it fail.
  ///
  /// Indices that have served once are known to be in range: the scatter that is the derivative of a gather, which
  /// comes at the end of a step, finds nothing new.
  private var checks: [Bool] {
    var isKnown: Set<IndexCheck> = []
    return nodes.map { node in
      guard node.primitive.canFail(operandType: node.operands.first.map { self[$0].type }) else { return false }
      guard let check = IndexCheck(node, in: self) else { return true }
      return isKnown.insert(check).inserted
    }
  }
}

/// What a gather or a scatter checks: that these indices lie in a tensor of this shape.
private struct IndexCheck: Hashable {
  let form: IndexForm
  let shape: Shape
  let indices: Value

  init?(_ node: Node, in graph: Graph) {
    switch node.primitive {
    case .gather(let gather): form = gather.form
    case .scatter(let scatter): form = scatter.form
    default: return nil
    }
    (shape, indices) = (graph[node.operands[0]].type.shape, node.operands[1])
  }
}

extension Primitive {
  /// Whether values can make the operation fail.
  fileprivate func canFail(operandType: TensorType?) -> Bool {
    switch self {
    case .gather, .scatter, .dynamicSlice, .dynamicUpdate, .custom: return true
    case .binary(let binary):
      let divides: Set<Binary.Kind> = [.divide, .floorDivide, .remainder, .modulo, .power]
      return divides.contains(binary.kind) && operandType?.dtype.isFloatingPoint == false
    case .call(let call): return call.body.graph.canFail
    case .scan(let scan): return scan.body.graph.canFail
    case .whileLoop(let loop): return loop.condition.graph.canFail || loop.body.graph.canFail
    case .conditional(let branches): return branches.ifTrue.graph.canFail || branches.ifFalse.graph.canFail
    default: return false
    }
  }
}

extension Graph {
  fileprivate var canFail: Bool {
    nodes.contains { $0.primitive.canFail(operandType: $0.operands.first.map { self[$0].type }) }
  }
}
