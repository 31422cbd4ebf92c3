// A step whose plan the article on plans explains: run it with MARTLET_EXPLAIN=plan.

import Martlet

// snippet.step
let model = Sequential {
  Dense(784, 128)
  Activation.relu
  Dense(128, 10)
}
let optimizer = SGD(model.parameters, learningRate: 0.1)
let images = Tensor.normal([64, 784], seed: 1)
let labels = Tensor.randomIntegers([64], in: 0..<10, seed: 2)
for _ in 0..<5 {
  let (_, gradients) = valueAndGradient { softmaxCrossEntropy(model(images), labels: labels) }
  optimizer.update(with: gradients)
}
// snippet.end
