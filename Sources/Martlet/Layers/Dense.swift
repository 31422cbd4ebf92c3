public import MartletGraph

/// A linear map of the last dimension: `x · weight + bias`.
public struct Dense: Layer {
  /// `[in, out]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?

  /// A map from vectors of `inputCount` to vectors of `outputCount` elements.
  ///
  /// - Parameters:
  ///   - initializer: For the weight; the bias begins at zero.
  ///   - seed: Determines the initial weight; see ``withSeed(_:_:)``.
  public init(
    _ inputCount: Int, _ outputCount: Int, hasBias: Bool = true, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil
  ) {
    weight = initializer.parameter([inputCount, outputCount], dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
  }

  /// - Parameter x: `[..., in]`.
  /// - Returns: `[..., out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, weight: weight.tensor) }
}

/// A row of a table for every index.
public struct Embedding: Layer {
  /// `[count, width]`.
  public let weight: Parameter

  /// A table of `count` rows of `width` elements.
  ///
  /// - Parameter seed: Determines the initial rows; see ``withSeed(_:_:)``.
  public init(
    _ count: Int, _ width: Int, initializer: Initializer = .normal(standardDeviation: 1), dtype: DType = .float32,
    seed: UInt64? = nil
  ) {
    weight = initializer.parameter([count, width], dtype: dtype, seed: seed)
  }

  /// An index outside the table is an error when the program runs.
  ///
  /// - Parameter indices: `[...]` of any integer type.
  /// - Returns: `[..., width]`.
  public func callAsFunction(_ indices: Tensor) -> Tensor { weight.tensor.gathered(at: indices) }

  /// The logits of every row, for models whose output layer is their embedding.
  ///
  /// - Parameter x: `[..., width]`.
  /// - Returns: `[..., count]`.
  public func logits(_ x: Tensor) -> Tensor { matmul(x, weight.tensor.transposed()) }
}
