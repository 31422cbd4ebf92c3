import MartletGraph

/// Turns one graph, recorded at each batch size, into nodes of ONNX.
///
/// Every primitive is expressed by standard operators of opset 20, in an exhaustive switch; what has no counterpart is
/// reported, and the rest goes on, so that one error names everything.
final class GraphLowering {
  /// The same graph at each batch size.
  let variants: [Graph]
  let state: ExportState
  /// The nodes so far.
  var nodes: [ONNXNodeProto] = []
  /// What the results of each of the graph's nodes are called.
  private var names: [[String]]

  /// - Parameter variants: Empty to write a body that is no graph of the program.
  init(_ variants: [Graph], _ state: ExportState) {
    (self.variants, self.state) = (variants, state)
    names = Array(repeating: [], count: variants.first?.nodes.count ?? 0)
  }

  /// The graph at the first batch size.
  var graph: Graph { variants[0] }

  /// Lowers everything that the outputs depend on.
  ///
  /// - Parameter inputs: What the graph's inputs are called.
  /// - Returns: What its outputs are called.
  func run(inputs: [String]) -> [String] {
    for (input, name) in zip(graph.inputs, inputs) { names[input.position] = [name] }
    let live = graph.liveNodes
    for (position, node) in graph.nodes.enumerated() where live[position] {
      if case .input = node.primitive { continue }
      names[position] = lower(node, at: position)
    }
    return graph.outputs.map { names[$0.position][0] }
  }

  private func lower(_ node: Node, at position: Int) -> [String] {
    let x = node.operands.map { names[$0.position].first ?? "" }
    let current = LoweredNode(node: node, position: position, operands: x)
    switch node.primitive {
    case .input: return []
    case .scalar(let p): return [state.scalar(p.literal)]
    case .iota(let p): return [iota(p, current)]
    case .randomBits: return unsupported(current)
    case .unary(let p): return [unary(p.kind, current)]
    case .binary(let p): return [binary(p.kind, current)]
    case .compare(let p): return [compare(p.kind, current)]
    case .select: return [select(x[0], x[1], x[2], node.type.dtype)]
    case .cast(let p): return [cast(x[0], from: type(current, 0).dtype, to: p.dtype)]
    case .bitCast: return unsupported(current)
    case .identity: return [x[0]]
    case .reduce(let p): return [reduce(p, current)]
    case .argReduce(let p): return [argReduce(p, current)]
    case .cumulative(let p): return [cumulative(p, current)]
    case .argSort(let p): return [argSort(p, current)]
    case .reduceWindow(let p): return [reduceWindow(p, current)]
    case .windowSelect(let p): return [windowSelect(p, current)]
    case .contract(let p): return [contract(p, current)]
    case .convolve(let p): return [convolve(p, current)]
    case .reshape: return [reshape(x[0], to: sizes(current))]
    case .transpose(let p): return [transpose(x[0], Array(p.permutation))]
    case .broadcast: return [one("Expand", [x[0], state.vector(sizes(current))])]
    case .slice: return [slice(current)]
    case .pad: return [pad(current)]
    case .concatenate(let p): return [one("Concat", x, [.int("axis", p.axis)])]
    case .reverse(let p): return [reversed(x[0], Array(p.axes))]
    case .dynamicSlice: return [dynamicSlice(current)]
    case .dynamicUpdate: return [dynamicUpdate(current)]
    case .gather(let p): return [gather(p.form, current)]
    case .scatter(let p): return [scatter(p, current)]
    case .searchSorted(let p): return [searchSorted(p, current)]
    case .factorize, .triangularSolve: return unsupported(current)
    case .fourier(let p): return fourier(p, current)
    case .call: return call(current)
    case .scan(let p): return scan(p, current)
    case .whileLoop(let p): return whileLoop(p, current)
    case .conditional: return conditional(current)
    case .element(let p): return [result(p.index, of: node.operands[0])]
    case .custom: return unsupported(current)
    }
  }

  private func result(_ index: Int, of operation: Value) -> String {
    let results = names[operation.position]
    return results.indices.contains(index) ? results[index] : ""
  }
}

/// A node that is being lowered.
struct LoweredNode {
  let node: Node
  let position: Int
  /// What the operands are called.
  let operands: [String]
}

// MARK: - Emitting

extension GraphLowering {
  /// Adds a node of one result, and names it.
  func one(_ operation: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = []) -> String {
    several(operation, inputs, 1, attributes)[0]
  }

