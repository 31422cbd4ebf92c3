import MartletGraph
import Testing

@Suite struct SubgraphTests {
  let scalar = TensorType(.float64, Shape())

  @Test func `a closure becomes a graph that captures what it used from outside`() throws {
    var recorder = GraphBuilder()
    let a = recorder.input(scalar)
    let outside = try recorder.multiply(a, a)
    let number = recorder.scalar(10, .float64)
    let start = recorder.nodes.count
    let argument = recorder.input(scalar)
    let inner = try recorder.add(recorder.multiply(argument, outside), number)
    let output = try recorder.add(inner, a)
    _ = try recorder.multiply(output, output)

    let (graph, captured) = recorder.extract(outputs: [output], boundary: [argument], after: start)
    #expect(captured == [a, outside])
    #expect(graph.inputs.count == 3)
    #expect(graph.nodes.count == 7)
    // 2 × 3 + 10 + 4, with what was captured given by hand.
    #expect(try run(graph, [doubleTensor([], [2]), doubleTensor([], [4]), doubleTensor([], [3])])[0].doubles == [20])
  }

  @Test func `values inside a graph can be its boundary`() throws {
    var recorder = GraphBuilder()
    let x = recorder.input(scalar)
    let middle = try recorder.unary(.exp, x)
    let output = try recorder.multiply(middle, by: 3)
    let (graph, captured) = recorder.extract(outputs: [output, middle], boundary: [middle])
    #expect(captured == [])
    #expect(try run(graph, [doubleTensor([], [5])]).map(\.doubles) == [[15], [5]])
  }

  @Test func `pruning removes what no output needs, and keeps every input`() throws {
    var recorder = GraphBuilder()
    let (x, unused) = (recorder.input(scalar), recorder.input(scalar))
    _ = try recorder.unary(.exp, unused)
    let output = try recorder.unary(.negate, x)
    let graph = Graph(nodes: recorder.nodes, inputs: [x, unused], outputs: [output]).pruned()
    #expect(graph.nodes.count == 3)
    #expect(graph.inputs.count == 2)
    #expect(try run(graph, [doubleTensor([], [5]), doubleTensor([], [6])])[0].doubles == [-5])
  }

  @Test func `inlining records the operations again and checks operands`() throws {
    let graph = try record([scalar, scalar]) { graph, x in [try graph.subtract(x[0], x[1])] }
    let result = try run([doubleTensor([], [5]), doubleTensor([], [3])]) { builder, x in
      try builder.inline(graph, operands: [x[1], x[0]])
    }
    #expect(result[0].doubles == [-2])
    var builder = GraphBuilder()
    let wide = builder.input(TensorType(.float64, [2]))
    #expect(throws: GraphError.self) { try builder.inline(graph, operands: [wide, wide]) }
  }

  @Test func `bodies that differ in a scalar are different regions`() throws {
    let regions = try [0.5, 0.7].map { factor in
      Region(try record([scalar]) { graph, x in [try graph.multiply(x[0], by: factor)] })
    }
    #expect(regions[0].hash != regions[1].hash)
    #expect(regions[0].graph.structureHash == regions[1].graph.structureHash)
  }
}
