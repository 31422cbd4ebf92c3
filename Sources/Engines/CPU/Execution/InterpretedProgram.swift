import MartletGraph

/// A program run node by node by the reference rules: for operations and types without a kernel.
struct InterpretedProgram: Executable {
  let graph: Graph
  let engine: CPUEngine

  init(_ program: Program, engine: CPUEngine) {
    graph = program.graph
    self.engine = engine
  }

  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    var values: [[ReferenceTensor]] = []
    values.reserveCapacity(graph.nodes.count)
    var nextScalar = 0
    var inputOf = [Int](repeating: -1, count: graph.nodes.count)
    for (index, value) in graph.inputs.enumerated() { inputOf[value.position] = index }
    for (position, node) in graph.nodes.enumerated() {
      switch node.primitive {
      case .input:
        values.append([ReferenceTensor(node.type, reading: UnsafeRawBufferPointer(inputs[inputOf[position]].bytes))])
      case .scalar:
        let bits = scalars[nextScalar]
        nextScalar += 1
        values.append([
          withUnsafeBytes(of: bits.littleEndian) { ReferenceTensor(node.type, reading: $0) }
        ])
      case .element(let element):
        values.append([values[node.operands[0].position][element.index]])
      default:
        values.append(try evaluate(node, at: position, values))
      }
    }
    var outputs: [Buffer] = []
    for value in graph.outputs {
      let result = values[value.position][0]
      let buffer = try engine.allocate(byteCount: result.type.sizeInBytes)
      result.write(to: buffer.bytes)
      outputs.append(buffer)
    }
    return outputs
  }

  private func evaluate(
    _ node: Node, at position: Int, _ values: [[ReferenceTensor]]
  ) throws(ExecutionError) -> [ReferenceTensor] {
    var count = OperationCount()
    do {
      let operands = node.operands.map { values[$0.position][0] }
      return try node.primitive.rules.evaluate(operands, result: node.type, count: &count)
    } catch {
      throw ExecutionError(node: position, message: error.message, location: node.location)
    }
  }
}
