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
  ///   - inputs: Shapes of inputs, as `ONNXModel.randomInputs` takes them.
  /// - Throws: `ONNXError` for a model that cannot be read or run, `ValidationError` for an input that it does not have.
  init(onnx path: String, inputs: [String], plan: RecordingPlan) throws {
    let model = try ONNXModel(path: path)
    let values = try model.randomInputs(inputs)
    self = try .recording(model, name: FileSystem.lastComponent(of: path), plan: plan) {
      let results = try model(values)
      try Tensor.evaluate(results.values.compactMap(\.tensor))
    }
  }
}
