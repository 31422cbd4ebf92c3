import MartletGraph

/// Writes a program as a ``LoweredProgram``.
struct Lowering {
  var result = LoweredProgram()
  private var known: [UInt64: Int32] = [:]
  // Makes nodes with hashes; holds one at a time.
  private var scratch = GraphBuilder()
  /// The node of the user's program that is being lowered.
  private(set) var origin: Int32 = -1
  private var isTop = true
  /// How the call that is being inlined came to be recorded, which counts for its body too.
  private var context: RecordingContext?

  /// The program in plain form. Scalars of `graph` are given at each run unless `fixesScalars`, which takes their
  /// values from the graph: for bodies of loops.
  static func lower(_ graph: Graph, fixesScalars: Bool = false) throws(GraphError) -> LoweredProgram {
    var lowering = Lowering()
    lowering.isTop = !fixesScalars
    if !fixesScalars {
      for node in graph.nodes {
        if case .scalar = node.primitive { lowering.result.givenScalars += 1 }
      }
    }
    var inputs: [Int32] = []
    lowering.result.nodes.reserveCapacity(graph.nodes.count)
    lowering.known.reserveCapacity(graph.nodes.count)
    for value in graph.inputs {
      inputs.append(lowering.result.append(graph[value], origin: value.index))
    }
    lowering.result.inputs = inputs
    lowering.result.outputs = try lowering.inline(graph, inputs)
    lowering.result.mergeScans()
    lowering.result.moveSmallForward()
    lowering.result.markLive()
    return lowering.result
  }

  /// Appends the nodes of a graph that its outputs need, and returns its outputs.
  private mutating func inline(_ graph: Graph, _ inputs: [Int32]) throws(GraphError) -> [Int32] {
    let atTop = isTop
    let savedOrigin = origin
    isTop = false
    defer { isTop = atTop }
    let live = Lowering.liveNodes(of: graph)
    var map = [Int32](repeating: -1, count: graph.nodes.count)
    // Results of bodies that were inlined, by the position of the call.
    var inlined: [Int: [Int32]] = [:]
    for (index, value) in graph.inputs.enumerated() { map[value.position] = inputs[index] }
    var given: Int32 = 0
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      if case .scalar(let scalar) = node.primitive {
        if live[position] { map[position] = add(scalar, node, given: atTop ? given : nil) }
        given += 1
        continue
      }
      guard live[position], map[position] < 0 else { continue }
      if atTop { origin = Int32(position) } else { origin = savedOrigin }
      map[position] = try lower(node, at: position, map, &inlined)
    }
    origin = savedOrigin
    return graph.outputs.map { map[$0.position] }
  }

  private mutating func lower(
    _ node: Node, at position: Int, _ map: [Int32], _ inlined: inout [Int: [Int32]]
  ) throws(GraphError) -> Int32 {
    switch node.primitive {
    case .identity(let identity) where identity.kind == .stopGradient:
      return map[node.operands[0].position]
    case .call(let call):
      if FusedCall(call, operands: node.operands.map { result.type(map[$0.position]) }) != nil { break }
      let outer = context
      context = outer ?? node.location.context
      defer { context = outer }
      let results = try inline(call.body.graph, node.operands.map { map[$0.position] })
      inlined[position] = results
      return results[0]
    case .element(let element):
      if let results = inlined[node.operands[0].position] { return results[element.index] }
      if element.index == 0 { return map[node.operands[0].position] }
    case .contract, .convolve:
      if node.type.dtype == .float16 || node.type.dtype == .bfloat16 { return widened(node, map) }
    case .binary(let binary) where binary.kind == .power && node.type.dtype.isInteger && node.type.dtype.isSigned:
      return checkedPower(node, map)
    case .reduce(let reduce):
      return add(reduce, of: map[node.operands[0].position], node)
    case .iota(let iota) where iota.type.rank > 1:
      return add(iota, node)
    default: break
    }
    return add(node, operands: Operands(node.operands.map { Value(Int(map[$0.position])) }))
  }

  private static func liveNodes(of graph: Graph) -> [Bool] {
    var live = [Bool](repeating: false, count: graph.nodes.count)
    for value in graph.outputs { live[value.position] = true }
    for position in graph.nodes.indices.reversed() where live[position] {
      for operand in graph.nodes[position].operands { live[operand.position] = true }
    }
    return live
  }
}

// MARK: Appending

extension Lowering {
  /// Appends a node, or finds one that computes the same.
  mutating func add(_ node: Node, operands: Operands) -> Int32 {
    var copy = node
    copy.operands = operands
    if let context { copy.location.context = context }
    guard Lowering.mayMerge(node.primitive) else { return result.append(copy, origin: origin) }
    var hash = StructureHash(seed: node.hash)
    for operand in operands { hash.mix(operand.position) }
    if let earlier = known[hash.state] {
      let other = result.nodes[Int(earlier)]
      if other.hash == node.hash && other.operands == operands && other.type == node.type { return earlier }
    }
    let position = result.append(copy, origin: origin)
    known[hash.state] = position
    return position
  }

  // Equal inputs are different tensors; a barrier is there to keep equal things apart; an operation of the user's
  // own might count its calls.
  private static func mayMerge(_ primitive: Primitive) -> Bool {
    switch primitive {
    case .input, .scalar, .identity, .custom: false
    default: true
    }
  }

  /// Appends an operation that the program does not name itself.
  mutating func add(_ operation: some PrimitiveRules, _ operands: Operands, type: TensorType, like node: Node) -> Int32
  {
    scratch.location = node.location
    let value = scratch.append(operation, operands, type: type)
    let made = scratch[value]
    scratch.truncate(to: 0)
    return add(made, operands: operands)
  }

