import Martlet

/// Inference of ResNet-50 on 224 × 224 pixels.
package struct ResNet50Workload: Workload {
  package let itemsPerStep: Int
  package var module: (any Module)? { model }
  let model = ResNet.resNet50(classes: 1000)
  let x: Tensor

  package init(batchSize: Int) throws {
    itemsPerStep = batchSize
    x = Tensor.normal([batchSize, 224, 224, 3], seed: 1)
    try evaluate(x)
    for variable in model.variables { try variable.tensor.evaluated() }
  }

  package func step() -> Double? { model(x).sum().scalar }
}
