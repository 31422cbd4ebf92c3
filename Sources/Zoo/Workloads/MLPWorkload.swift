package import Martlet

/// 784-512-512-10 with ReLU, batch 128, SGD.
package struct MLPWorkload: BatchedWorkload {
  package var itemsPerStep: Int { x.shape[0] }
  package var module: (any Module)? { model }
  let model = Sequential {
    Dense(784, 512)
    Activation.relu
    Dense(512, 512)
    Activation.relu
    Dense(512, 10)
  }
  package let optimizer: any Optimizer
  var x = Tensor.normal([128, 784], seed: 1)
  var y = Tensor.randomIntegers([128], in: 0..<10, seed: 2)

  package var batch: [Tensor] {
    get { [x, y] }
    set { (x, y) = (newValue[0], newValue[1]) }
  }

  package init() throws {
    optimizer = SGD(model.parameters, learningRate: 0.01)
    try evaluate(x, y)
  }

  package func loss() -> Tensor { softmaxCrossEntropy(model(x), labels: y) }
}
