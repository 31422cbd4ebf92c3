import MartletFormats
import MartletONNX

/// The reader of ONNX models as it is fuzzed; `Benchmarks/Fuzz/run.sh` feeds it, and the tests with what that found.
enum FuzzModel {
  /// Reads a model, all of its graphs and constants included.
  ///
  /// - Throws: What the reader throws; anything but a value or an error is a finding.
  static func read(_ bytes: [UInt8]) throws {
    let model = try ONNXModel(SharedBytes(bytes))
    for port in model.inputs { _ = "\(port.name) \(String(describing: port.dimensions))" }
  }
}
