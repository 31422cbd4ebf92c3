/// Runs a body while a condition holds.
///
/// Operands: the initial carry, then values that every turn sees. Condition and body take both; the condition gives
/// one bool, the body the next carry. Results: the last carry. There is a forward but no reverse derivative, because
/// the number of turns is unknown; use ``Scan`` where it is known.
public struct WhileLoop: PrimitiveRules {
  public var condition: Region
  public var body: Region
  public var carryCount: Int

  public init(condition: Region, body: Region, carryCount: Int) {
    self.condition = condition
    self.body = body
    self.carryCount = carryCount
  }

  public var name: String { "while" }
  public var primitive: Primitive { .whileLoop(self) }
  public var resultTypes: [TensorType]? { body.graph.outputTypes }

  public func mix(into hash: inout StructureHash) {
    hash.mix(condition.hash)
    hash.mix(body.hash)
    hash.mix(carryCount)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    try condition.check(operands, operation: name)
    try body.check(operands, operation: name)
    if condition.graph.outputTypes != [TensorType(.bool, Shape())] {
      throw GraphError(name, "the condition gives \(condition.graph.outputTypes), not one bool")
    }
    let carry = Array(operands.prefix(carryCount))
    if body.graph.outputTypes != carry {
      throw GraphError(name, "the carry changes from \(carry) to \(body.graph.outputTypes)")
    }
    guard let first = carry.first else { throw GraphError(name, "there is nothing to carry") }
    return first
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    throw GraphError(
      name, "there is no reverse derivative, because the number of turns is unknown; use scan, whose length is known")
  }

  /// The tangents turn along with the carry.
  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let carried = (0..<carryCount).filter { body.graph.inputTypes[$0].dtype.isFloatingPoint }
    let given = (carryCount..<context.operands.count).filter { context.tangents[$0] != nil }
    let loop = WhileLoop(
      condition: Region(try conditionWithTangents(carried, given)), body: Region(try bodyWithTangents(carried, given)),
      carryCount: carryCount + carried.count)
    let tangents = try graph.orZeros(
      carried.map { context.tangents[$0] }, types: carried.map { body.graph.inputTypes[$0] })
    let operands =
      context.operands[..<carryCount] + tangents + context.operands[carryCount...] + given.map { context.tangents[$0]! }
    let results = try graph.results(of: graph.add(loop, Operands(Array(operands))))
    return results[carryCount...].map { $0 }.spread(over: carried, count: carryCount)
  }

  /// Inputs with tangents: carry, its tangents, the other values, their tangents.
  private func inputs(
    _ carried: [Int], _ given: [Int], in builder: inout GraphBuilder
  ) -> (all: [Value], operands: [Value], tangents: [Value]) {
    let types = body.graph.inputTypes
    let carry = types[..<carryCount].map { builder.input($0) }
    let carryTangents = carried.map { builder.input(types[$0]) }
    let values = types[carryCount...].map { builder.input($0) }
    let valueTangents = given.map { builder.input(types[$0]) }
    return (carry + carryTangents + values + valueTangents, carry + values, carryTangents + valueTangents)
  }

  private func conditionWithTangents(_ carried: [Int], _ given: [Int]) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let inputs = inputs(carried, given, in: &builder)
    let outputs = try builder.inline(condition.graph, operands: inputs.operands)
    return builder.graph(inputs: inputs.all, outputs: outputs)
  }

  private func bodyWithTangents(_ carried: [Int], _ given: [Int]) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let inputs = inputs(carried, given, in: &builder)
    let (results, tangents) = try builder.tangent(
      of: body.graph, operands: inputs.operands, tangents: inputs.tangents, given: carried + given)
    return builder.graph(inputs: inputs.all, outputs: results + tangents)
  }

  /// The work of one turn; how many there are is unknown.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    Cost(repeating: condition.operationCost + body.operationCost, moving: operands, to: resultTypes!)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    var carry = Array(operands[..<carryCount])
    let values = operands[carryCount...]
    while try condition.evaluate(carry + values, count: &count)[0].integers[0] != 0 {
      carry = try body.evaluate(carry + values, count: &count)
    }
    return carry
  }
}
