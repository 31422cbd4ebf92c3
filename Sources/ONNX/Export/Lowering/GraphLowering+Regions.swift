import MartletGraph

/// Bodies become graphs inside of nodes, which see every name outside; calls are written in place.
extension GraphLowering {
  /// Something that goes into or comes out of a body.
  typealias Port = (name: String, type: TensorType, sizes: [Size])

  func call(_ current: LoweredNode) -> [String] {
    let bodies = bodies(current) { if case .call(let p) = $0 { p.body } else { nil } }
    return inline(bodies, current.operands, into: self)
  }

  /// Writes a graph into a list of nodes.
  private func inline(_ graphs: [Graph], _ inputs: [String], into target: GraphLowering) -> [String] {
    let inner = GraphLowering(graphs, state)
    let outputs = inner.run(inputs: inputs)
    target.nodes += inner.nodes
    return outputs
  }

  func conditional(_ current: LoweredNode) -> [String] {
    let branches: [[Graph]] = [
      bodies(current) { if case .conditional(let p) = $0 { p.ifTrue } else { nil } },
      bodies(current) { if case .conditional(let p) = $0 { p.ifFalse } else { nil } },
    ]
    let graphs = branches.map { graphs in
      let body = GraphLowering([], state)
      let outputs = inline(graphs, Array(current.operands.dropFirst()), into: body)
      return body.proto(inputs: [], outputs: ports(outputs, graphs))
    }
    return several(
      "If", [current.operands[0]], branches[0][0].outputs.count,
      [.graph("then_branch", graphs[0]), .graph("else_branch", graphs[1])])
  }

  func whileLoop(_ p: WhileLoop, _ current: LoweredNode) -> [String] {
    let conditions = bodies(current) { if case .whileLoop(let p) = $0 { p.condition } else { nil } }
    let bodies = bodies(current) { if case .whileLoop(let p) = $0 { p.body } else { nil } }
    let values = Array(current.operands[p.carryCount...])
    let start = inline(conditions, current.operands, into: self)[0]
    let body = GraphLowering([], state)
    let carry = ports(named: "carry", bodies, 0..<p.carryCount)
    let next = inline(bodies, carry.map(\.name) + values, into: body)
    let goesOn = inline(conditions, next + values, into: body)[0]
    let graph = body.proto(
      inputs: loopPorts() + carry,
      outputs: [(goesOn, TensorType(.bool, Shape()), [])] + ports(next, bodies))
    return several(
      "Loop", ["", start] + current.operands[..<p.carryCount], p.carryCount, [.graph("body", graph)])
  }

  /// The number of the turn, and whether the last one said to go on.
  private func loopPorts() -> [Port] {
    [
      (state.unique("turn"), TensorType(.int64, Shape()), []),
      (state.unique("goes_on"), TensorType(.bool, Shape()), []),
    ]
  }

  func scan(_ p: Scan, _ current: LoweredNode) -> [String] {
    let bodies = bodies(current) { if case .scan(let p) = $0 { p.body } else { nil } }
    let operands = current.operands
    let values = Array(operands[(p.carryCount + p.sequenceCount)...])
    let inputs = ports(named: "step", bodies, 0..<(p.carryCount + p.sequenceCount))
    let body = GraphLowering([], state)
    let outputs = inline(bodies, inputs.map(\.name) + values, into: body)
    let count = bodies[0].outputs.count
    guard p.sequenceCount > 0 else { return turns(p, current, body, inputs, ports(outputs, bodies)) }
    let graph = body.proto(inputs: inputs, outputs: ports(outputs, bodies))
    var attributes: [ONNXAttributeProto] = [.graph("body", graph), .int("num_scan_inputs", p.sequenceCount)]
    if p.isReversed {
      attributes.append(.ints("scan_input_directions", Array(repeating: 1, count: p.sequenceCount)))
      if count > p.carryCount {
        attributes.append(.ints("scan_output_directions", Array(repeating: 1, count: count - p.carryCount)))
      }
    }
    return several("Scan", Array(operands[..<(p.carryCount + p.sequenceCount)]), count, attributes)
  }

  /// A scan over nothing but a number of turns, which ONNX has as a loop.
  private func turns(
    _ p: Scan, _ current: LoweredNode, _ body: GraphLowering, _ carry: [Port], _ outputs: [Port]
  ) -> [String] {
    let lengths = sizes(current) { node in
      if case .scan(let p) = node.primitive { [p.length] } else { Shape() }
    }
    let loop = loopPorts()
    let goesOn: Port = (loop[1].name, TensorType(.bool, Shape()), [])
    let graph = body.proto(inputs: loop + carry, outputs: [goesOn] + outputs)
    let count = squeeze(state.vector(lengths), [0])
    var results = several(
      "Loop", [count, ""] + current.operands[..<p.carryCount], outputs.count, [.graph("body", graph)])
    if p.isReversed {
      for index in p.carryCount..<outputs.count { results[index] = reversed(results[index], [0]) }
    }
    return results
  }

  /// The outputs of a body under the names that they got.
  private func ports(_ names: [String], _ bodies: [Graph]) -> [Port] {
    zip(names, bodies[0].outputs).enumerated().map { index, pair in
      (pair.0, bodies[0][pair.1].type, sizes(bodies) { $0.outputs[index] })
    }
  }

  /// Some inputs of a body under new names.
  private func ports(named hint: String, _ bodies: [Graph], _ range: Range<Int>) -> [Port] {
    range.map { index in
      (state.unique(hint), bodies[0][bodies[0].inputs[index]].type, sizes(bodies) { $0.inputs[index] })
    }
  }

  private func sizes(_ bodies: [Graph], _ value: (Graph) -> Value) -> [Size] {
    let shapes = bodies.map { $0[value($0)].type.shape }
    return shapes[0].indices.map { axis in state.size(shapes.map { $0[axis] }) ?? Size(shapes[0][axis]) }
  }

  /// The nodes as a graph of ONNX.
  ///
  /// Each output gets a name of its own, since a graph may not give one of its inputs, something from outside, or the same
  /// value twice.
  func proto(inputs: [Port], outputs: [Port]) -> ONNXGraphProto {
    var own: Set<String> = []
    for node in nodes { own.formUnion(node.output) }
    var graph = ONNXGraphProto()
    graph.name = state.unique("body")
    graph.input = inputs.map { ONNXValueInfoProto($0.name, $0.type, $0.sizes) }
    graph.output = outputs.map { port in
      let name = own.remove(port.name) ?? one("Identity", [port.name])
      return ONNXValueInfoProto(name, port.type, port.sizes)
    }
    graph.node = nodes
    return graph
  }
}

extension ONNXValueInfoProto {
  /// The name, element type and sizes of a value.
  init(_ name: String, _ type: TensorType, _ sizes: [Size]) {
    self.init()
    self.name = name
    var tensor = ONNXTypeProto.Tensor()
    tensor.elemType = Int32(type.dtype.onnx.rawValue)
    tensor.shape.dim = sizes.map { size in
      var dimension = ONNXTensorShapeProto.Dimension()
      if let number = size.fixed { dimension.dimValue = Int64(number) } else { dimension.dimParam = size.name }
      return dimension
    }
    self.type.tensorType = tensor
  }
}
