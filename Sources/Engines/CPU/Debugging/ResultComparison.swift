import MartletGraph

/// What a program should have given.
package struct ResultComparison {
  let graph: Graph
  let inputs: [ReferenceTensor]
  let scalars: [Literal]

  package init(graph: Graph, inputs: [ReferenceTensor], scalars: [Literal]) {
    (self.graph, self.inputs, self.scalars) = (graph, inputs, scalars)
  }

  /// What the reference gives.
  package func expected() throws(ExecutionError) -> [ReferenceTensor] { try evaluate(graph) }

  /// An error that names the first element that is wrong, or nil.
  package func firstDifference(
    in found: [ReferenceTensor], from known: [ReferenceTensor]? = nil
  ) throws(ExecutionError) -> ExecutionError? {
    var expected = known ?? []
    if known == nil { expected = try evaluate(graph) }
    for (index, pair) in zip(found, expected).enumerated() {
      guard let element = wrongElement(pair.0, pair.1, slack: []) else { continue }
      // Perhaps rounding alone explains it: a sum that cancels, a comparison of almost equal numbers.
      var slack: [[Double]] = []
      for seed in 1...5 as ClosedRange<UInt64> { slack.append(try evaluate(graph, movedBy: seed)[index].doubles) }
      guard wrongElement(pair.0, pair.1, slack: slack) != nil else { continue }
      let node = graph.outputs[index].position
      return ExecutionError(
        node: node,
        message: "check: a program of \(graph.nodes.count) nodes ends in \(graph.nodes[node].primitive.rules.name), "
          + "\(pair.1.type), with \(pair.0.doubles[element]) at \(pair.1.type.shape.index(ofElement: element)), where "
          + "the reference has \(pair.1.doubles[element])",
        location: graph.nodes[node].location)
    }
    return nil
  }

  /// The first operation whose value is wrong when all values are asked for.
  package func firstFault(of engine: any Engine) throws(ExecutionError) -> ExecutionError? {
    var all = graph
    all.outputs = graph.nodes.indices.filter { isPlain(graph.nodes[$0]) }.map { Value($0) }
    let program = Program(graph: all, isDonated: inputs.map { _ in false })
    guard let executable = try? engine.compile(program) else { return nil }
    var buffers: [Buffer] = []
    for tensor in inputs {
      buffers.append(try engine.allocate(byteCount: tensor.type.sizeInBytes))
      tensor.write(to: buffers.last!.bytes)
    }
    let outputs = try executable.run(inputs: buffers, scalars: scalars.map(\.bits))
    let found = zip(outputs, all.outputTypes).map { buffer, type in
      ReferenceTensor(type, reading: UnsafeRawBufferPointer(buffer.bytes))
    }
    return try ResultComparison(graph: all, inputs: inputs, scalars: scalars).firstDifference(in: found).map { error in
      var error = error
      let node = graph.nodes[error.node ?? 0]
      error.message = "\(node.primitive.rules.name), \(node.type)"
      return error
    }
  }

  private func isPlain(_ node: Node) -> Bool {
    switch node.primitive {
    case .input, .scalar: false
    default: node.primitive.rules.resultTypes == nil
    }
  }

  /// The reference's outputs; with a seed, those of the same program when every result is off by a few roundings.
  private func evaluate(_ graph: Graph, movedBy seed: UInt64? = nil) throws(ExecutionError) -> [ReferenceTensor] {
    var interpreter = Interpreter()
    if let seed {
      var state = seed &* 0x9E37_79B9_7F4A_7C15
      interpreter.observer = { position, results in
        if case .scalar = graph.nodes[position].primitive { return }
        for index in results.indices { results[index].moveRoundings(graph.nodes[position].primitive, &state) }
      }
    }
    return try interpreter.run(graph, inputs: inputs, scalars: scalars)
  }

  /// The first element too far from what is expected, where `slack` says what else it might be.
  private func wrongElement(_ found: ReferenceTensor, _ expected: ReferenceTensor, slack: [[Double]]) -> Int? {
    let (a, b) = (found.doubles, expected.doubles)
    let dtype = expected.type.dtype
    // Sums cancel, so an error is measured against the largest element.
    let scale = b.reduce(1) { $1.isFinite ? max($0, abs($1)) : $0 }
    return a.indices.first { i in
      if a[i] == b[i] || a[i].isNaN && b[i].isNaN { return false }
      let play = slack.reduce(0) { play, moved in
        if moved[i] == b[i] || moved[i].isNaN && b[i].isNaN { return play }
        let distance = abs(moved[i] - b[i])
        return distance.isNaN ? .infinity : max(play, distance)
      }
      if play == .infinity || !dtype.isFloatingPoint && play > 0 { return false }
      return !(abs(a[i] - b[i]) <= dtype.allowedError * scale + (dtype.sizeInBytes < 4 ? 4 : 16) * play)
    }
  }
}

extension ReferenceTensor {
  /// Moves each element by up to four units in its last place; where an operation adds many numbers, in that of the
  /// largest.
  fileprivate mutating func moveRoundings(_ primitive: Primitive, _ state: inout UInt64) {
    guard case .floating(var values) = elements else { return }
    let largest = primitive.addsMany ? values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 } : 0
    // Of infinities a transform makes what it likes.
    if case .fourier = primitive, !values.allSatisfy(\.isFinite) { values = values.map { _ in 0 } }
    let unit = 4 * type.dtype.roundingUnit
    for index in values.indices where values[index].isFinite {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      let step = unit * max(abs(values[index]), largest / 4)
      values[index] = type.dtype.rounded(values[index] + (state >> 40 & 1 == 0 ? step : -step))
    }
    elements = .floating(values)
  }
}

extension Primitive {
  /// Whether the error of a result depends on other numbers than the result.
  fileprivate var addsMany: Bool {
    switch self {
    case .contract, .convolve, .reduce, .cumulative, .reduceWindow, .windowSelect, .scatter, .fourier, .factorize,
      .triangularSolve, .call, .scan, .whileLoop, .conditional:
      true
    default: false
    }
  }
}

extension DType {
  /// What rounding may add up to over a program, relative to its largest element; integers are exact.
  fileprivate var allowedError: Double {
    switch self {
    case .float64: 1e-12
    case .float32: 1e-5
    case .float16: 1e-2
    case .bfloat16: 6e-2
    default: 0
    }
  }

  fileprivate var roundingUnit: Double {
    switch self {
    case .float64: 0x1p-52
    case .float32: 0x1p-23
    case .float16: 0x1p-10
    case .bfloat16: 0x1p-7
    default: 0
    }
  }
}
