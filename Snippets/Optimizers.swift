// Several optimizers on the same gradients, and float 16 with a scaled loss.

import Martlet

let hidden = withSeed(1) {
  Sequential {
    Dense(8, 32)
    Activation.gelu
    Dense(32, 32)
  }
}
let head = Dense(32, 4, seed: 2)
let images = Tensor.normal([16, 8], seed: 3)
let labels = Tensor.randomIntegers([16], in: 0..<4, seed: 4)

// snippet.several
let matrices = Muon(hidden.parameters.filter { $0.shape.rank == 2 }, learningRate: 0.02)
let others = AdamW(hidden.parameters.filter { $0.shape.rank < 2 } + head.parameters, learningRate: 3e-4)
let (_, gradients) = valueAndGradient { softmaxCrossEntropy(head(hidden(images)), labels: labels) }
matrices.update(with: gradients)
others.update(with: gradients)
// snippet.end

let model = Dense(8, 4, dtype: .float16, seed: 5)
let optimizer = AdamW(model.parameters, learningRate: 1e-3)

// snippet.scaling
let scaler = LossScaler()
let (_, scaled) = valueAndGradient {
  scaler.scaled(softmaxCrossEntropy(model(images.cast(to: .float16)), labels: labels))
}
if let unscaled = scaler.unscaled(scaled) { optimizer.update(with: unscaled) }
// snippet.end

let network = Dense(8, 4, seed: 6)
let trainable = AdamW(network.parameters, learningRate: 1e-3)

// snippet.contractions
let (_, rounded) = valueAndGradient {
  withContractions(in: .bfloat16) { softmaxCrossEntropy(network(images), labels: labels) }
}
trainable.update(with: rounded)
// snippet.end
