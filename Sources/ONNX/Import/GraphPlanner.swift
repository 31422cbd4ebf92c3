import MartletFormats

/// Turns the graphs of a model into plans: finds operators, numbers the values, checks names and order.
struct GraphPlanner {
  /// Graphs and functions may be nested so deep.
  static let depthLimit = 32
  /// So many nodes may come out of the functions of a model.
  static let nodeLimit = 100_000

  private let model: ONNXModelProto
  let versions: [String: Int]
  private let functions: [String: ONNXFunctionProto]
  private let tensors: TensorDecoder
  private(set) var slotCount = 0
  /// The slots of the initializers of the main graph, in their order.
  private(set) var initializerSlots: [Int] = []
  private var nodeCount = 0
  private var depth = 0
  /// The slots by name, of the graphs that are being planned; the innermost last.
  private var scopes: [[String: Int]] = []

  /// Stands for the slot of an input that the caller of a function left out.
  private static let absent = -1

  init(_ file: ModelFile) throws {
    model = file.model
    tensors = TensorDecoder(folder: file.folder)
    versions = try OperatorCensus.versions(model.opsetImport)
    functions = try OperatorCensus.functions(of: model)
    let unsupported = OperatorCensus(model, versions, functions).unsupported
    if !unsupported.isEmpty { throw ONNXError(unsupported: unsupported) }
  }

  /// The plan of the main graph; its initializers are left out of the constants.
  mutating func mainPlan() throws -> GraphPlan {
    guard model.hasGraph else { throw ONNXError(.malformed, "the model has no graph") }
    return try plan(model.graph, isMain: true)
  }

  /// The slot of a value of the main graph.
  private mutating func newSlot() -> Int {
    defer { slotCount += 1 }
    return slotCount
  }
}

// MARK: - Graphs

extension GraphPlanner {
  private mutating func plan(_ graph: ONNXGraphProto, isMain: Bool = false) throws -> GraphPlan {
    try enter()
    defer { leave() }
    scopes.append([:])
    defer { scopes.removeLast() }
    let firstSlot = slotCount
    let initialized = Set(graph.initializer.map(\.name) + graph.sparseInitializer.map(\.values.name))
    var inputs: [(name: String, slot: Int)] = []
    for input in graph.input where !initialized.contains(input.name) {
      inputs.append((input.name, try define(input.name)))
    }
    var constants: [(slot: Int, value: ONNXValue)] = []
    for tensor in graph.initializer {
      let slot = try define(tensor.name)
      if isMain {
        initializerSlots.append(slot)
      } else {
        constants.append((slot, try tensors.value(of: tensor)))
      }
    }
    for tensor in graph.sparseInitializer {
      constants.append((try define(tensor.values.name), try tensors.value(ofSparse: tensor)))
    }
    var nodes: [PlannedNode] = []
    for (position, node) in graph.node.enumerated() { try plan(node, position, versions, into: &nodes) }
    let outputs = try graph.output.map { ($0.name, try slot($0.name)) }
    return GraphPlan(inputs: inputs, outputs: outputs, constants: constants, nodes: nodes, firstSlot: firstSlot)
  }

  private mutating func enter() throws {
    depth += 1
    if depth > GraphPlanner.depthLimit {
      throw ONNXError(.limit, "graphs or functions are nested more than \(GraphPlanner.depthLimit) deep")
    }
  }

  private mutating func leave() { depth -= 1 }

  /// A new value of the graph being planned.
  private mutating func define(_ name: String) throws -> Int {
    let slot = newSlot()
    if scopes[scopes.count - 1].updateValue(slot, forKey: name) != nil {
      throw ONNXError(.duplicate, "two values are called \(FormatError.quoted(name))")
    }
    return slot
  }

  /// The slot of a name, in this graph or one around it.
  private func slot(_ name: String) throws -> Int {
    for scope in scopes.reversed() {
      if let slot = scope[name] { return slot }
    }
    throw ONNXError(.missing, "the value \(FormatError.quoted(name)) is not there, or is computed later")
  }
}

// MARK: - Nodes

extension GraphPlanner {
  private mutating func plan(
    _ node: ONNXNodeProto, _ position: Int, _ versions: [String: Int], into nodes: inout [PlannedNode],
    bindings: [String: Attribute] = [:]
  ) throws {
    let name = node.name.isEmpty ? "#\(position)" : node.name
    do {
      nodeCount += 1
      if nodeCount > GraphPlanner.nodeLimit {
        throw ONNXError(.limit, "the functions of the model expand to more than \(GraphPlanner.nodeLimit) nodes")
      }
      let domain = OperatorCensus.canonical(node.domain)
      let inputs = try node.input.map { name -> Int? in
        let slot = name.isEmpty ? GraphPlanner.absent : try slot(name)
        return slot == GraphPlanner.absent ? nil : slot
      }
      var attributes = try attributes(of: node, bindings)
      if domain == "ai.onnx.preview.training", node.opType == "Gradient" {
        attributes["graph"] = .graph(try differentiated(attributes, nodes))
      }
      if let function = functions[OperatorCensus.key(domain, node.opType, node.overload)] {
        return try inline(function, inputs, node.output, attributes, into: &nodes)
      }
      let version = versions[domain] ?? 0
      guard let operation = OperatorTable.find(node.opType, domain: domain, version: version) else {
        throw ONNXError(unsupported: [.init(domain: domain, operation: node.opType, version: version, count: 1)])
      }
      let outputs = try node.output.map { $0.isEmpty ? nil : try define($0) }
      nodes.append(
        PlannedNode(
          name: name, operation: operation, version: version, inputs: inputs, outputs: outputs,
          attributes: attributes))
    } catch let error as ONNXError {
      throw error.at(node: name, node.opType)
    }
  }

