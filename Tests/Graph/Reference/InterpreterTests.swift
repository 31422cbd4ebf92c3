import MartletGraph
import Testing

@Suite struct InterpreterTests {
  @Test func `the reference engine runs a program on buffers with the scalars of the run`() throws {
    let type = TensorType(.float32, [3])
    let graph = try record([type]) { graph, x in [try graph.multiply(x[0], by: 2), x[0]] }
    let engine = ReferenceEngine()
    let executable = try engine.compile(Program(graph: graph, isDonated: [false]))
    let buffer = try engine.allocate(byteCount: type.sizeInBytes)
    ReferenceTensor(type, rounding: [1, 2, 3]).write(to: buffer.bytes)
    let outputs = try executable.run(inputs: [buffer], scalars: [Literal(5, .float32).bits])
    let values = outputs.map { ReferenceTensor(type, reading: UnsafeRawBufferPointer($0.bytes)).doubles }
    #expect(values == [[5, 10, 15], [1, 2, 3]])
    #expect(throws: ExecutionError.self) { try executable.run(inputs: [], scalars: []) }
  }

  @Test func `an error names the node and the line, also from inside a body`() throws {
    var inner = GraphBuilder(location: MartletGraph.SourceLocation("Model/Embedding.swift", 7))
    let x = inner.input(TensorType(.float64, [2]))
    let output = try inner.add(Gather(.axis(0)), Operands(x, inner.scalar(2, .int64)))
    let call = Call("block", body: Region(inner.graph(inputs: [x], outputs: [output])))
    var graph = GraphBuilder(location: MartletGraph.SourceLocation("Main.swift", 1))
    let y = graph.input(TensorType(.float64, [2]))
    let node = try graph.add(call, Operands(y))
    let program = graph.graph(inputs: [y], outputs: [node])
    let error = #expect(throws: ExecutionError.self) { try run(program, [doubleTensor([2], [0, 0])]) }
    #expect(error?.node == 1)
    #expect(
      error?.description
        == "gather: index 2 at position [] is outside axis 0 of [2] (valid: -2..<2) at Embedding.swift:7")
  }

  @Test func `inputs of another type are refused`() throws {
    let graph = try record([TensorType(.float64, [2])]) { graph, x in x }
    #expect(throws: ExecutionError.self) { try run(graph, [doubleTensor([3], [0, 0, 0])]) }
    #expect(throws: ExecutionError.self) { try run(graph, []) }
  }

  @Test func `iota counts along its axis`() throws {
    let result = try run([]) { graph, _ in
      [try graph.iota(TensorType(.int32, [2, 3]), axis: 1), try graph.iota(TensorType(.float16, [2, 2]), axis: 0)]
    }
    #expect(result[0].integers == [0, 1, 2, 0, 1, 2])
    #expect(result[1].doubles == [0, 0, 1, 1])
  }
}
