// A network that learns to read handwritten digits, with its loop.

// snippet.data
import Martlet
import MartletData
import MartletZoo

let (training, test) = try DigitSamples.load()

func dataset(_ digits: [LabeledDigit]) -> TensorDataset {
  TensorDataset(
    inputs: Tensor(digits.flatMap(\.image.pixels), shape: [digits.count, 400]),
    labels: Tensor(digits.map(\.label)))
}
// snippet.end

// snippet.model
struct Classifier: Layer {
  let hidden = Dense(400, 128)
  let output = Dense(128, 10)

  func callAsFunction(_ x: Tensor) -> Tensor { output(relu(hidden(x))) }
}
// snippet.end

// snippet.loop
let (examples, unseen) = (dataset(training), dataset(test))
let model = withSeed(1) { Classifier() }
let optimizer = Adam(model.parameters, learningRate: 1e-3)
for epoch in 1...10 {
  for batch in examples.shuffled(seed: UInt64(epoch)).batches(of: 64) {
    let (_, gradients) = valueAndGradient { softmaxCrossEntropy(model(batch.inputs), labels: batch.labels) }
    optimizer.update(with: gradients)
  }
  print("epoch \(epoch): accuracy \(accuracy(model(unseen.inputs), labels: unseen.labels)) on unseen digits")
}
// snippet.end
