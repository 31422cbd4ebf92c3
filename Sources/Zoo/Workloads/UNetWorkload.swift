package import Martlet

/// A U-Net that predicts noise on 32 × 32 pixels, batch 16, Adam.
package struct UNetWorkload: TrainingWorkload {
  package let itemsPerStep = 16
  package var module: (any Module)? { model }
  let model = UNet()
  package let optimizer: any Optimizer
  let x = Tensor.normal([16, 32, 32, 3], seed: 1)
  let noise = Tensor.normal([16, 32, 32, 3], seed: 2)
  let time = Tensor.uniform([16], in: 0...1, seed: 3)

  package init() throws {
    optimizer = Adam(model.parameters, learningRate: 1e-4)
    try evaluate(x, noise, time)
  }

  package func loss() -> Tensor { meanSquaredError(model(x, time: time), noise) }
}
