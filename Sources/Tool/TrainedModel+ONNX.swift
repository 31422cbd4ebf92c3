import Martlet
import MartletGraph
import MartletONNX
import MartletZoo

extension TrainedModel {
  /// The model in ONNX: pictures `[batch, side, side, 1]`, or tokens `[batch, context]`, to logits.
  func onnx() throws -> ONNXModelFile {
    let export = ONNXExport()
    switch self {
    case .digits(let digits):
      return try export.model(
        of: digits.model, input: TensorType(.float32, [1, DigitImage.side, DigitImage.side, 1]))
    case .text(let text):
      return try export.model(of: text.model, input: TensorType(.int32, [1, text.model.configuration.context]))
    }
  }
}