  /// The part of a graph that a `Gradient` node differentiates: what leads from the values `xs` and `zs` to `y`.
  private func differentiated(_ attributes: [String: Attribute], _ nodes: [PlannedNode]) throws -> GraphPlan {
    guard case .strings(let variables)? = attributes["xs"], case .string(let result)? = attributes["y"] else {
      throw ONNXError(.missing, "the attributes \"xs\" and \"y\" are missing")
    }
    var names = variables
    if case .strings(let others)? = attributes["zs"] { names += others }
    let inputs = try names.map { ($0, try slot($0)) }
    let given = Set(inputs.map(\.1))
    let output = try slot(result)
    var needed: Set<Int> = [output]
    var kept: [PlannedNode] = []
    for var node in nodes.reversed() {
      let own = node.outputs.compactMap { $0 }
      guard own.contains(where: { needed.contains($0) && !given.contains($0) }) else { continue }
      needed.formUnion(node.reads)
      node.releases = []
      kept.append(node)
    }
    return GraphPlan(
      inputs: inputs, outputs: [(result, output)], constants: [], nodes: kept.reversed(), firstSlot: .max)
  }

  /// Plans the nodes of a function in place of the node that calls it.
  private mutating func inline(
    _ function: ONNXFunctionProto, _ inputs: [Int?], _ outputs: [String], _ given: [String: Attribute],
    into nodes: inout [PlannedNode]
  ) throws {
    try enter()
    defer { leave() }
    guard inputs.count <= function.input.count, outputs.count <= function.output.count else {
      throw ONNXError(.malformed, "the function \(FormatError.quoted(function.name)) has fewer inputs or results")
    }
    let outer = scopes
    scopes = [[:]]
    for (position, name) in function.input.enumerated() {
      scopes[0][name] = (position < inputs.count ? inputs[position] : nil) ?? GraphPlanner.absent
    }
    var bindings = given
    for attribute in function.attributeProto where bindings[attribute.name] == nil {
      bindings[attribute.name] = try self.attribute(attribute, bindings)
    }
    let versions = function.opsetImport.isEmpty ? versions : try OperatorCensus.versions(function.opsetImport)
    for (position, node) in function.node.enumerated() {
      try plan(node, position, versions, into: &nodes, bindings: bindings)
    }
    let results = try zip(function.output, outputs).map { ($1, $1.isEmpty ? 0 : try slot($0)) }
    scopes = outer
    for (name, slot) in results where !name.isEmpty {
      if scopes[scopes.count - 1].updateValue(slot, forKey: name) != nil {
        throw ONNXError(.duplicate, "two values are called \(FormatError.quoted(name))")
      }
    }
  }

  private mutating func attributes(
    of node: ONNXNodeProto, _ bindings: [String: Attribute]
  ) throws -> [String: Attribute] {
    var result: [String: Attribute] = [:]
    for proto in node.attribute {
      guard let value = try attribute(proto, bindings) else { continue }
      if result.updateValue(value, forKey: proto.name) != nil {
        throw ONNXError(.duplicate, "the attribute \(FormatError.quoted(proto.name)) is there twice")
      }
    }
    return result
  }

  /// The value of an attribute; nil if it refers to one of the function's that the call leaves out.
  private mutating func attribute(
    _ proto: ONNXAttributeProto, _ bindings: [String: Attribute]
  ) throws -> Attribute? {
    if !proto.refAttrName.isEmpty { return bindings[proto.refAttrName] }
    switch proto.type {
    case .int: return .int(Int(proto.i))
    case .float: return .float(Double(proto.f))
    case .string: return .string(String(decoding: proto.s, as: UTF8.self))
    case .ints: return .ints(proto.ints.map { Int($0) })
    case .floats: return .floats(proto.floats.map { Double($0) })
    case .strings: return .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
    case .tensor: return .value(try tensors.value(of: proto.t))
    case .sparseTensor: return .value(try tensors.value(ofSparse: proto.sparseTensor))
    case .graph: return .graph(try plan(proto.g))
    case .typeProto: return .type(proto.tp)
    default: return .other
    }
  }
}
