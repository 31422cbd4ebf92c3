package import Martlet

/// ResNet-18 on 64 × 64 pixels, batch 16, batch normalization in training mode, SGD with momentum.
package struct ResNet18Workload: BatchedWorkload {
  package var itemsPerStep: Int { x.shape[0] }
  package var module: (any Module)? { model }
  let model = ResNet.small18(classes: 10)
  package let optimizer: any Optimizer
  var x = Tensor.normal([16, 64, 64, 3], seed: 1)
  var y = Tensor.randomIntegers([16], in: 0..<10, seed: 2)

  package var batch: [Tensor] {
    get { [x, y] }
    set { (x, y) = (newValue[0], newValue[1]) }
  }

  package init() throws {
    optimizer = SGD(model.parameters, learningRate: 0.01, momentum: 0.9)
    try evaluate(x, y)
  }

  package func loss() -> Tensor { softmaxCrossEntropy(model(x), labels: y) }
}
