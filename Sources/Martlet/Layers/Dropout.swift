import MartletGraph

/// Sets elements to zero at random while training, and scales the others so that the mean stays.
///
/// Does nothing in evaluation (see ``Mode``). Masks are a function of the seed and of a counter that is part of the
/// model's state: they are the same when a checkpointed block is recomputed or training is resumed.
///
/// - Note: Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15 (2014).
public struct Dropout: Layer {
  /// The probability that an element becomes zero.
  public let probability: Double
  /// The source of the masks.
  public let random: RandomState

  /// - Parameters:
  ///   - probability: Of an element to become zero, in 0...1.
  ///   - seed: Determines the masks; see ``withSeed(_:_:)``.
  public init(
    probability: Double, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    if !(0...1).contains(probability) {
      let message = "the probability \(probability) is outside 0...1"
      _ = stop(GraphError("Dropout", message), at: SourceLocation(fileID, line))
    }
    self.probability = probability
    random = RandomState(seed: seed ?? InitialSeeds.next())
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Mode.current == .evaluation || probability == 0 { return x }
    if probability >= 1 { return .zeros(like: x) }
    var source = random
    let isKept = Tensor.bernoulli(x.shape, probability: 1 - probability, using: &source)
    return select(isKept, x * (1 / (1 - probability)), 0)
  }
}
