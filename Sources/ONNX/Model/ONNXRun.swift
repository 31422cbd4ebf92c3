import Martlet
public import MartletFormats

/// A run of a model on tensors in files, as the command `martlet run` makes it.
public struct ONNXRun: Sendable {
  /// The results that were written: name, type and the path of the file.
  public let outputs: [(name: String, type: String, path: String)]

  /// Runs a model.
  ///
  /// - Parameters:
  ///   - model: The path of the model.
  ///   - inputs: For each input `NAME=FILE.npy`, or `FILE.npy` for the inputs that no other names, in order.
  ///   - folder: Where each result is written as `NAME.npy`; made if it is not there.
  /// - Throws: ``ONNXError``, or `FormatError` for files that cannot be read or written.
  public init(model path: String, inputs: [String], outputDirectory folder: String) throws {
    let model = try ONNXModel(path: path)
    let files = try ONNXRun.assignment(inputs, to: model.inputs.map(\.name))
    var values: [String: ONNXValue] = [:]
    for (name, file) in files {
      let port = model.inputs.first { $0.name == name }!
      values[name] = try ONNXRun.value(Npy.read(path: file), for: port)
    }
    let results = try model(values)
    try Tensor.evaluate(results.values.flatMap { $0.tensors.map(\.tensor) })
    try FileSystem.createDirectory(folder)
    var used: Set<String> = []
    outputs = try model.outputs.map { port in
      let value = results[port.name]!
      guard let tensor = value.numbers else {
        throw ONNXError(
          .unsupported, "the result \(FormatError.quoted(port.name)) is \(value.kind), which npy cannot hold")
      }
      let file = "\(folder)/\(ONNXRun.fileName(port.name, &used)).npy"
      // numpy has no float of 16 bits with the exponent of 32.
      let wide = tensor.tensor.dtype == .bfloat16 ? tensor.tensor.cast(to: .float32) : tensor.tensor
      try Npy.write(StoredTensor(sharing: wide), to: file)
      return (port.name, value.kind, file)
    }
  }

  /// Which file belongs to which input.
  private static func assignment(_ arguments: [String], to names: [String]) throws -> [(name: String, file: String)] {
    var result: [(name: String, file: String)] = []
    var unnamed: [String] = []
    for argument in arguments {
      // The longest name that fits, since both may contain an equals sign.
      let named = names.filter { argument.hasPrefix($0 + "=") }.max { $0.utf8.count < $1.utf8.count }
      if let named {
        result.append((named, String(argument.dropFirst(named.count + 1))))
      } else {
        unnamed.append(argument)
      }
    }
    let free = names.filter { name in !result.contains { $0.name == name } }
    guard unnamed.count <= free.count else {
      throw ONNXError(
        .mismatch, "there is no input for \(FormatError.quoted(unnamed[free.count])); inputs are \(names)")
    }
    return result + zip(free, unnamed).map { ($0, $1) }
  }

  /// The value in a file, in the carrier of the type that the model wants.
  private static func value(_ stored: StoredTensor, for port: ONNXModel.Port) throws -> ONNXValue {
    let tensor = Tensor(stored: stored)
    guard let type = port.elementType, let carrier = type.carrier, !type.isNative || type == .bfloat16 else {
      return ONNXValue(tensor)
    }
    return .tensor(try ONNXTensor(computed: tensor.dtype == carrier ? tensor : tensor.cast(to: carrier), as: type))
  }

  /// A name from a model as one of a file: it may not lead anywhere else.
  private static func fileName(_ name: String, _ used: inout Set<String>) -> String {
    let plain = String(
      name.unicodeScalars.map { $0 == "/" || $0 == "\\" || $0.value < 32 ? "_" : Character($0) }.prefix(200))
    var candidate = plain.isEmpty || plain.hasPrefix(".") ? "_" + plain : plain
    while !used.insert(candidate).inserted { candidate += "_" }
    return candidate
  }
}

extension ONNXRun: CustomStringConvertible {
  /// A line for each result.
  public var description: String {
    outputs.map { "\(FormatError.quoted($0.name).dropFirst().dropLast())  \($0.type)  \($0.path)" }.joined(
      separator: "\n")
  }

  /// The results as JSON.
  public var json: JSON {
    let list = outputs.map { ["name": .string($0.name), "type": .string($0.type), "file": .string($0.path)] as JSON }
    return ["outputs": .array(list)]
  }
}
