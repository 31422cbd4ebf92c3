import MartletGraph
import Testing

@Suite struct CallTests {
  static let row = TensorType(.float64, [3])

  static func body() throws -> Graph {
    try record([row, row]) { graph, x in
      let product = try graph.multiply(graph.unary(.sin, x[0]), x[1])
      return [product, try graph.sum(product, axes: [0])]
    }
  }

  static var operands: [ReferenceTensor] {
    var numbers = Numbers(seed: 21)
    return [numbers.tensor([3]), numbers.tensor([3])]
  }

  @Test(arguments: ["block", "checkpoint"])
  func `derivatives of a call agree with differences`(label: String) throws {
    let call = Call(label, body: Region(try Self.body()))
    try checkDerivatives(Self.operands) { graph, x in try ControlFlowTests.elements(call, of: &graph, x) }
  }

  @Test(arguments: ["block", "checkpoint"])
  func `a batch of calls agrees with a loop`(label: String) throws {
    let call = Call(label, body: Region(try Self.body()))
    var numbers = Numbers(seed: 22)
    let other = [numbers.tensor([3]), numbers.tensor([3])]
    try checkBatching([Self.operands, other]) { graph, x in try ControlFlowTests.elements(call, of: &graph, x) }
  }

  @Test func `the derivative of a checkpoint computes its body again behind a barrier`() throws {
    for (label, isExpected) in [("checkpoint", true), ("block", false)] {
      var graph = GraphBuilder()
      let x = [graph.input(Self.row), graph.input(Self.row)]
      let results = try ControlFlowTests.elements(Call(label, body: Region(try Self.body())), of: &graph, x)
      _ = try graph.pullback(from: [results[0]], cotangents: [graph.ones(Self.row)], to: x)
      let gradients = graph.nodes.compactMap { node -> Call? in
        if case .call(let call) = node.primitive, call.label == label + " gradient" { call } else { nil }
      }
      #expect(gradients.count == 1)
      let barriers = gradients[0].body.graph.nodes.filter { node in
        if case .identity(let identity) = node.primitive { identity.kind == .barrier } else { false }
      }
      #expect(barriers.count == (isExpected ? 2 : 0))
      // The gradient takes operands and cotangents, and nothing that the forward pass computed.
      #expect(gradients[0].body.graph.inputs.count == 4)
    }
  }

  /// A product whose derivative is said to be ten times what it is, so that it can be told apart.
  static func exaggerating() throws -> Call {
    let body = try record([row, row]) { graph, x in [try graph.multiply(x[0], x[1])] }
    let derivative = try record([row, row, row, row]) { graph, x in
      let scaled = try graph.multiply(x[3], by: 10)
      return [try graph.multiply(scaled, x[1]), try graph.multiply(scaled, x[0])]
    }
    return Call("product", body: Region(body), derivative: Region(derivative))
  }

  @Test func `a derivative of its own is used in both directions`() throws {
    let graph = try record([Self.row, Self.row]) { graph, x in [try graph.add(Self.exaggerating(), Operands(x))] }
    let x = [doubleTensor([3], [1, 2, 3]), doubleTensor([3], [4, 5, 6])]
    let ones = doubleTensor([3], [1, 1, 1])
    #expect(try run(graph.gradient(needed: [0, 1]), x + [ones]).map(\.doubles) == [[40, 50, 60], [10, 20, 30]])
    #expect(try run(graph.tangent(given: [1]), x + [doubleTensor([3], [1, 0, 2])])[0].doubles == [10, 0, 60])
  }

  @Test func `a derivative of its own is used in a batch`() throws {
    let graph = try record([Self.row, Self.row]) { graph, x in [try graph.add(Self.exaggerating(), Operands(x))] }
    let x = [doubleTensor([2, 3], [1, 2, 3, 4, 5, 6]), doubleTensor([3], [1, 2, 3])]
    var builder = GraphBuilder()
    let inputs = x.map { builder.input($0.type) }
    let batch = try builder.batched(graph, operands: inputs, isBatched: [true, false], size: 2)
    let ones = try builder.ones(x[0].type)
    let found = try builder.pullback(from: batch.results, cotangents: [ones], to: inputs)
    let result = try run(builder.graph(inputs: inputs, outputs: found.map { $0! }), x)
    #expect(result.map(\.doubles) == [[10, 20, 30, 10, 20, 30], [50, 70, 90]])
  }

  @Test func `an operation of the user's own runs, is differentiated and batched`() throws {
    let square = CustomOperation(
      name: "square", resultType: { types throws(GraphError) in types[0] },
      compute: { operands, _, result in
        let (x, y) = (operands[0].bindMemory(to: Double.self), result.bindMemory(to: Double.self))
        for i in x.indices { y[i] = x[i] * x[i] }
      },
      pullback: { context, graph throws(GraphError) in
        [try graph.multiply(context.cotangent, graph.multiply(context.operands[0], by: 2))]
      })
    let body: Body = { graph, x in [try graph.add(Custom(square), Operands(x[0]))] }
    try checkDerivatives([Self.operands[0]], body)
    try checkBatching(Self.operands.map { [$0] }, body)
    #expect(try run([doubleTensor([2], [3, -4])], body)[0].doubles == [9, 16])
  }

  @Test func `an operation without a derivative says so`() throws {
    let opaque = CustomOperation(
      name: "opaque", resultType: { types throws(GraphError) in types[0] }, compute: { _, _, _ in })
    let graph = try record([Self.row]) { graph, x in [try graph.add(Custom(opaque), Operands(x[0]))] }
    let error = #expect(throws: GraphError.self) { try graph.gradient(needed: [0]) }
    #expect(error?.operation == "opaque")
    #expect(throws: GraphError.self) { try graph.tangent(given: [0]) }
  }
}
