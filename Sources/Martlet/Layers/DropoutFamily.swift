import MartletGraph

/// Sets whole channels of an example to zero at random while training, and scales the others.
///
/// - Note: Tompson et al., *Efficient object localization using convolutional networks*, CVPR 2015.
public struct SpatialDropout: Layer {
  /// The probability that a channel becomes zero.
  public let probability: Double
  /// The source of the masks.
  public let random: RandomState

  /// - Parameter seed: Determines the masks; see ``withSeed(_:_:)``.
  public init(probability: Double, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line) {
    self.probability = checkedProbability(probability, "SpatialDropout", fileID, line)
    random = RandomState(seed: seed ?? InitialSeeds.next())
  }

  /// - Parameter x: `[batch, spatial..., channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Mode.current == .evaluation || probability == 0 { return x }
    if probability >= 1 { return .zeros(like: x) }
    var source = random
    let sizes = x.shape.indices.map { $0 == 0 || $0 == x.rank - 1 ? x.shape[$0] : 1 }
    let isKept = Tensor.bernoulli(Shape(sizes), probability: 1 - probability, using: &source)
    return select(isKept, x * (1 / (1 - probability)), 0)
  }
}

/// Multiplies every element by a number near 1 while training, with the variance that ``Dropout`` has.
///
/// - Note: Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15 (2014).
public struct GaussianDropout: Layer {
  /// Of the dropout that has the same variance.
  public let probability: Double
  /// The source of the numbers.
  public let random: RandomState

  /// - Parameter seed: Determines the numbers; see ``withSeed(_:_:)``.
  public init(probability: Double, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line) {
    self.probability = checkedProbability(probability, "GaussianDropout", fileID, line)
    random = RandomState(seed: seed ?? InitialSeeds.next())
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Mode.current == .evaluation || probability == 0 { return x }
    if probability >= 1 { return .zeros(like: x) }
    var source = random
    let deviation = (probability / (1 - probability)).squareRoot()
    return x * .normal(x.shape, mean: 1, standardDeviation: deviation, dtype: x.dtype, using: &source)
  }
}

/// Adds normal numbers while training.
public struct GaussianNoise: Layer {
  public let standardDeviation: Double
  /// The source of the numbers.
  public let random: RandomState

  /// - Parameter seed: Determines the numbers; see ``withSeed(_:_:)``.
  public init(standardDeviation: Double, seed: UInt64? = nil) {
    self.standardDeviation = standardDeviation
    random = RandomState(seed: seed ?? InitialSeeds.next())
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Mode.current == .evaluation || standardDeviation == 0 { return x }
    var source = random
    return x + .normal(x.shape, standardDeviation: standardDeviation, dtype: x.dtype, using: &source)
  }
}

/// Sets elements to what ``selu(_:fileID:line:)`` gives far below 0, at random while training, and scales and moves all
/// so that mean 0 and variance 1 stay.
///
/// - Note: Klambauer et al., *Self-normalizing neural networks*, NeurIPS 2017.
public struct AlphaDropout: Layer {
  /// The probability that an element is lost.
  public let probability: Double
  /// Whether whole channels of `[batch, spatial..., channels]` are lost together.
  public let isByChannel: Bool
  /// The source of the masks.
  public let random: RandomState

  /// - Parameter seed: Determines the masks; see ``withSeed(_:_:)``.
  public init(
    probability: Double, isByChannel: Bool = false, seed: UInt64? = nil, fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.probability = checkedProbability(probability, "AlphaDropout", fileID, line)
    self.isByChannel = isByChannel
    random = RandomState(seed: seed ?? InitialSeeds.next())
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Mode.current == .evaluation || probability == 0 { return x }
    if probability >= 1 { return .zeros(like: x) }
    var source = random
    let sizes = x.shape.indices.map { !isByChannel || $0 == 0 || $0 == x.rank - 1 ? x.shape[$0] : 1 }
    let isKept = Tensor.bernoulli(Shape(sizes), probability: 1 - probability, using: &source)
    let lost = -1.7580993408473766
    // Lost elements leave mean p · lost and variance (1 - p) (1 + p · lost²).
    let scale = 1 / ((1 - probability) * (1 + probability * lost * lost)).squareRoot()
    return select(isKept, x, lost) * scale - scale * probability * lost
  }
}

/// Leaves out a residual branch of whole examples at random while training, and scales it for the others.
///
/// Put it at the end of the branch: `x + depth(body(x))`.
///
/// - Note: Huang et al., *Deep networks with stochastic depth*, ECCV 2016.
public struct StochasticDepth: Layer {
  /// The probability that an example's branch is left out.
  public let probability: Double
  /// The source of the masks.
  public let random: RandomState

  /// - Parameter seed: Determines the masks; see ``withSeed(_:_:)``.
  public init(probability: Double, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line) {
    self.probability = checkedProbability(probability, "StochasticDepth", fileID, line)
    random = RandomState(seed: seed ?? InitialSeeds.next())
  }

  /// - Parameter x: `[batch, ...]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Mode.current == .evaluation || probability == 0 { return x }
    if probability >= 1 { return .zeros(like: x) }
    var source = random
    let sizes = x.shape.indices.map { $0 == 0 ? x.shape[0] : 1 }
    let isKept = Tensor.bernoulli(Shape(sizes), probability: 1 - probability, using: &source)
    return select(isKept, x * (1 / (1 - probability)), 0)
  }
}

private func checkedProbability(
  _ probability: Double, _ layer: String, _ fileID: StaticString, _ line: UInt
) -> Double {
  if (0...1).contains(probability) { return probability }
  let message = "the probability \(probability) is outside 0...1"
  _ = stop(GraphError(layer, message), at: SourceLocation(fileID, line))
  return 0
}
