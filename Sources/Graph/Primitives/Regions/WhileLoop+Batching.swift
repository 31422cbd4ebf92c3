extension WhileLoop {
  /// A condition that is the same for all examples stays as it is. Where each example has its own, the loop turns while
  /// any example does, and the carry of an example that is done does not change; its body runs all the same, so an
  /// error there is an error of the whole.
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let values = Array(context.isBatched[carryCount...])
    var carry = Array(context.isBatched[..<carryCount])
    // A carry that meets examples in one turn has them from the start; each round finds at least one more, or ends.
    while true {
      let condition = try condition.graph.batched(isBatched: carry + values, size: context.size, forcing: [false])
      let body = try body.graph.batched(isBatched: carry + values, size: context.size, forcing: carry)
      let isOwn = condition.isBatched[0]
      let next = body.isBatched.map { $0 || isOwn }
      if next == carry {
        let loop = try WhileLoop(
          condition: isOwn ? Region(anyOf(condition.region.graph)) : condition.region,
          body: isOwn ? Region(selecting(body.region.graph, where: condition.region.graph)) : body.region,
          carryCount: carryCount)
        return try add(loop, carry: carry, context, in: &graph)
      }
      carry = next
    }
  }

  private func add(
    _ loop: WhileLoop, carry: [Bool], _ context: BatchContext, in graph: inout GraphBuilder
  ) throws(GraphError) -> [Value] {
    var operands = context.operands
    for index in carry.indices where carry[index] {
      operands[index] = try graph.withBatch(
        operands[index], isBatched: context.isBatched[index], size: context.size)
    }
    var results = try graph.results(of: graph.add(loop, Operands(operands)))
    for index in results.indices {
      results[index] = try graph.withBatch(results[index], isBatched: carry[index], size: context.size)
    }
    return results
  }

  /// Whether the condition of any example holds.
  private func anyOf(_ condition: Graph) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let inputs = condition.inputTypes.map { builder.input($0) }
    let flags = try builder.inline(condition, operands: inputs)[0]
    let isAny = try builder.reduce(.any, flags, axes: [0])
    return builder.graph(inputs: inputs, outputs: [isAny])
  }

  /// The next carry of the examples whose condition holds, the old one of the others.
  private func selecting(_ body: Graph, where condition: Graph) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let inputs = body.inputTypes.map { builder.input($0) }
    let flags = try builder.inline(condition, operands: inputs)[0]
    var next = try builder.inline(body, operands: inputs)
    for index in next.indices {
      let isOn = try builder.aligned(flags, isBatched: true, toRank: builder.shape(next[index]).rank - 1)
      next[index] = try builder.select(isOn, next[index], inputs[index])
    }
    return builder.graph(inputs: inputs, outputs: next)
  }
}
