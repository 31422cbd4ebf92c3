import Martlet

/// Made-up examples that can be learned: every class has a pattern, and a sample is its class's pattern under noise.
///
/// Sample *i* is a pure function of the seed and *i*, so any size costs no memory.
public struct SyntheticDataset: Dataset {
  public let count: Int
  /// The number of classes; sample *i* is of class *i* modulo this.
  public let classCount: Int
  /// How strong the noise is, in standard deviations; the patterns' elements are in -1...1.
  public let noise: Double
  private let shape: Shape
  private let seed: UInt64
  private let patterns: [[Float]]

  /// A data set of `count` samples of `shape`.
  ///
  /// - Precondition: A positive number of classes.
  public init(count: Int, shape: Shape, classCount: Int, noise: Double = 0.5, seed: UInt64) {
    precondition(classCount > 0, "SyntheticDataset: \(classCount) classes")
    self.count = count
    self.classCount = classCount
    self.noise = noise
    self.shape = shape
    self.seed = seed
    patterns = (0..<classCount).map { index in
      // Epoch -1 keeps the patterns' random numbers apart from the samples'.
      var generator = SampleGenerator(seed: seed, epoch: -1, index: index)
      return (0..<shape.elementCount).map { _ in Float(2 * generator.unit() - 1) }
    }
  }

  public func element(at index: Int) -> Example {
    var generator = SampleGenerator(seed: seed, epoch: 0, index: index)
    let label = index % classCount
    let values = patterns[label].map { element in
      // The sum of four uniform numbers is close enough to a normal one, with variance 4/12.
      let sum = (0..<4).reduce(-2) { partial, _ in partial + generator.unit() }
      return element + Float(noise * sum * 3.0.squareRoot())
    }
    return Example(inputs: Tensor(values, shape: shape), labels: Tensor(label))
  }
}
