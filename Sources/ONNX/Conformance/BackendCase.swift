import Martlet
import MartletFormats
import SwiftProtobuf

/// A case of ONNX's backend tests: a folder with a model, inputs and the results that are expected.
///
/// The onnx package carries them up to version 1.22; see `Benchmarks/ONNX`.
package struct BackendCase: Sendable {
  /// The name of the folder.
  package let name: String
  private let folder: String

  /// The cases in a folder, by name.
  package static func all(in folder: String) throws -> [BackendCase] {
    try FileSystem.contents(of: folder).filter { FileSystem.status("\(folder)/\($0)/model.onnx") != nil }
      .map { BackendCase(name: $0, folder: "\(folder)/\($0)") }
  }

  /// The operators of the model, each once, with their domains.
  package func operators() throws -> [String] {
    let model = try ModelFile(path: "\(folder)/model.onnx").model
    let versions = try OperatorCensus.versions(model.opsetImport)
    let census = try OperatorCensus(model, versions, OperatorCensus.functions(of: model))
    return Set(census.counts.keys.map { $0.domain.isEmpty ? $0.operation : "\($0.domain).\($0.operation)" }).sorted()
  }

  /// Runs the model on all its data.
  ///
  /// - Throws: What is wrong: an error of the model, or a ``ONNXError`` that says which result differs.
  package func run() throws {
    let model = try ONNXModel(path: "\(folder)/model.onnx")
    var number = 0
    while FileSystem.status("\(folder)/test_data_set_\(number)") != nil {
      try run(model, data: "\(folder)/test_data_set_\(number)")
      number += 1
    }
    if number == 0 { throw ONNXError(.missing, "the case has no data") }
  }

  private func run(_ model: ONNXModel, data: String) throws {
    let protos = model.file.model.graph
    let inputs = try model.inputs.enumerated().map { place, port in
      try BackendCase.value(
        "\(data)/input_\(place).pb", protos.input.first { $0.name == port.name }?.type ?? ONNXTypeProto())
    }
    let results = try model.run(inputs)
    try Tensor.evaluate(results.flatMap { $0.tensors.map(\.tensor) })
    for (place, result) in results.enumerated() {
      let expected = try BackendCase.value("\(data)/output_\(place).pb", protos.output[place].type)
      if let difference = try comparison().difference(result, expected) {
        throw ONNXError(.mismatch, "result \(place) \(difference)")
      }
    }
  }

  /// How closely results must agree, as the case says.
  private func comparison() throws -> ValueComparison {
    let path = "\(folder)/data.json"
    guard FileSystem.status(path) != nil else { return ValueComparison() }
    let settings = try JSON(parsing: SharedBytes(FileSystem.read(path)), file: path)
    var comparison = ValueComparison()
    if let relative = settings["rtol"]?.doubleValue { comparison.relative = relative }
    if let absolute = settings["atol"]?.doubleValue { comparison.absolute = absolute }
    return comparison
  }

  /// The value in a file of test data, of the type that the graph says.
  private static func value(_ path: String, _ type: ONNXTypeProto) throws -> ONNXValue {
    let bytes = try FileSystem.read(path)
    switch type.value {
    case .sequenceType: return try value(of: ONNXSequenceProto(serializedBytes: bytes))
    case .optionalType: return try value(of: ONNXOptionalProto(serializedBytes: bytes))
    default: return try TensorDecoder(folder: nil).value(of: ONNXTensorProto(serializedBytes: bytes))
    }
  }

  private static func value(of proto: ONNXSequenceProto) throws -> ONNXValue {
    let decoder = TensorDecoder(folder: nil)
    return .sequence(
      try proto.tensorValues.map { try decoder.value(of: $0) } + proto.sequenceValues.map { try value(of: $0) }
        + proto.optionalValues.map { try value(of: $0) })
  }

  private static func value(of proto: ONNXOptionalProto) throws -> ONNXValue {
    if proto.hasTensorValue { return .optional(try TensorDecoder(folder: nil).value(of: proto.tensorValue)) }
    if proto.hasSequenceValue { return .optional(try value(of: proto.sequenceValue)) }
    return .optional(nil)
  }
}
