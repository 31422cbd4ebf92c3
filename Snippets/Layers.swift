// Layers, models, modes, optimizers.

import Martlet

// snippet.layer
struct Gate: Layer {
  let value: Dense
  let gate: Dense

  init(_ width: Int) {
    value = Dense(width, width)
    gate = Dense(width, width)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { value(x) * sigmoid(gate(x)) }
}
// snippet.end

// snippet.model
let model = withSeed(3) {
  Sequential {
    Conv2D(1, 16, kernelSize: 3, padding: .same)
    Activation.relu
    MaxPool2D(windowSize: 2)
    Flatten()
    Dense(16 * 4 * 4, 32)
    Gate(32)
    Dropout(probability: 0.1)
    Dense(32, 10)
  }
}
for (name, parameter) in model.namedParameters { print(name, parameter.shape) }
// snippet.end

// snippet.optimizer
let optimizer = AdamW(
  model.parameters, learningRate: CosineSchedule(peak: 3e-3, stepCount: 100, warmupSteps: 10), weightDecay: 0.1,
  rules: [ParameterRule(weightDecay: 0) { $0.shape.rank < 2 }])
// snippet.end

// snippet.step
let images = Tensor.normal([32, 8, 8, 1], seed: 1)
let labels = Tensor.randomIntegers([32], in: 0..<10, seed: 2)
withMode(.training) {
  for step in 0..<100 {
    let (loss, gradients) = valueAndGradient {
      softmaxCrossEntropy(model(images), labels: labels, labelSmoothing: 0.1)
    }
    optimizer.update(with: gradients)
    if step % 20 == 0 { print("step \(step): loss \(loss)") }
  }
}
print("accuracy \(accuracy(model(images), labels: labels))")
// snippet.end

// snippet.clipping
let (_, gradients) = valueAndGradient { softmaxCrossEntropy(model(images), labels: labels) }
optimizer.update(with: gradients.clipped(toNorm: 1))
// snippet.end

// snippet.compiled
let step = compiled { (x: Tensor, y: Tensor) in
  let (loss, gradients) = valueAndGradient { softmaxCrossEntropy(model(x), labels: y) }
  optimizer.update(with: gradients)
  return loss
}
print("loss \(step(images, labels))")
// snippet.end

// snippet.summary
print(summary(model, input: [1, 8, 8, 1]))
// snippet.end

// snippet.weights
try model.saveWeights(to: "model.safetensors")
try model.loadWeights(from: "model.safetensors")
// snippet.end
