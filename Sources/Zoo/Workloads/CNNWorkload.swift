package import Martlet

/// Two convolutions with pooling and two dense layers on 28 × 28 pixels, batch 128, Adam.
package struct CNNWorkload: BatchedWorkload {
  package var itemsPerStep: Int { x.shape[0] }
  package var module: (any Module)? { model }
  let model = Sequential {
    Conv2D(1, 32, kernelSize: 3, padding: .same)
    Activation.relu
    MaxPool2D(windowSize: 2)
    Conv2D(32, 64, kernelSize: 3, padding: .same)
    Activation.relu
    MaxPool2D(windowSize: 2)
    Flatten()
    Dense(64 * 7 * 7, 128)
    Activation.relu
    Dense(128, 10)
  }
  package let optimizer: any Optimizer
  var x = Tensor.normal([128, 28, 28, 1], seed: 1)
  var y = Tensor.randomIntegers([128], in: 0..<10, seed: 2)

  package var batch: [Tensor] {
    get { [x, y] }
    set { (x, y) = (newValue[0], newValue[1]) }
  }

  package init() throws {
    optimizer = Adam(model.parameters, learningRate: 1e-3)
    try evaluate(x, y)
  }

  package func loss() -> Tensor { softmaxCrossEntropy(model(x), labels: y) }
}