  private mutating func add(_ scalar: ScalarValue, _ node: Node, given: Int32?) -> Int32 {
    if let given { return result.append(node, origin: origin, scalarIndex: given) }
    var hash = StructureHash(seed: node.hash)
    hash.mix(scalar.literal.bits)
    if let earlier = known[hash.state] { return earlier }
    result.constants.append(scalar.literal.bits)
    let index = Int32(result.givenScalars + result.constants.count - 1)
    let position = result.append(node, origin: origin, scalarIndex: index)
    known[hash.state] = position
    return position
  }
}

// MARK: Operations written as several

extension Lowering {
  /// A contraction of 16-bit floats: in float 32, rounded once at the end.
  private mutating func widened(_ node: Node, _ map: [Int32]) -> Int32 {
    let operands = node.operands.map { operand -> Value in
      let value = map[operand.position]
      let wide = TensorType(.float32, result.type(value).shape)
      return Value(Int(add(Cast(to: .float32), Operands(Value(Int(value))), type: wide, like: node)))
    }
    let wide = TensorType(.float32, node.type.shape)
    let product: Int32 =
      switch node.primitive {
      case .contract(let contract): add(contract, Operands(operands), type: wide, like: node)
      case .convolve(let convolve): add(convolve, Operands(operands), type: wide, like: node)
      default: preconditionFailure("not a contraction")
      }
    return add(Cast(to: node.type.dtype), Operands(Value(Int(product))), type: node.type, like: node)
  }

  /// A power of integers. 0 to a negative power divides by zero, which only a division reports: so the power is
  /// divided by 1, and where it does not exist by 0.
  private mutating func checkedPower(_ node: Node, _ map: [Int32]) -> Int32 {
    let operands = node.operands.map { Value(Int(map[$0.position])) }
    let power = add(node, operands: Operands(operands))
    let scalar = TensorType(node.type.dtype, Shape())
    let zero = Value(Int(add(ScalarValue(Literal(0, scalar.dtype)), like: node)))
    let base = compare(.notEqual, operands[0], zero, node)
    let exponent = compare(.greaterOrEqual, operands[1], zero, node)
    let valid = TensorType(.bool, node.type.shape)
    let exists = add(Binary(.or), Operands(base, exponent), type: valid, like: node)
    let divisor = add(Cast(to: scalar.dtype), Operands(Value(Int(exists))), type: node.type, like: node)
    return add(Binary(.divide), Operands(Value(Int(power)), Value(Int(divisor))), type: node.type, like: node)
  }

  private mutating func compare(_ kind: Compare.Kind, _ a: Value, _ b: Value, _ node: Node) -> Value {
    let type = TensorType(.bool, result.type(a.index).shape)
    return Value(Int(add(Compare(kind), Operands(a, b), type: type, like: node)))
  }

  /// A number that the program does not name itself.
  private mutating func add(_ scalar: ScalarValue, like node: Node) -> Int32 {
    let type = TensorType(scalar.literal.dtype, Shape())
    let value = scratch.append(scalar, Operands(), type: type)
    let made = scratch[value]
    scratch.truncate(to: 0)
    return add(scalar, made, given: nil)
  }

  /// Counts along one axis only; the rest is a view of that.
  private mutating func add(_ iota: Iota, _ node: Node) -> Int32 {
    let size = iota.type.shape[iota.axis]
    let line = TensorType(iota.type.dtype, [size])
    let count = add(Iota(line, axis: 0), Operands(), type: line, like: node)
    var shape = Shape(repeating: 1, rank: iota.type.rank)
    shape[iota.axis] = size
    let column = TensorType(iota.type.dtype, shape)
    let reshaped = add(Reshape(to: shape), Operands(Value(Int(count))), type: column, like: node)
    return add(Broadcast(to: iota.type.shape), Operands(Value(Int(reshaped))), type: iota.type, like: node)
  }

  /// A reduction as one for each run of neighboring axes, innermost first.
  private mutating func add(_ reduce: Reduce, of operand: Int32, _ node: Node) -> Int32 {
    let shape = result.type(operand).shape
    var runs: [AxisList] = []
    var previous = -2
    for axis in reduce.axes where shape[axis] != 1 {
      // Axes of size 1 between two others do not part them.
      let isNeighbor = previous >= 0 && (previous + 1..<axis).allSatisfy { shape[$0] == 1 }
      if isNeighbor { runs[runs.count - 1].append(axis) } else { runs.append([axis]) }
      previous = axis
    }
    let isNarrow = runs.count > 1 && (node.type.dtype == .float16 || node.type.dtype == .bfloat16)
    var value = operand
    var dtype = node.type.dtype
    if isNarrow {
      dtype = .float32
      value = add(Cast(to: dtype), Operands(Value(Int(value))), type: TensorType(dtype, shape), like: node)
    }
    for run in runs.reversed() {
      // Ascending order of the rest is kept, since axes further in have gone already.
      let inner = result.type(value).shape
      let left = Shape(inner.indices.filter { !run.contains($0) }.map { inner[$0] })
      let type = TensorType(dtype, left)
      value = add(Reduce(reduce.kind, axes: run), Operands(Value(Int(value))), type: type, like: node)
    }
    if isNarrow {
      let type = TensorType(node.type.dtype, result.type(value).shape)
      value = add(Cast(to: type.dtype), Operands(Value(Int(value))), type: type, like: node)
    }
    if result.type(value).shape == node.type.shape { return value }
    return add(Reshape(to: node.type.shape), Operands(Value(Int(value))), type: node.type, like: node)
  }
}
