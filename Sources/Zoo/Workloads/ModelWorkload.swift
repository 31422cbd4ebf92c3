package import Martlet

/// A workload around a model, which can also be asked what the model says.
package protocol ModelWorkload: Workload {
  /// Inputs of the model, the first dimension of each the batch.
  func exampleInputs() throws -> [Tensor]

  /// What the model computes from inputs of any batch size.
  func predict(_ inputs: [Tensor]) -> [Tensor]
}

extension MLPWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [x[0..<2]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0])] }
}

extension CNNWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [x[0..<2]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0])] }
}

extension ResNet18Workload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [x[0..<2]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0])] }
}

extension ResNet50Workload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [Tensor(concatenating: [x[0..<1], -x[0..<1]], axis: 0)] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0])] }
}

extension GPTWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] {
    [Tensor(concatenating: [tokens[0..<1, ..<32], tokens[0..<1, 1..<33]], axis: 0)]
  }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0])] }
}

extension LSTMWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [tokens[0..<2, 0..<16]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0])] }
}

extension DeepFMWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [categories[0..<3], numbers[0..<3]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0], inputs[1])] }
}

extension UNetWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [x[0..<2], time[0..<2]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [model(inputs[0], time: inputs[1])] }
}

extension SoftmaxWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [x[0..<3]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [inputs[0].softmax()] }
}

extension MatmulWorkload: ModelWorkload {
  package func exampleInputs() -> [Tensor] { [a[0..<2]] }
  package func predict(_ inputs: [Tensor]) -> [Tensor] { [matmul(inputs[0], b)] }
}
