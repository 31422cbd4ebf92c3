import MartletGraph

/// A program whose results are compared with those of the reference interpreter at every run.
struct CheckedProgram: Executable {
  let planned: PlannedProgram
  let program: Program

  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    // Donated inputs may be overwritten, so they are read first.
    let tensors = zip(inputs, program.graph.inputTypes).map { buffer, type in
      ReferenceTensor(type, reading: UnsafeRawBufferPointer(buffer.bytes))
    }
    let outputs = try planned.run(inputs: inputs, scalars: scalars)
    let literals = zip(program.scalars, scalars).map { value, bits in
      Literal(dtype: program.graph[value].type.dtype, bits: bits)
    }
    var interpreter = Interpreter()
    let expected = try interpreter.run(program.graph, inputs: tensors, scalars: literals)
    for (index, (buffer, tensor)) in zip(outputs, expected).enumerated() {
      let found = ReferenceTensor(tensor.type, reading: UnsafeRawBufferPointer(buffer.bytes))
      try check(found, tensor, output: index)
    }
    return outputs
  }

  private func check(_ found: ReferenceTensor, _ expected: ReferenceTensor, output: Int) throws(ExecutionError) {
    let (a, b) = (found.doubles, expected.doubles)
    let allowed = CheckedProgram.tolerance(expected.type.dtype)
    // Sums cancel, so an error is measured against the largest element.
    let scale = b.reduce(1) { $1.isFinite ? max($0, abs($1)) : $0 }
    for i in a.indices where a[i] != b[i] && !(a[i].isNaN && b[i].isNaN) && !(abs(a[i] - b[i]) <= allowed * scale) {
      let node = program.graph.outputs[output].position
      throw ExecutionError(
        node: node,
        message: "check: output \(output), \(expected.type), has \(a[i]) at "
          + "\(expected.type.shape.index(ofElement: i)), the reference \(b[i])",
        location: program.graph.nodes[node].location)
    }
  }

  /// What rounding may add up to over a program; integers are exact.
  private static func tolerance(_ dtype: DType) -> Double {
    switch dtype {
    case .float64: 1e-9
    case .float32: 1e-3
    case .float16: 2e-2
    case .bfloat16: 1e-1
    default: 0
    }
  }
}
