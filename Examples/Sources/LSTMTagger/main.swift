import Martlet
import MartletData

// A layer of one's own: a long short-term memory.
struct Memory: Layer {
  let gates: Dense
  let width: Int
  init(_ inputCount: Int, _ width: Int) {
    gates = Dense(inputCount + width, 4 * width)
    self.width = width
  }
  func callAsFunction(_ x: Tensor) -> Tensor {
    let zeros = Tensor.zeros([x.shape[0], width])
    return scan([zeros, zeros], over: [x.swappingAxes(0, 1)]) { carry, elements in
      let parts = gates(Tensor(concatenating: [elements[0], carry[0]], axis: 1)).chunks(4, axis: 1)
      let cell = sigmoid(parts[1]) * carry[1] + sigmoid(parts[0]) * tanh(parts[2])
      let hidden = sigmoid(parts[3]) * tanh(cell)
      return ([hidden, cell], [hidden])
    }.results[0].swappingAxes(0, 1)
  }
}

// Sequences of tokens, mostly 0; the tag of each is the last token before it, or itself, that is not 0.
func sequences(_ count: Int, seed: UInt64) -> TensorDataset {
  let tokens = maximum(Tensor.randomIntegers([count, 20], in: (-6)..<5, seed: seed), 0)
  let places = select(tokens .> 0, .range(0..<20), 0).cumulativeMax(axis: 1)
  return TensorDataset(inputs: tokens, labels: tokens.takenAlong(axis: 1, at: places))
}

let training = sequences(2000, seed: 1)
let test = sequences(500, seed: 2)
let model = Sequential {
  Embedding(5, 16)
  Memory(16, 32)
  Dense(32, 5)
}
let optimizer = Adam(model.parameters, learningRate: 0.01)

for epoch in 1...5 {
  for batch in training.shuffled(seed: UInt64(epoch)).batches(of: 32) {
    let (_, gradients) = valueAndGradient { softmaxCrossEntropy(model(batch.inputs), labels: batch.labels) }
    optimizer.update(with: gradients)
  }
  print("epoch \(epoch): test accuracy \(accuracy(model(test.inputs), labels: test.labels).scalar)")
}
