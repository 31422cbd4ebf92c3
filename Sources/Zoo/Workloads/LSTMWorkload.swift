package import Martlet

/// A language model of two LSTM layers, sequences of 64, batch 32, Adam.
package struct LSTMWorkload: TrainingWorkload {
  package let itemsPerStep = 32 * 64
  let embedding = Embedding(2000, 512)
  let first = LSTM(512, 512)
  let second = LSTM(512, 512)
  let head = Dense(512, 2000)
  package let optimizer: any Optimizer
  let tokens = Tensor.randomIntegers([32, 65], in: 0..<2000, seed: 1)

  package init() throws {
    let parts: [any Layer] = [embedding, first, second, head]
    optimizer = Adam(Sequential(parts).parameters, learningRate: 1e-3)
    try evaluate(tokens)
  }

  package func loss() -> Tensor {
    let logits = head(second(first(embedding(tokens[0..., 0..<64]))))
    return softmaxCrossEntropy(logits, labels: tokens[0..., 1...])
  }
}
