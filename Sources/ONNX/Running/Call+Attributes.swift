/// Attributes of the node, of the kind that an operator expects.
extension Call {
  private func mismatch(_ name: String, _ attribute: Attribute, _ expected: String) -> ONNXError {
    ONNXError(.mismatch, "the attribute \"\(name)\" is \(attribute.kind), not \(expected)")
  }

  /// Whether an attribute is there.
  func has(_ name: String) -> Bool { node.attributes[name] != nil }

  /// An attribute that must be there.
  private func required<Value>(_ name: String, _ value: Value?) throws -> Value {
    guard let value else { throw ONNXError(.missing, "the attribute \"\(name)\" is missing") }
    return value
  }

  /// An integer attribute, or nil.
  func optionalInt(_ name: String) throws -> Int? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .int(let value) = attribute else { throw mismatch(name, attribute, "an integer") }
    return value
  }

  func int(_ name: String, default value: Int) throws -> Int { try optionalInt(name) ?? value }

  func int(_ name: String) throws -> Int { try required(name, optionalInt(name)) }

  /// An integer attribute that says yes or no.
  func flag(_ name: String, default value: Bool = false) throws -> Bool {
    try optionalInt(name).map { $0 != 0 } ?? value
  }

  /// An attribute that is a number, or nil.
  func optionalFloat(_ name: String) throws -> Double? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .float(let value) = attribute else { throw mismatch(name, attribute, "a number") }
    return value
  }

  func float(_ name: String, default value: Double) throws -> Double { try optionalFloat(name) ?? value }

  /// A text attribute, or nil.
  func optionalString(_ name: String) throws -> String? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .string(let value) = attribute else { throw mismatch(name, attribute, "a text") }
    return value
  }

  func string(_ name: String, default value: String) throws -> String { try optionalString(name) ?? value }

  /// A list of integers, or nil.
  func optionalInts(_ name: String) throws -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .ints(let values): return values
    case .floats(let values) where values.isEmpty: return []
    case .some(let attribute): throw mismatch(name, attribute, "integers")
    }
  }

  func ints(_ name: String) throws -> [Int] { try required(name, optionalInts(name)) }

  /// A list of numbers, or nil.
  func optionalFloats(_ name: String) throws -> [Double]? {
    switch node.attributes[name] {
    case nil: return nil
    case .floats(let values): return values
    case .ints(let values) where values.isEmpty: return []
    case .some(let attribute): throw mismatch(name, attribute, "numbers")
    }
  }

  /// A list of texts, or nil.
  func optionalStrings(_ name: String) throws -> [String]? {
    switch node.attributes[name] {
    case nil: return nil
    case .strings(let values): return values
    case .some(let attribute): throw mismatch(name, attribute, "texts")
    }
  }

  /// A tensor attribute, or nil.
  func optionalValue(_ name: String) throws -> ONNXValue? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .value(let value) = attribute else { throw mismatch(name, attribute, "a tensor") }
    return value
  }

  /// An attribute that describes a type, or nil.
  func optionalType(_ name: String) throws -> ONNXTypeProto? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .type(let value) = attribute else { throw mismatch(name, attribute, "a type") }
    return value
  }

  /// An element type that an integer attribute names, or nil.
  func optionalElementType(_ name: String) throws -> ONNXElementType? {
    guard let number = try optionalInt(name), number != 0 else { return nil }
    guard let type = Int32(exactly: number).flatMap({ ONNXElementType(rawValue: $0) }) else {
      throw ONNXError(.malformed, "element type \(number) does not exist")
    }
    return type
  }

  /// A graph attribute.
  func graph(_ name: String) throws -> GraphPlan {
    guard let attribute = node.attributes[name] else {
      throw ONNXError(.missing, "the attribute \"\(name)\" is missing")
    }
    guard case .graph(let graph) = attribute else { throw mismatch(name, attribute, "a graph") }
    return graph
  }

  /// Runs a graph that is an attribute.
  func run(_ graph: GraphPlan, _ inputs: [ONNXValue?] = []) throws -> [ONNXValue] {
    try interpreter.run(graph, inputs)
  }
}
