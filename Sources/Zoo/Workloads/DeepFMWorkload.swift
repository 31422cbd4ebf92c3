import Martlet

/// DeepFM with 26 columns of 100,000 categories, batch 2,048: SGD on the rows touched, Adam on the rest.
package struct DeepFMWorkload: Workload {
  package let itemsPerStep = 2048
  package var module: (any Module)? { model }
  let model: DeepFM
  let sparse: SGD
  let dense: Adam
  let categories, numbers, clicks: Tensor

  package init(categoriesPerColumn: Int = 100_000) throws {
    let columns = 26
    model = DeepFM(categories: columns * categoriesPerColumn, columns: columns, numbers: 13)
    sparse = SGD(model.vectors.parameters + model.weights.parameters, learningRate: 0.01)
    dense = Adam(model.deep.parameters, learningRate: 1e-3)
    let offsets = Tensor.range(0..<columns) * Double(categoriesPerColumn)
    categories = Tensor.randomIntegers([2048, columns], in: 0..<categoriesPerColumn, seed: 1) + offsets
    numbers = Tensor.normal([2048, 13], seed: 2)
    clicks = Tensor.randomIntegers([2048], in: 0..<2, seed: 3).cast(to: .float32)
    try evaluate(categories, numbers, clicks)
  }

  package func step() -> Double? {
    let (loss, gradients) = valueAndGradient {
      sigmoidBinaryCrossEntropy(model(categories, numbers), labels: clicks)
    }
    // Nobody may hold the tables' gradients beyond the update, or they would have to exist in full.
    var rest = gradients
    for parameter in sparse.parameters { rest[parameter] = nil }
    sparse.update(with: gradients)
    dense.update(with: rest)
    return loss.scalar
  }
}
