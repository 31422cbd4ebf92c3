package import Martlet

/// A language model of two LSTM layers.
struct LSTMLanguageModel: Layer {
  let embedding = Embedding(2000, 512)
  let first = LSTM(512, 512)
  let second = LSTM(512, 512)
  let head = Dense(512, 2000)

  func callAsFunction(_ tokens: Tensor) -> Tensor { head(second(first(embedding(tokens)))) }
}

/// Sequences of 64, batch 32, Adam.
package struct LSTMWorkload: BatchedWorkload {
  package var itemsPerStep: Int { tokens.shape[0] * 64 }
  package var module: (any Module)? { model }
  let model = LSTMLanguageModel()
  package let optimizer: any Optimizer
  var tokens = Tensor.randomIntegers([32, 65], in: 0..<2000, seed: 1)

  package var batch: [Tensor] {
    get { [tokens] }
    set { tokens = newValue[0] }
  }

  package init() throws {
    optimizer = Adam(model.parameters, learningRate: 1e-3)
    try evaluate(tokens)
  }

  package func loss() -> Tensor {
    softmaxCrossEntropy(model(tokens[0..., 0..<64]), labels: tokens[0..., 1...])
  }
}
