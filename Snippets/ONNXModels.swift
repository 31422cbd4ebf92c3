// Reading a model in the format of ONNX, running it, and training its last layer.

import Martlet
import MartletONNX

// snippet.run
func probabilities(of images: Tensor, path: String) throws -> Tensor {
  let model = try ONNXModel(path: path)
  print(model.inputs.map { "\($0.name): \($0.description)" })
  return try model(images)[0].softmax(axis: -1)
}
// snippet.end

// snippet.tune
func tune(_ model: ONNXModel, images: Tensor, labels: Tensor) throws {
  for (name, parameter) in model.weights { parameter.isTrainable = name.hasPrefix("classifier.") }
  let optimizer = AdamW(model.parameters.filter(\.isTrainable), learningRate: 1e-3)
  for _ in 1...100 {
    let (_, gradients) = try valueAndGradient {
      softmaxCrossEntropy(try model(images)[0], labels: labels)
    }
    optimizer.update(with: gradients)
  }
  try model.write(to: "tuned.onnx")
}
// snippet.end
