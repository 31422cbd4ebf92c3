package import Martlet

extension GPTConfiguration {
  /// 6 layers of width 384 on 256 tokens.
  package static let small = GPTConfiguration(
    layers: 6, heads: 6, width: 384, context: 256, vocabulary: 4096, hasBias: true, usesTanhGELU: true)
  /// The sizes of the smallest GPT-2, on 512 tokens.
  package static let gpt124M = GPTConfiguration(
    layers: 12, heads: 12, width: 768, context: 512, vocabulary: 50257, hasBias: true, usesTanhGELU: true)
}

/// A GPT on random tokens, AdamW.
package struct GPTWorkload: BatchedWorkload {
  package var itemsPerStep: Int { tokens.shape[0] * (tokens.shape[1] - 1) }
  package var module: (any Module)? { model }
  let model: GPT
  package let optimizer: any Optimizer
  var tokens: Tensor

  package var batch: [Tensor] {
    get { [tokens] }
    set { tokens = newValue[0] }
  }

  package init(_ configuration: GPTConfiguration, batchSize: Int) throws {
    model = GPT(configuration)
    optimizer = AdamW(model.parameters, learningRate: 1e-4)
    tokens = Tensor.randomIntegers([batchSize, configuration.context + 1], in: 0..<configuration.vocabulary, seed: 1)
    try evaluate(tokens)
  }

  package func loss() -> Tensor {
    softmaxCrossEntropy(model(tokens[0..., ..<(-1)]), labels: tokens[0..., 1...])
  }
}
