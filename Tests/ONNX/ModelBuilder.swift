import MartletFormats

/// A protocol buffer message being written, for models that no exporter would make.
struct Message: Sendable {
  private(set) var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 128 {
      bytes.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func add(_ field: Int, _ number: Int) {
    varint(UInt64(field << 3))
    varint(UInt64(bitPattern: Int64(number)))
  }

  mutating func add(_ field: Int, _ content: [UInt8]) {
    varint(UInt64(field << 3 | 2))
    varint(UInt64(content.count))
    bytes += content
  }

  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }
  mutating func add(_ field: Int, _ message: Message) { add(field, message.bytes) }

  mutating func add(_ field: Int, _ number: Float) {
    varint(UInt64(field << 3 | 5))
    withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
  }
}

/// An attribute of a node.
enum TestAttribute: Sendable {
  case int(Int)
  case ints([Int])
  case float(Float)
  case string(String)
  case graph(TestGraph)
  case tensor(TestTensor)

  func message(_ name: String) -> Message {
    var result = Message()
    result.add(1, name)
    switch self {
    case .int(let value):
      result.add(3, value)
      result.add(20, 2)
    case .ints(let values):
      for value in values { result.add(8, value) }
      result.add(20, 7)
    case .float(let value):
      result.add(2, value)
      result.add(20, 1)
    case .string(let text):
      result.add(4, text)
      result.add(20, 3)
    case .graph(let graph):
      result.add(6, graph.message)
      result.add(20, 5)
    case .tensor(let tensor):
      result.add(5, tensor.message)
      result.add(20, 4)
    }
    return result
  }
}

/// A tensor as a file has it, right or wrong.
struct TestTensor: Sendable {
  var name = ""
  var type = 1
  var dimensions: [Int] = []
  var raw: [UInt8]?
  var external: [(String, String)] = []

  /// Numbers of type `float32`.
  static func floats(_ values: [Float], _ dimensions: [Int], name: String = "") -> TestTensor {
    TestTensor(name: name, dimensions: dimensions, raw: values.withUnsafeBytes { Array($0) })
  }

  /// Numbers of type `int64`.
  static func integers(_ values: [Int], _ dimensions: [Int]? = nil, name: String = "") -> TestTensor {
    TestTensor(name: name, type: 7, dimensions: dimensions ?? [values.count], raw: values.withUnsafeBytes { Array($0) })
  }

  var message: Message {
    var result = Message()
    for size in dimensions { result.add(1, size) }
    result.add(2, type)
    result.add(8, name)
    if let raw { result.add(9, raw) }
    for (key, value) in external {
      var entry = Message()
      entry.add(1, key)
      entry.add(2, value)
      result.add(13, entry)
    }
    if !external.isEmpty { result.add(14, 1) }
    return result
  }
}

/// A node.
struct TestNode: Sendable {
  var operation: String
  var inputs: [String]
  var outputs: [String]
  var attributes: [(String, TestAttribute)] = []
  var name = ""
  var domain = ""

  init(
    _ operation: String, _ inputs: [String], _ outputs: [String] = ["y"],
    _ attributes: [(String, TestAttribute)] = [], name: String = "", domain: String = ""
  ) {
    (self.operation, self.inputs, self.outputs) = (operation, inputs, outputs)
    (self.attributes, self.name, self.domain) = (attributes, name, domain)
  }

  var message: Message {
    var result = Message()
    for input in inputs { result.add(1, input) }
    for output in outputs { result.add(2, output) }
    result.add(3, name)
    result.add(4, operation)
    for (name, attribute) in attributes { result.add(5, attribute.message(name)) }
    if !domain.isEmpty { result.add(7, domain) }
    return result
  }
}

/// A graph.
struct TestGraph: Sendable {
  var nodes: [TestNode] = []
  /// Name, element type and sizes; a negative size has a name of its own.
  var inputs: [(name: String, type: Int, sizes: [Int])] = [("x", 1, [2, 3])]
  var outputs = ["y"]
  var initializers: [TestTensor] = []

  var message: Message {
    var result = Message()
    for node in nodes { result.add(1, node.message) }
    result.add(2, "graph")
    for tensor in initializers { result.add(5, tensor.message) }
    for input in inputs { result.add(11, TestGraph.port(input.name, input.type, input.sizes)) }
    for output in outputs { result.add(12, TestGraph.port(output, 1, nil)) }
    return result
  }

  private static func port(_ name: String, _ type: Int, _ sizes: [Int]?) -> Message {
    var tensor = Message()
    tensor.add(1, type)
    if let sizes {
      var shape = Message()
      for size in sizes {
        var dimension = Message()
        if size >= 0 { dimension.add(1, size) } else { dimension.add(2, "n\(-size)") }
        shape.add(1, dimension)
      }
      tensor.add(2, shape)
    }
    var kind = Message()
    kind.add(1, tensor)
    var result = Message()
    result.add(1, name)
    result.add(2, kind)
    return result
  }
}

/// A model.
struct TestModel: Sendable {
  var graph = TestGraph()
  var version = 21
  var domains: [(String, Int)] = []
  /// Name, inputs, outputs and nodes of functions of the domain `own`.
  var functions: [(name: String, inputs: [String], outputs: [String], nodes: [TestNode])] = []

  /// A model of one graph.
  init(_ nodes: [TestNode], initializers: [TestTensor] = [], version: Int = 21) {
    graph.nodes = nodes
    graph.initializers = initializers
    self.version = version
  }

  var bytes: [UInt8] {
    var result = Message()
    result.add(1, 10)
    result.add(7, graph.message)
    for (domain, version) in [("", version)] + domains {
      var entry = Message()
      entry.add(1, domain)
      entry.add(2, version)
      result.add(8, entry)
    }
    for function in functions {
      var message = Message()
      message.add(1, function.name)
      for input in function.inputs { message.add(4, input) }
      for output in function.outputs { message.add(5, output) }
      for node in function.nodes { message.add(7, node.message) }
      message.add(10, "own")
      result.add(25, message)
    }
    return result.bytes
  }

  var shared: SharedBytes { SharedBytes(bytes) }
}