  /// Adds a node of some results, and names them.
  func several(
    _ operation: String, _ inputs: [String], _ count: Int, _ attributes: [ONNXAttributeProto] = []
  ) -> [String] {
    let name = state.unique(operation)
    let outputs = (0..<count).map { _ in state.unique(operation.lowercased()) }
    nodes.append(ONNXNodeProto(operation, inputs, outputs, attributes, name: name))
    return outputs
  }

  /// Notes that a node has no counterpart; the names only keep the rest going.
  func unsupported(_ current: LoweredNode, _ message: String = "has no counterpart in ONNX") -> [String] {
    state.report(current.node, message)
    let count = current.node.primitive.rules.resultTypes?.count ?? 1
    return (0..<count).map { _ in state.unique("unsupported") }
  }

  /// A number as a constant.
  func scalar(_ value: Double, _ dtype: DType) -> String { state.scalar(value, dtype) }

  func transpose(_ x: String, _ axes: [Int]) -> String {
    if axes == axes.sorted() { return x }
    return state.permuted(x, axes) ?? one("Transpose", [x], [.ints("perm", axes)])
  }

  func cast(_ x: String, from: DType, to dtype: DType) -> String {
    from == dtype ? x : one("Cast", [x], [.int("to", dtype.onnx.rawValue)])
  }

  func select(_ condition: String, _ a: String, _ b: String, _ dtype: DType) -> String {
    one("Where", [condition, a, b])
  }

  func reshape(_ x: String, to sizes: [Size]) -> String {
    let open = sizes.filter { $0.fixed == nil }.count
    // A size that is left open follows from the others, unless one of them is 0.
    guard open == 1, !sizes.contains(where: { $0.fixed == 0 }) else {
      return one("Reshape", [x, state.vector(sizes)], [.int("allowzero", 1)])
    }
    return one("Reshape", [x, state.vector(sizes.map { $0.fixed ?? -1 })])
  }

  /// Axes of size 1 put in.
  func unsqueeze(_ x: String, _ axes: [Int]) -> String {
    axes.isEmpty ? x : one("Unsqueeze", [x, state.vector(axes)])
  }

  /// Axes of size 1 taken out.
  func squeeze(_ x: String, _ axes: [Int]) -> String {
    axes.isEmpty ? x : one("Squeeze", [x, state.vector(axes)])
  }

  /// A part of a tensor along some axes.
  func sliced(_ x: String, axes: [Int], starts: [Size], limits: [Size], strides: [Int]? = nil) -> String {
    if axes.isEmpty { return x }
    var inputs = [x, state.vector(starts), state.vector(limits), state.vector(axes)]
    if let strides, strides.contains(where: { $0 != 1 }) { inputs.append(state.vector(strides)) }
    return one("Slice", inputs)
  }
}

// MARK: - Asking

extension GraphLowering {
  /// The type of an operand at the first batch size.
  func type(_ current: LoweredNode, _ operand: Int) -> TensorType { graph[current.node.operands[operand]].type }

  /// The sizes of a node's result.
  func sizes(_ current: LoweredNode) -> [Size] {
    sizes(current.node, rank: current.node.type.rank) { self.variants[$0].nodes[current.position].type.shape }
  }

  /// The sizes of an operand.
  func sizes(_ current: LoweredNode, operand: Int) -> [Size] {
    let value = current.node.operands[operand]
    return sizes(current.node, rank: graph[value].type.rank) { self.variants[$0][value].type.shape }
  }

  /// Numbers that belong to a node, as they are at each batch size.
  ///
  /// - Parameter numbers: Of the node of a variant.
  func sizes(_ current: LoweredNode, _ numbers: (Node) -> Shape) -> [Size] {
    sizes(current.node, rank: numbers(current.node).rank) { numbers(self.variants[$0].nodes[current.position]) }
  }

  private func sizes(_ node: Node, rank: Int, _ shape: (Int) -> Shape) -> [Size] {
    let shapes = variants.indices.map(shape)
    return (0..<rank).map { axis in
      if let size = state.size(shapes.map { $0[axis] }) { return size }
      state.report(node, "a size is no multiple of the batch and a number")
      return .init(shapes[0][axis])
    }
  }

  /// A body of a node at each batch size.
  func bodies(_ current: LoweredNode, _ body: (Primitive) -> Region?) -> [Graph] {
    variants.compactMap { body($0.nodes[current.position].primitive)?.graph }
  }
}

extension Size {
  /// A fixed size.
  init(_ size: Int) { self.init(multiplier: 0, constant: size) }
}

extension [Int] {
  var fixedSizes: [Size] { map { Size($0) } }
}
