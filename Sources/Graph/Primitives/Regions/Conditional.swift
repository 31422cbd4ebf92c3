/// Runs one of two bodies.
///
/// Operands: a bool scalar, then the operands of both bodies. Only the chosen body runs.
public struct Conditional: PrimitiveRules {
  public var ifTrue: Region
  public var ifFalse: Region

  public init(ifTrue: Region, ifFalse: Region) {
    self.ifTrue = ifTrue
    self.ifFalse = ifFalse
  }

  public var name: String { "cond" }
  public var primitive: Primitive { .conditional(self) }
  public var resultTypes: [TensorType]? { ifTrue.graph.outputTypes }

  public func mix(into hash: inout StructureHash) {
    hash.mix(ifTrue.hash)
    hash.mix(ifFalse.hash)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    guard let predicate = operands.first, predicate == TensorType(.bool, Shape()) else {
      throw GraphError(name, "the predicate is one bool, not \(operands.first.map(\.description) ?? "nothing")")
    }
    try ifTrue.check(operands.dropFirst(), operation: name)
    try ifFalse.check(operands.dropFirst(), operation: name)
    let types = ifTrue.graph.outputTypes
    if types != ifFalse.graph.outputTypes {
      throw GraphError(name, "the branches give \(types) and \(ifFalse.graph.outputTypes)")
    }
    guard let first = types.first else { throw GraphError(name, "the branches have no outputs") }
    return first
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let needed = context.isNeeded.indices.dropFirst().filter { context.isNeeded[$0] }
    let inner = needed.map { $0 - 1 }
    let gradient = Conditional(
      ifTrue: Region(try ifTrue.graph.gradient(needed: inner)),
      ifFalse: Region(try ifFalse.graph.gradient(needed: inner)))
    let outputs = ifTrue.graph.differentiableOutputs
    let cotangents = try graph.orZeros(
      outputs.map { context.cotangents[$0] }, types: outputs.map { ifTrue.graph.outputTypes[$0] })
    let node = try graph.add(gradient, Operands(context.operands + cotangents))
    return try graph.results(of: node).map { $0 }.spread(over: needed, count: context.operands.count)
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let given = context.tangents.indices.dropFirst().filter { context.tangents[$0] != nil }
    let inner = given.map { $0 - 1 }
    let tangent = Conditional(
      ifTrue: Region(try ifTrue.graph.tangent(given: inner)), ifFalse: Region(try ifFalse.graph.tangent(given: inner)))
    let node = try graph.add(tangent, Operands(context.operands + given.map { context.tangents[$0]! }))
    return try graph.results(of: node).map { $0 }
      .spread(over: ifTrue.graph.differentiableOutputs, count: ifTrue.graph.outputs.count)
  }

  /// One choice for all examples stays a choice; where each example has its own, both bodies run and the results are
  /// selected, so that an error in a body that was not chosen is an error all the same.
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let isBatched = Array(context.isBatched.dropFirst())
    let all = ifTrue.graph.outputs.map { _ in true }
    if !context.isBatched[0] {
      let whole = Conditional(
        ifTrue: try ifTrue.graph.batched(isBatched: isBatched, size: context.size, forcing: all).region,
        ifFalse: try ifFalse.graph.batched(isBatched: isBatched, size: context.size, forcing: all).region)
      return try graph.results(of: graph.add(whole, Operands(context.operands)))
    }
    let operands = Array(context.operands.dropFirst())
    let yes = try graph.batched(ifTrue.graph, operands: operands, isBatched: isBatched, size: context.size)
    let no = try graph.batched(ifFalse.graph, operands: operands, isBatched: isBatched, size: context.size)
    var results: [Value] = []
    for (index, type) in ifTrue.graph.outputTypes.enumerated() {
      // Broadcasting of the predicate also gives examples to a result that is the same for all.
      let predicate = try graph.aligned(context.operands[0], isBatched: true, toRank: type.rank)
      results.append(try graph.select(predicate, yes.results[index], no.results[index]))
    }
    return results
  }

  /// That of the dearer body.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let (yes, no) = (ifTrue.operationCost, ifFalse.operationCost)
    let dearer = yes.floatingPointOperations >= no.floatingPointOperations ? yes : no
    return Cost(repeating: dearer, moving: operands, to: resultTypes!)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let branch = operands[0].integers[0] != 0 ? ifTrue : ifFalse
    return try branch.evaluate(Array(operands.dropFirst()), count: &count)
  }
}
