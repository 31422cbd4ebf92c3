public import MartletFormats

/// What is in an ONNX file, found without loading the data of its weights or checking that it can run.
public struct ONNXSummary: Sendable {
  /// The path.
  public let file: String
  /// The size of the file in bytes, data in other files not included.
  public let sizeInBytes: Int
  /// The program that wrote the file, with its version, as far as it says.
  public let producer: String
  /// The version of the format.
  public let formatVersion: Int
  /// The version of the operators of each domain, in the order of the file; ONNX's own domain is empty.
  public let versions: [(domain: String, version: Int)]
  /// What the model takes and gives.
  public let inputs, outputs: [ONNXModel.Port]
  /// Operators and how many nodes there are of each, the most frequent first; functions count as what they consist of.
  public let operators: [(name: String, count: Int)]
  /// Initializers, with their types as the file has them.
  public let weights: [WeightEntry]

  /// Looks at the file at `path`.
  ///
  /// - Throws: ``ONNXError`` if it cannot be read or is no model.
  public init(path: String) throws {
    let model = try ModelFile(path: path)
    do {
      try self.init(model, sizeInBytes: FileSystem.status(path)?.size ?? 0)
    } catch var error as ONNXError {
      error.file = path
      throw error
    }
  }

  private init(_ opened: ModelFile, sizeInBytes: Int) throws {
    let model = opened.model
    file = opened.file
    self.sizeInBytes = sizeInBytes
    producer = [model.producerName, model.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    formatVersion = Int(model.irVersion)
    versions = model.opsetImport.map { (OperatorCensus.canonical($0.domain), Int($0.version)) }
    let named = Dictionary(versions) { first, _ in first }
    let census = try OperatorCensus(model, named, OperatorCensus.functions(of: model))
    let counts = census.counts.reduce(into: [String: Int]()) { sums, entry in
      let name = entry.key.domain.isEmpty ? entry.key.operation : "\(entry.key.domain).\(entry.key.operation)"
      sums[name, default: 0] += entry.value
    }
    operators = counts.map { ($0.key, $0.value) }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    let initialized = Set(model.graph.initializer.map(\.name))
    inputs = try model.graph.input.filter { !initialized.contains($0.name) }
      .map { try ONNXModel.Port($0.name, $0.hasType ? $0.type : nil) }
    outputs = try model.graph.output.map { try ONNXModel.Port($0.name, $0.hasType ? $0.type : nil) }
    weights = try model.graph.initializer.map(ONNXSummary.entry)
  }

  private static func entry(_ proto: ONNXTensorProto) throws -> WeightEntry {
    let type = try TensorDecoder.elementType(proto)
    let shape = try TensorDecoder.shape(proto.dims)
    return WeightEntry(
      name: proto.name, typeName: type.description, dtype: type.isNative ? type.carrier : nil, dimensions: Array(shape),
      sizeInBytes: (shape.elementCount * type.bitWidth + 7) / 8)
  }

  /// The number of elements of all initializers.
  public var parameterCount: Int {
    // The file may claim more than can be counted.
    weights.reduce(0) { sum, weight in
      let (total, overflow) = sum.addingReportingOverflow(weight.dimensions.reduce(1, *))
      return overflow ? .max : total
    }
  }

  /// Whether a file is to be looked at as an ONNX model, by its name.
  public static func recognizes(path: String) -> Bool { path.lowercased().hasSuffix(".onnx") }
}

extension ONNXSummary: CustomStringConvertible {
  /// Several lines for people.
  public var description: String {
    func plain(_ text: String) -> Substring { FormatError.quoted(text).dropFirst().dropLast() }
    var lines = ["\(plain(file)): ONNX, \(sizeInBytes) bytes, format \(formatVersion)"]
    if !producer.isEmpty { lines.append("  producer: \(plain(producer))") }
    for (domain, version) in versions {
      lines.append("  operators of \(domain.isEmpty ? "ai.onnx" : plain(domain)): version \(version)")
    }
    for port in inputs { lines.append("  input \(plain(port.name)): \(plain(port.description))") }
    for port in outputs { lines.append("  output \(plain(port.name)): \(plain(port.description))") }
    let list = operators.map { "\(plain($0.name)) × \($0.count)" }.joined(separator: ", ")
    lines.append("  \(operators.reduce(0) { $0 + $1.count }) nodes: \(list)")
    lines.append("  \(weights.count) initializers, \(parameterCount) elements")
    for weight in weights { lines.append("    \(plain(weight.name))  \(weight.typeName) \(weight.dimensions)") }
    return lines.joined(separator: "\n")
  }

  /// The summary as JSON.
  public var json: JSON {
    func ports(_ list: [ONNXModel.Port]) -> JSON {
      .array(list.map { ["name": .string($0.name), "type": .string($0.description)] as JSON })
    }
    func counts(_ list: [(String, Int)]) -> JSON {
      var members = JSONObject()
      for (name, count) in list { members[name] = .integer(count) }
      return .object(members)
    }
    let tensors = weights.map { weight in
      [
        "name": .string(weight.name), "type": .string(weight.typeName),
        "shape": .array(weight.dimensions.map { .integer($0) }), "bytes": .integer(weight.sizeInBytes),
      ] as JSON
    }
    return [
      "file": .string(file), "format": "ONNX", "bytes": .integer(sizeInBytes), "producer": .string(producer),
      "format_version": .integer(formatVersion),
      "operator_versions": counts(versions.map { ($0.domain.isEmpty ? "ai.onnx" : $0.domain, $0.version) }),
      "inputs": ports(inputs), "outputs": ports(outputs), "operators": counts(operators.map { ($0.name, $0.count) }),
      "parameters": .integer(parameterCount), "tensors": .array(tensors),
    ]
  }
}
