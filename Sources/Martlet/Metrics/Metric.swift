import MartletGraph

/// A number, or several, about many examples, collected batch by batch.
///
/// A metric is a value: a copy goes on by itself. Workers each keep one and ``merge(_:)`` them at the end; it can be
/// encoded to travel between processes. What it gives is the same whatever the batches were, up to rounding.
///
/// ```swift
/// var scores = ConfusionMatrix(classCount: 10)
/// for batch in data { scores.update(logits: model(batch.images), labels: batch.labels) }
/// print(scores.accuracy, scores.f1(.macro))
/// ```
public protocol Metric: Sendable, Codable {
  /// Adds what another has collected.
  mutating func merge(_ other: Self)
  /// Forgets everything.
  mutating func reset()
}

/// The mean of numbers, each with a weight: a loss over batches of different sizes.
public struct Mean: Metric {
  private var sum = 0.0
  private var weight = 0.0

  public init() {}

  /// Adds numbers.
  ///
  /// - Parameters:
  ///   - values: Of any shape and number type.
  ///   - weight: What each of them counts.
  public mutating func update(_ values: Tensor, weight: Double = 1) {
    sum += values.cast(to: .float64).sum().scalar * weight
    self.weight += Double(values.elementCount) * weight
  }

  /// Adds one number.
  public mutating func update(_ value: Double, weight: Double = 1) {
    sum += value * weight
    self.weight += weight
  }

  /// The mean; NaN of nothing.
  public var value: Double { sum / weight }
  public mutating func merge(_ other: Mean) {
    sum += other.sum
    weight += other.weight
  }
  public mutating func reset() { self = Mean() }
}

/// The share of examples whose right class is among those with the largest logits.
public struct TopKAccuracy: Metric {
  /// How many of the largest logits count.
  public let k: Int
  private var hits = 0
  private var count = 0

  /// - Parameter k: 1 is plain accuracy.
  /// - Precondition: At least 1.
  public init(_ k: Int = 1, fileID: StaticString = #fileID, line: UInt = #line) {
    self.k = checkedCount(k, 1...Int.max, "TopKAccuracy", "k", fileID, line)
  }

  /// Adds examples.
  ///
  /// - Parameters:
  ///   - logits: `[..., classes]`; of equal ones the first come first.
  ///   - labels: `[...]` of any integer type.
  public mutating func update(
    logits: Tensor, labels: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    guard labels.dtype.isInteger, logits.rank > 0, labels.shape.elementsEqual(logits.shape.dropLast()) else {
      let message = "needs logits [..., classes] and integer labels [...], got \(logits.type) and \(labels.type)"
      _ = stop(GraphError("TopKAccuracy", message), at: SourceLocation(fileID, line))
      return
    }
    let found = logits.topK(k, fileID: fileID, line: line).indices
    let isFound = found .== labels.cast(to: .int64).expandingDimensions(at: -1)
    hits += Int(isFound.any(axes: -1).sum().scalar)
    count += labels.elementCount
  }

  /// The share; NaN without examples.
  public var value: Double { Double(hits) / Double(count) }
  public mutating func merge(_ other: TopKAccuracy) {
    hits += other.hits
    count += other.count
  }
  public mutating func reset() { self = TopKAccuracy(k) }
}

/// The exponential of the mean negative log-likelihood: among how many tokens a model is in doubt.
public struct Perplexity: Metric {
  private var sum = 0.0
  private var count = 0

  public init() {}

  /// Adds tokens.
  ///
  /// - Parameters:
  ///   - logits: `[..., classes]`.
  ///   - labels: `[...]` of any integer type.
  ///   - ignoredLabel: Tokens with this label do not count.
  public mutating func update(
    logits: Tensor, labels: Tensor, ignoredLabel: Int? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let loss = softmaxCrossEntropy(
      logits.cast(to: .float64), labels: labels, ignoredLabel: ignoredLabel, reduction: .sum, fileID: fileID, line: line
    )
    sum += loss.scalar
    let ignored = ignoredLabel.map { (labels .== Tensor($0).cast(to: labels.dtype)).sum().scalar } ?? 0
    count += labels.elementCount - Int(ignored)
  }

  /// The perplexity; NaN without tokens.
  public var value: Double { exponential(sum / Double(count)) }
  public mutating func merge(_ other: Perplexity) {
    sum += other.sum
    count += other.count
  }
  public mutating func reset() { self = Perplexity() }
}

/// The exponential of one number, by the engine, since nothing here may import a math library.
func exponential(_ x: Double) -> Double { Martlet.exp(Tensor.full([], value: x, dtype: .float64)).scalar }

/// The natural logarithm of one number.
func logarithm(of x: Double) -> Double { Martlet.log(Tensor.full([], value: x, dtype: .float64)).scalar }

extension Tensor {
  /// The elements as `Int`, in row-major order.
  var integers: [Int] { cast(to: .int64).scalars(as: Int.self) }
  /// The elements as `Double`, in row-major order.
  var reals: [Double] { cast(to: .float64).scalars(as: Double.self) }
}

/// The count if it is in `range`; stops otherwise, and inside `checked` gives the nearest that is.
func checkedCount(
  _ count: Int, _ range: ClosedRange<Int>, _ metric: String, _ role: String, _ fileID: StaticString, _ line: UInt
) -> Int {
  if range.contains(count) { return count }
  let message = "the \(role) \(count) is outside \(range.lowerBound)...\(range.upperBound)"
  _ = stop(GraphError(metric, message), at: SourceLocation(fileID, line))
  return min(max(count, range.lowerBound), range.upperBound)
}
