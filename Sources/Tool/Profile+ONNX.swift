import ArgumentParser
import Martlet
import MartletFormats
import MartletONNX
import MartletProfiling
import MartletZoo

extension Profile {
  /// Records a model in ONNX on random numbers.
  ///
  /// - Parameters:
  ///   - path: The model's file.
  ///   - inputs: Shapes of inputs, each `NAME=2x3x224x224`; sizes that the model leaves open are 1 for the others.
  /// - Throws: `ONNXError` for a model that cannot be read or run, `ValidationError` for an input that it does not have.
  init(onnx path: String, inputs: [String], plan: RecordingPlan) throws {
    let model = try ONNXModel(path: path)
    var shapes: [String: [Int]] = [:]
    for input in inputs {
      let (name, shape) = try Profile.shape(input, of: model)
      shapes[name] = shape
    }
    var values: [String: ONNXValue] = [:]
    for port in model.inputs {
      let shape = shapes[port.name] ?? (port.dimensions ?? []).map { if case .fixed(let size) = $0 { size } else { 1 } }
      guard let dtype = port.elementType?.carrier else {
        throw ValidationError("The input '\(port.name)' is \(port.description), for which there are no random numbers.")
      }
      // Any index is within a table of at least one row.
      let tensor =
        dtype.isFloatingPoint ? Tensor.normal(Shape(shape), dtype: dtype, seed: 1) : .zeros(Shape(shape), dtype: dtype)
      values[port.name] = ONNXValue(tensor)
    }
    try Tensor.evaluate(values.values.compactMap(\.tensor))
    self = try .recording(model, name: FileSystem.lastComponent(of: path), plan: plan) {
      let results = try model(values)
      try Tensor.evaluate(results.values.compactMap(\.tensor))
    }
  }

  private static func shape(_ text: String, of model: ONNXModel) throws -> (name: String, shape: [Int]) {
    let port = model.inputs.filter { text.hasPrefix($0.name + "=") }.max { $0.name.utf8.count < $1.name.utf8.count }
    guard let port else {
      let names = model.inputs.map(\.name).joined(separator: ", ")
      throw ValidationError("'\(text)' is not NAME=SIZES of an input; inputs are \(names).")
    }
    let sizes = text.dropFirst(port.name.utf8.count + 1)
    let parts = sizes.isEmpty ? [] : sizes.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    let shape = parts.compactMap { $0 }
    let count = shape.reduce(1.0) { $0 * Double($1) }
    guard shape.count == parts.count, shape.allSatisfy({ $0 > 0 }), count < Double(1 << 32) else {
      throw ValidationError("'\(sizes)' is not a shape such as 2x3x224x224.")
    }
    return (port.name, shape)
  }
}
