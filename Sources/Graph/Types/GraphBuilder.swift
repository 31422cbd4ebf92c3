/// Appends operations to a graph, inferring and checking the type of each as it goes.
///
/// Recording, derivative rules, batching and importers all write through this one type.
public struct GraphBuilder: Sendable {
  public private(set) var nodes: [Node]
  /// Given to nodes that are added without a location of their own, as those of derivatives are: the line of the
  /// operation they belong to.
  public var location: SourceLocation

  public init(nodes: [Node] = [], location: SourceLocation = SourceLocation(programCounter: 0)) {
    self.nodes = nodes
    self.location = location
  }

  public subscript(value: Value) -> Node { nodes[value.position] }

  /// The type of a value.
  public func type(_ value: Value) -> TensorType { nodes[value.position].type }

  /// The shape of a value.
  public func shape(_ value: Value) -> Shape { nodes[value.position].type.shape }

  /// Adds an operation, or says why it cannot be.
  public mutating func add(_ operation: some PrimitiveRules, _ operands: Operands) throws(GraphError) -> Value {
    // Three types on the stack would do for most; the slice of an array keeps one signature for all.
    let types = operands.map { nodes[$0.position].type }
    let type = try operation.resultType(types[...])
    try type.checkSize(operation.name)
    return append(operation, operands, type: type)
  }

  /// Adds an operation whose types have been checked.
  public mutating func append(_ operation: some PrimitiveRules, _ operands: Operands, type: TensorType) -> Value {
    append(operation, primitive: operation.primitive, operands, type: type, location: location)
  }

  /// Adds an operation whose types have been checked, at a given place in the user's program.
  public mutating func append(
    _ operation: some PrimitiveRules, primitive: Primitive, _ operands: Operands, type: TensorType,
    location: SourceLocation
  ) -> Value {
    var hash = StructureHash(seed: primitive.caseHash)
    operation.mix(into: &hash)
    hash.mix(type)
    nodes.append(
      Node(primitive: primitive, operands: operands, type: type, location: location, hash: hash.state))
    return Value(nodes.count - 1)
  }

  /// Removes nodes that a caller knows to be unused, and renumbers nothing: only the end can be cut.
  public mutating func truncate(to count: Int) { nodes.removeLast(nodes.count - count) }

  /// Moves a node to an earlier position, with other operands, for compaction; the caller then cuts the end.
  public mutating func move(from source: Int, to target: Int, operands: Operands) {
    if source != target { nodes.swapAt(source, target) }
    nodes[target].operands = operands
  }

  /// Replaces one node in place, keeping its type.
  public mutating func replace(_ value: Value, with node: Node) { nodes[value.position] = node }
}
