import MartletGraph

extension Graph {
  /// The same graph in an order in which whatever can fail comes before all that it does not need.
  ///
  /// A program may overwrite the memory of variables that it replaces. In this order it has found what is wrong with
  /// its input (an index out of range) before it overwrites the first, so that a run that fails has changed nothing.
  func withChecksFirst() -> Graph {
    var isEarly = nodes.map { $0.primitive.canFail(operandType: $0.operands.first.map { self[$0].type }) }
    for position in nodes.indices.reversed() where isEarly[position] {
      for operand in nodes[position].operands { isEarly[operand.position] = true }
    }
    let order = nodes.indices.filter { isEarly[$0] } + nodes.indices.filter { !isEarly[$0] }
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
