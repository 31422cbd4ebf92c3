public import Martlet

/// A model of clicks: every pair of categories interacts by the product of their vectors, and a network sees them all.
///
/// - Note: Guo et al., *DeepFM: a factorization-machine based neural network for CTR prediction*, IJCAI 2017.
public struct DeepFM: Module {
  /// The vectors and the weights of all categories of all columns, one below the other: the sparse part.
  public let vectors, weights: Embedding
  /// The network.
  public let deep: Sequential

  /// - Parameters:
  ///   - categories: Rows of the tables.
  ///   - columns: Categorical columns of an example.
  ///   - numbers: Numerical columns of an example.
  public init(categories: Int, columns: Int, numbers: Int, width: Int = 16, hidden: [Int] = [400, 400, 400]) {
    vectors = Embedding(categories, width, initializer: .normal(standardDeviation: 0.01))
    weights = Embedding(categories, 1, initializer: .zeros)
    var layers: [any Layer] = []
    var size = columns * width + numbers
    for next in hidden {
      layers += [Dense(size, next, initializer: .heNormal), Activation.relu] as [any Layer]
      size = next
    }
    deep = Sequential(layers + [Dense(size, 1)])
  }

  /// - Parameters:
  ///   - categories: Rows of the tables, `[batch, columns]`.
  ///   - numbers: `[batch, numbers]`.
  /// - Returns: Logits `[batch]`.
  public func callAsFunction(_ categories: Tensor, _ numbers: Tensor) -> Tensor {
    let rows = vectors(categories)
    let sum = rows.sum(axes: 1)
    // The products of all pairs, from the square of the sum.
    let pairs = (sum * sum - (rows * rows).sum(axes: 1)).sum(axes: 1) * 0.5
    let network = deep(Tensor(concatenating: [rows.flattened(from: 1), numbers], axis: 1))
    return network.squeezed(axes: 1) + pairs + weights(categories).sum(axes: [1, 2])
  }
}
