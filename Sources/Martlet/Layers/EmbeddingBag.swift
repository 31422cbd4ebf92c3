public import MartletGraph

/// Rows of a table for every index of a bag, as one: their sum, mean or largest elements.
///
/// The gradient stays the rows that were looked up, except for the largest.
public struct EmbeddingBag: Module {
  /// How rows become one.
  public enum Combination: Sendable, Hashable { case sum, mean, max }

  /// `[count, width]`.
  public let weight: Parameter
  public let combination: Combination

  /// - Parameter seed: Determines the initial rows; see ``withSeed(_:_:)``.
  public init(
    _ count: Int, _ width: Int, combination: Combination = .mean,
    initializer: Initializer = .normal(standardDeviation: 1), dtype: DType = .float32, seed: UInt64? = nil
  ) {
    weight = initializer.parameter([count, width], dtype: dtype, seed: seed)
    self.combination = combination
  }

  /// Bags of one length.
  ///
  /// - Parameters:
  ///   - indices: `[bags, length]` of any integer type. One outside the table is an error when the program runs.
  ///   - weights: What each row counts, the same shape; for sums alone.
  /// - Returns: `[bags, width]`.
  public func callAsFunction(_ indices: Tensor, weights: Tensor? = nil) -> Tensor {
    let rows = weight.tensor.gathered(at: indices)
    switch combination {
    case .sum: return (weights.map { rows * $0.expandingDimensions(at: -1) } ?? rows).sum(axes: 1)
    case .mean: return rows.mean(axes: 1)
    case .max: return rows.max(axes: 1)
    }
  }

  /// Bags of any lengths, one after the other.
  ///
  /// - Parameters:
  ///   - indices: `[count]` of any integer type.
  ///   - offsets: Where each bag begins, ascending from 0, `[bags]`; an empty bag gives zeros.
  ///   - weights: What each row counts, `[count]`; for sums alone.
  /// - Returns: `[bags, width]`.
  public func callAsFunction(_ indices: Tensor, offsets: Tensor, weights: Tensor? = nil) -> Tensor {
    let rows = weight.tensor.gathered(at: indices)
    let (count, bags) = (indices.shape[0], offsets.shape[0])
    let places = Tensor.range(0..<count).expandingDimensions(at: 1)
    let bag = (places .>= offsets.cast(to: .int64)).cast(to: .int64).sum(axes: 1) - 1
    let shape: Shape = [bags, weight.shape[1]]
    let zeros = Tensor.zeros(shape, dtype: rows.dtype)
    if combination == .max {
      let lowest = Tensor.full(shape, value: -.infinity, dtype: rows.dtype)
      let largest = lowest.scattering(rows, at: bag, combining: .max)
      return select(largest .== -Double.infinity, 0, largest)
    }
    let weighted = weights.map { rows * $0.expandingDimensions(at: -1) } ?? rows
    let sums = zeros.scattering(weighted, at: bag, combining: .add)
    if combination == .sum { return sums }
    let ones = Tensor.ones([count, 1], dtype: rows.dtype)
    let counts = Tensor.zeros([bags, 1], dtype: rows.dtype).scattering(ones, at: bag, combining: .add)
    return sums / maximum(counts, 1)
  }
}
