import Martlet
import MartletData

// A layer of one's own: a linear map with ReLU.
struct Hidden: Layer {
  let weight, bias: Parameter
  init(_ inputCount: Int, _ outputCount: Int) {
    weight = Initializer.heNormal.parameter([inputCount, outputCount])
    bias = Initializer.zeros.parameter([outputCount])
  }
  func callAsFunction(_ x: Tensor) -> Tensor { relu(matmul(x, weight.tensor) + bias.tensor) }
}

// Points on three noisy spirals, and the number of their spiral.
func spirals(_ count: Int, seed: UInt64) -> TensorDataset {
  let labels = Tensor.randomIntegers([count], in: 0..<3, seed: seed)
  let radius = Tensor.uniform([count], in: 0.1...1, seed: seed + 1)
  let noise = Tensor.normal([count], standardDeviation: 0.15, seed: seed + 2)
  let angle = labels.cast(to: .float32) * (2 * Double.pi / 3) + radius * 4 + noise
  let points = Tensor(stacking: [radius * sin(angle), radius * cos(angle)], axis: 1)
  return TensorDataset(inputs: points, labels: labels)
}

let training = spirals(3000, seed: 1)
let test = spirals(1000, seed: 100)
let model = Sequential {
  Hidden(2, 64)
  Hidden(64, 64)
  Dense(64, 3)
}
let optimizer = Adam(model.parameters, learningRate: 0.01)

for epoch in 1...10 {
  for batch in training.shuffled(seed: UInt64(epoch)).batches(of: 64) {
    let (_, gradients) = valueAndGradient { softmaxCrossEntropy(model(batch.inputs), labels: batch.labels) }
    optimizer.update(with: gradients)
  }
  print("epoch \(epoch): test accuracy \(accuracy(model(test.inputs), labels: test.labels).scalar)")
}
