import MartletFormats

/// Counts the operators of a model, those of its functions and inner graphs included.
struct OperatorCensus {
  /// An operator of some version.
  struct Entry: Hashable {
    let domain: String
    let operation: String
    let version: Int
  }

  /// How many nodes there are of each operator; functions of the model count as what they consist of.
  private(set) var counts: [Entry: Int] = [:]
  private let functions: [String: ONNXFunctionProto]
  private var visited: Set<String> = []

  init(_ model: ONNXModelProto, _ versions: [String: Int], _ functions: [String: ONNXFunctionProto]) {
    self.functions = functions
    count(model.graph.node, versions)
  }

  private mutating func count(_ nodes: [ONNXNodeProto], _ versions: [String: Int]) {
    for node in nodes {
      let domain = OperatorCensus.canonical(node.domain)
      let key = OperatorCensus.key(domain, node.opType, node.overload)
      if let function = functions[key] {
        if visited.insert(key).inserted {
          let own = try? OperatorCensus.versions(function.opsetImport)
          count(function.node, function.opsetImport.isEmpty ? versions : own ?? versions)
        }
      } else {
        counts[Entry(domain: domain, operation: node.opType, version: versions[domain] ?? 0), default: 0] += 1
      }
      for attribute in node.attribute {
        count(attribute.g.node, versions)
        for graph in attribute.graphs { count(graph.node, versions) }
      }
    }
  }

  /// The operators that are not known, in the order of their names.
  var unsupported: [ONNXError.Unsupported] {
    counts.filter { OperatorTable.find($0.key.operation, domain: $0.key.domain, version: $0.key.version) == nil }
      .map { .init(domain: $0.domain, operation: $0.operation, version: $0.version, count: $1) }
      .sorted { ($0.domain, $0.operation, $0.version) < ($1.domain, $1.operation, $1.version) }
  }
}

extension OperatorCensus {
  /// ONNX's own domain has two spellings.
  static func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

  /// What identifies a function.
  static func key(_ domain: String, _ name: String, _ overload: String) -> String {
    "\(domain)\u{0}\(name)\u{0}\(overload)"
  }

  /// The version of each domain's operators that a model asks for.
  static func versions(_ imports: [ONNXOperatorSetIdProto]) throws -> [String: Int] {
    var versions: [String: Int] = [:]
    for entry in imports {
      let domain = canonical(entry.domain)
      let version = Int(entry.version)
      guard version >= 1, domain != "" || version <= OperatorTable.newestVersion else {
        throw ONNXError(
          .unsupported, "version \(version) of the operators of \(FormatError.quoted(entry.domain)) is not known")
      }
      if let other = versions.updateValue(version, forKey: domain), other != version {
        throw ONNXError(.duplicate, "asks for versions \(other) and \(version) of \(FormatError.quoted(entry.domain))")
      }
    }
    return versions
  }

  /// The functions that a model defines, by key.
  static func functions(of model: ONNXModelProto) throws -> [String: ONNXFunctionProto] {
    var functions: [String: ONNXFunctionProto] = [:]
    for function in model.functions {
      let key = key(canonical(function.domain), function.name, function.overload)
      if functions.updateValue(function, forKey: key) != nil {
        throw ONNXError(.duplicate, "two functions are called \(FormatError.quoted(function.name))")
      }
    }
    return functions
  }
}
