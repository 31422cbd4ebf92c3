public import MartletFormats

/// Why a model cannot be read or run: what is wrong, and at which node.
public struct ONNXError: Error, Sendable, Hashable {
  /// An operator that is not known, and how often the model uses it.
  public struct Unsupported: Sendable, Hashable {
    /// The domain; empty for ONNX's own.
    public let domain: String
    /// The operator's type, such as `Conv`.
    public let operation: String
    /// The version of the domain's operators that the model asks for.
    public let version: Int
    /// The number of nodes.
    public let count: Int
  }

  /// The sort of trouble.
  public let kind: FormatError.Kind
  /// The file, if the model was read from one.
  public internal(set) var file = ""
  /// The name of the node at fault, or `#7` for the eighth of its graph if it has none; empty if it is about no node.
  public internal(set) var node = ""
  /// The operator of that node.
  public internal(set) var operation = ""
  /// What is wrong.
  public let message: String
  /// All operators that are not known; empty unless that is the trouble.
  public internal(set) var unsupported: [Unsupported] = []

  init(_ kind: FormatError.Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  init(_ error: FormatError) {
    kind = error.kind
    file = error.file
    var inner = error
    inner.file = ""
    message = inner.description
  }

  init(unsupported: [Unsupported]) {
    kind = .unsupported
    let list = unsupported.map { item in
      let name = item.domain.isEmpty ? item.operation : "\(item.domain).\(item.operation)"
      return "\(FormatError.quoted(name)) of version \(item.version) × \(item.count)"
    }
    message = "these operators are not known: \(list.joined(separator: ", "))"
    self.unsupported = unsupported
  }

  /// The same error, at a node; one that names a node already stays.
  func at(node name: String, _ type: String) -> ONNXError {
    guard node.isEmpty else { return self }
    var located = self
    (located.node, located.operation) = (name, type)
    return located
  }
}

extension ONNXError: CustomStringConvertible {
  /// One line: `model.onnx: Reshape "/head/Reshape": 12 elements do not divide into [5, -1]`.
  public var description: String {
    var text = file.isEmpty ? "" : "\(FormatError.quoted(file).dropFirst().dropLast()): "
    if !node.isEmpty || !operation.isEmpty {
      text += "\(FormatError.quoted(operation).dropFirst().dropLast()) \(FormatError.quoted(node)): "
    }
    return text + message
  }
}
