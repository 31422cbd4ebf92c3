/// A value in a graph: the result of one of its nodes, by position.
@frozen
public struct Value: Sendable, Hashable {
  public var index: Int32
  @inlinable public init(_ index: Int) { self.index = Int32(truncatingIfNeeded: index) }
  @inlinable public var position: Int { Int(index) }
}

/// The operands of a node: up to three in place, more in an array.
@frozen
public struct Operands: Sendable, Hashable {
  @usableFromInline var first: (Int32, Int32, Int32)
  @usableFromInline var inlineCount: Int32
  @usableFromInline var rest: [Int32]?

  @inlinable
  public init() {
    first = (-1, -1, -1)
    inlineCount = 0
    rest = nil
  }

  @inlinable
  public init(_ a: Value) {
    first = (a.index, -1, -1)
    inlineCount = 1
    rest = nil
  }

  @inlinable
  public init(_ a: Value, _ b: Value) {
    first = (a.index, b.index, -1)
    inlineCount = 2
    rest = nil
  }

  @inlinable
  public init(_ a: Value, _ b: Value, _ c: Value) {
    first = (a.index, b.index, c.index)
    inlineCount = 3
    rest = nil
  }

  public init(_ values: [Value]) {
    func index(_ i: Int) -> Int32 { i < values.count ? values[i].index : -1 }
    first = (index(0), index(1), index(2))
    inlineCount = Int32(values.count > 3 ? 3 : values.count)
    rest = values.count > 3 ? values[3...].map(\.index) : nil
  }

  /// The same number of operands at other positions.
  public func renumbered(_ position: (Value) -> Int32) -> Operands {
    var result = self
    if inlineCount > 0 { result.first.0 = position(self[0]) }
    if inlineCount > 1 { result.first.1 = position(self[1]) }
    if inlineCount > 2 { result.first.2 = position(self[2]) }
    if rest != nil { result.rest = rest!.map { position(Value(Int($0))) } }
    return result
  }

  public static func == (a: Operands, b: Operands) -> Bool {
    a.first == b.first && a.inlineCount == b.inlineCount && a.rest == b.rest
  }

  public func hash(into hasher: inout Hasher) {
    for value in self { hasher.combine(value) }
  }
}

extension Operands: RandomAccessCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { Int(inlineCount) + (rest?.count ?? 0) }

  @inlinable
  public subscript(index: Int) -> Value {
    switch index {
    case 0: Value(Int(first.0))
    case 1: Value(Int(first.1))
    case 2: Value(Int(first.2))
    default: Value(Int(rest![index - 3]))
    }
  }
}

/// One operation of a graph, applied to earlier nodes.
public struct Node: Sendable {
  public var primitive: Primitive
  public var operands: Operands
  /// The type of the result; of the first one where there are several.
  public var type: TensorType
  /// Where the operation was written.
  public var location: SourceLocation
  /// A hash of the operation, its attributes and its type, without the wiring.
  public var hash: UInt64

  public init(
    primitive: Primitive, operands: Operands, type: TensorType, location: SourceLocation, hash: UInt64
  ) {
    self.primitive = primitive
    self.operands = operands
    self.type = type
    self.location = location
    self.hash = hash
  }
}

/// A program: nodes in an order in which operands come first, its inputs and its outputs.
///
/// The nodes ``Primitive/input(_:)`` stand for the inputs; every input has exactly one node, and `inputs[i]` is it.
/// A graph is also the body of a region (``Call``, ``Scan``, ``WhileLoop``, ``Conditional``).
public struct Graph: Sendable {
  public var nodes: [Node]
  public var inputs: [Value]
  public var outputs: [Value]

  public init(nodes: [Node] = [], inputs: [Value] = [], outputs: [Value] = []) {
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
  }

  public subscript(value: Value) -> Node { nodes[value.position] }

  public var inputTypes: [TensorType] { inputs.map { self[$0].type } }
  public var outputTypes: [TensorType] { outputs.map { self[$0].type } }

  /// A hash of the whole structure: operations, attributes, types, wiring and outputs.
  public var structureHash: UInt64 {
    var hash = StructureHash()
    for node in nodes {
      hash.mix(node.hash)
      for operand in node.operands { hash.mix(operand.position) }
    }
    for value in inputs { hash.mix(value.position) }
    hash.mix(-1)
    for value in outputs { hash.mix(value.position) }
    return hash.state
  }
}
