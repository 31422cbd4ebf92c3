// How calls are differentiated and batched.
//
// Operands of the calls that derivatives record, for engines that have kernels for them:
// - `<label> gradient`: the operands of the call, then the cotangents of its floating-point results; results are the
//   cotangents of those operands that need one, in order. Attributes are those of the call.
// - `<label> tangent`: the operands of the call, then the tangents of those operands that have one; results are the
//   tangents of the floating-point results.
// - `<label> batched`: the operands of the call, with a leading dimension of examples where they have one.
extension Call {
  private var isCheckpoint: Bool { label == "checkpoint" }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    if let derivative {
      return try pullback(by: derivative, context.operands, context.result, context.cotangents, in: &graph)
    }
    let needed = context.isNeeded.indices.filter { context.isNeeded[$0] }
    let gradient = Call(
      label + " gradient", attributes: attributes,
      body: Region(try body.graph.gradient(needed: needed, isRecomputing: isCheckpoint)))
    let outputs = body.graph.differentiableOutputs
    let cotangents = try graph.orZeros(
      outputs.map { context.cotangents[$0] }, types: outputs.map { body.graph.outputTypes[$0] })
    let call = try graph.add(gradient, Operands(context.operands + cotangents))
    return try graph.results(of: call).map { $0 }.spread(over: needed, count: context.operands.count)
  }

  /// The user's derivative takes operands, results and the cotangents of all results.
  private func pullback(
    by derivative: Region, _ operands: [Value], _ call: Value, _ cotangents: [Value?],
    in graph: inout GraphBuilder
  ) throws(GraphError) -> [Value?] {
    let results = try graph.results(of: call)
    let filled = try graph.orZeros(cotangents, types: body.graph.outputTypes)
    let found = try graph.inline(derivative.graph, operands: operands + results + filled)
    if found.count != operands.count {
      throw GraphError(name, "the derivative gives \(found.count) cotangents for \(operands.count) operands")
    }
    for (cotangent, operand) in zip(found, operands) where graph.type(operand).dtype.isFloatingPoint {
      if graph.type(cotangent) != graph.type(operand) {
        throw GraphError(name, "the derivative gives \(graph.type(cotangent)) for the operand \(graph.type(operand))")
      }
    }
    return found
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    if let derivative {
      return try graph.pushforward(
        transposing: { cotangents, graph throws(GraphError) in
          try pullback(by: derivative, context.operands, context.result, cotangents, in: &graph)
        }, results: body.graph.outputTypes, tangents: context.tangents)
    }
    let given = context.tangents.indices.filter { context.tangents[$0] != nil }
    let tangent = Call(label + " tangent", attributes: attributes, body: Region(try body.graph.tangent(given: given)))
    let call = try graph.add(tangent, Operands(context.operands + context.tangents.compactMap { $0 }))
    return try graph.results(of: call).map { $0 }
      .spread(over: body.graph.differentiableOutputs, count: body.graph.outputs.count)
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    var operands = context.operands
    var isBatched = context.isBatched
    if derivative != nil {
      // A cotangent of each example belongs to an operand of each example.
      operands = try graph.withBatches(context)
      isBatched = isBatched.map { _ in true }
    }
    let all = body.graph.outputs.map { _ in true }
    var call = self
    call.body = try body.graph.batched(isBatched: isBatched, size: context.size, forcing: all).region
    call.derivative = try derivative.map { region throws(GraphError) in
      try region.graph.batched(
        isBatched: region.graph.inputs.map { _ in true }, size: context.size,
        forcing: region.graph.outputs.map { _ in true }
      ).region
    }
    if !isCheckpoint { call.label += " batched" }
    return try graph.results(of: graph.add(call, Operands(operands)))
  }
}
