import MartletGraph
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct DerivativeTests {
  let scalar = TensorType(.float64, Shape())

  @Test func `a value that is used twice receives both cotangents`() throws {
    let graph = try record([scalar]) { graph, x in [try graph.add(graph.multiply(x[0], x[0]), x[0])] }
    let result = try run(graph.gradient(needed: [0]), [doubleTensor([], [3]), doubleTensor([], [1])])
    #expect(result[0].doubles == [7])
  }

  @Test(arguments: [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
  func `cotangents of parts are put side by side`(order: [Int]) throws {
    let bounds = [0, 2, 3, 6]
    let graph = try record([TensorType(.float64, [2, 6, 2])]) { graph, x in
      try order.map { part in
        let slice = Slice(starts: [0, bounds[part], 0], limits: [2, bounds[part + 1], 2])
        return try graph.unary(.sin, graph.add(slice, Operands(x[0])))
      }
    }
    let gradient = try graph.gradient(needed: [0])
    let joins = gradient.nodes.filter { if case .concatenate = $0.primitive { true } else { false } }
    let pads = gradient.nodes.filter { if case .pad = $0.primitive { true } else { false } }
    // Visited from the last to the first, parts 0 and 2 meet before the one between them in the last of these orders.
    let isTouching = order != [1, 2, 0]
    #expect(joins.count == (isTouching ? 1 : 0))
    #expect(pads.isEmpty == isTouching)
    var numbers = Numbers(seed: 3)
    try checkDerivatives([numbers.tensor([2, 6, 2])]) { graph, x in
      try order.map { part in
        let slice = Slice(starts: [0, bounds[part], 0], limits: [2, bounds[part + 1], 2])
        return try graph.unary(.sin, graph.add(slice, Operands(x[0])))
      }
    }
  }

  @Test func `derivatives can be differentiated again`() throws {
    let cube = try record([scalar]) { graph, x in [try graph.multiply(x[0], graph.multiply(x[0], x[0]))] }
    let second = try cube.gradient(needed: [0]).gradient(needed: [0])
    let result = try run(second, [doubleTensor([], [5]), doubleTensor([], [1]), doubleTensor([], [1])])
    #expect(result[0].doubles == [30])
  }

  @Test func `what does not depend on a source has no cotangent`() throws {
    var graph = GraphBuilder()
    let (x, y) = (graph.input(scalar), graph.input(scalar))
    let stopped = try graph.stopGradient(x)
    let rounded = try graph.cast(graph.cast(x, to: .int32), to: .float64)
    let output = try graph.add(graph.multiply(stopped, y), rounded)
    let found = try graph.pullback(from: [output], cotangents: [graph.ones(scalar)], to: [x, y])
    #expect(found[0] == nil)
    #expect(found[1] != nil)
    let tangents = try graph.pushforward(of: [output], from: [x], tangents: [graph.ones(scalar)])
    #expect(tangents == [nil])
  }

  @Test func `a source that another source leads to receives what flows through it`() throws {
    var graph = GraphBuilder()
    let x = graph.input(scalar)
    let y = try graph.multiply(x, by: 2)
    let z = try graph.multiply(y, y)
    let found = try graph.pullback(from: [z], cotangents: [graph.ones(scalar)], to: [x, y])
    let result = try run(graph.graph(inputs: [x], outputs: found.map { $0! }), [doubleTensor([], [3])])
    #expect(result.map(\.doubles) == [[24], [12]])
  }

  @Test func `nodes before the start are constants unless they are sources`() throws {
    var graph = GraphBuilder()
    let x = graph.input(scalar)
    let before = try graph.multiply(x, x)
    let start = graph.nodes.count
    let output = try graph.multiply(before, x)
    let found = try graph.pullback(from: [output], cotangents: [graph.ones(scalar)], to: [x], after: start)
    let result = try run(graph.graph(inputs: [x], outputs: [found[0]!]), [doubleTensor([], [3])])
    #expect(result[0].doubles == [9])
    let tangent = try graph.pushforward(of: [output], from: [x], tangents: [graph.ones(scalar)], after: start)
    #expect(try run(graph.graph(inputs: [x], outputs: [tangent[0]!]), [doubleTensor([], [3])])[0].doubles == [9])
  }

  @Test func `an output that is a source has its cotangent`() throws {
    var graph = GraphBuilder()
    let x = graph.input(scalar)
    let one = try graph.ones(scalar)
    #expect(try graph.pullback(from: [x], cotangents: [one], to: [x], after: 2) == [one])
    #expect(try graph.pushforward(of: [x], from: [x], tangents: [one], after: 2) == [one])
  }

  @Test func `derivatives carry the line of the operation they belong to`() throws {
    var graph = GraphBuilder()
    let x = graph.input(scalar)
    graph.location = MartletGraph.SourceLocation("Model.swift", 12)
    let y = try graph.unary(.sin, x)
    graph.location = MartletGraph.SourceLocation("Model.swift", 99)
    let one = try graph.ones(scalar)
    let start = graph.nodes.count
    _ = try graph.pullback(from: [y], cotangents: [one], to: [x])
    #expect(graph.nodes.count > start)
    #expect(graph.nodes[start...].allSatisfy { "\($0.location)" == "Model.swift:12" })
    #expect("\(graph.location)" == "Model.swift:99")
  }

  @Test func `integers and cotangents of another shape are refused`() throws {
    var graph = GraphBuilder()
    let x = graph.input(scalar)
    let wide = graph.input(TensorType(.float64, [2]))
    let number = try graph.cast(x, to: .int64)
    #expect(throws: GraphError.self) { try graph.pullback(from: [number], cotangents: [number], to: [x]) }
    #expect(throws: GraphError.self) { try graph.pullback(from: [x], cotangents: [wide], to: [x]) }
    #expect(throws: GraphError.self) { try graph.pushforward(of: [x], from: [x], tangents: [wide]) }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a chain of a million operations is pulled back, pushed forward and run`() throws {
    var graph = GraphBuilder()
    let x = graph.input(scalar)
    let factor = graph.scalar(1 + 1e-6, .float64)
    var y = x
    for _ in 0..<1_000_000 { y = try graph.multiply(y, factor) }
    let one = try graph.ones(scalar)
    let gradient = try graph.pullback(from: [y], cotangents: [one], to: [x])[0]!
    let tangent = try graph.pushforward(of: [y], from: [x], tangents: [one])[0]!
    let result = try run(graph.graph(inputs: [x], outputs: [gradient, tangent]), [doubleTensor([], [1])])
    // A million roundings of half a unit in the last place, 1.1e-16 each.
    let expected = exp(1_000_000 * log1p(1e-6))
    #expect(abs(result[0].doubles[0] - expected) < 2e-10 * expected)
    #expect(abs(result[1].doubles[0] - expected) < 2e-10 * expected)
  }
}
