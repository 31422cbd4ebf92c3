import ArgumentParser
import Martlet
import MartletONNX

extension ONNXModel {
  /// Random numbers for all inputs; integers are zeros, because any index is within a table of at least one row.
  ///
  /// - Parameter arguments: Shapes of inputs, each `NAME=2x3x224x224`; sizes that the model leaves open are 1 for the
  ///   others.
  /// - Throws: `ValidationError` for an input that the model does not have, or that is no tensor of numbers.
  func randomInputs(_ arguments: [String]) throws -> [String: ONNXValue] {
    let shapes = Dictionary(try arguments.map { try shape($0) }) { $1 }
    var values: [String: ONNXValue] = [:]
    for port in inputs {
      let shape = shapes[port.name] ?? (port.dimensions ?? []).map { if case .fixed(let size) = $0 { size } else { 1 } }
      guard let dtype = port.elementType?.carrier else {
        throw ValidationError("The input '\(port.name)' is \(port.description), for which there are no random numbers.")
      }
      let tensor =
        dtype.isFloatingPoint ? Tensor.normal(Shape(shape), dtype: dtype, seed: 1) : .zeros(Shape(shape), dtype: dtype)
      values[port.name] = ONNXValue(tensor)
    }
    try Tensor.evaluate(values.values.compactMap(\.tensor))
    return values
  }

  private func shape(_ text: String) throws -> (name: String, shape: [Int]) {
    let port = inputs.filter { text.hasPrefix($0.name + "=") }.max { $0.name.utf8.count < $1.name.utf8.count }
    guard let port else {
      let names = inputs.map(\.name).joined(separator: ", ")
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
