package import Martlet

/// A U-Net that predicts noise on 32 × 32 pixels, batch 16, Adam.
package struct UNetWorkload: BatchedWorkload {
  package var itemsPerStep: Int { x.shape[0] }
  package var module: (any Module)? { model }
  let model = UNet()
  package let optimizer: any Optimizer
  var x = Tensor.normal([16, 32, 32, 3], seed: 1)
  var noise = Tensor.normal([16, 32, 32, 3], seed: 2)
  var time = Tensor.uniform([16], in: 0...1, seed: 3)

  package var batch: [Tensor] {
    get { [x, noise, time] }
    set { (x, noise, time) = (newValue[0], newValue[1], newValue[2]) }
  }

  package init() throws {
    optimizer = Adam(model.parameters, learningRate: 1e-4)
    try evaluate(x, noise, time)
  }

  package func loss() -> Tensor { meanSquaredError(model(x, time: time), noise) }
}
