import MartletGraph

/// Scores of a yes-or-no question with their right answers: the source of ROC and precision–recall curves.
///
/// Keeps every score, because no smaller summary gives the exact areas.
public struct RankingScores: Metric {
  private var scores: [Double] = []
  private var labels: [Bool] = []

  public init() {}

  /// Adds examples.
  ///
  /// - Parameters:
  ///   - scores: Larger for a likelier yes; logits or probabilities, of any shape.
  ///   - labels: 0 or 1, or bool, of the same shape.
  public mutating func update(
    scores: Tensor, labels: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    guard scores.shape == labels.shape else {
      let message = "needs scores and labels of one shape, got \(scores.type) and \(labels.type)"
      _ = stop(GraphError("RankingScores", message), at: SourceLocation(fileID, line))
      return
    }
    self.scores += scores.reals
    self.labels += labels.integers.map { $0 != 0 }
  }

  public mutating func merge(_ other: RankingScores) {
    scores += other.scores
    labels += other.labels
  }
  public mutating func reset() { self = RankingScores() }
}

extension RankingScores {
  /// For every distinct score from the largest down, how many right and wrong answers are at or above it.
  private var steps: [(score: Double, right: Double, wrong: Double)] {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var steps: [(score: Double, right: Double, wrong: Double)] = []
    var (right, wrong) = (0.0, 0.0)
    for (place, index) in order.enumerated() {
      if labels[index] { right += 1 } else { wrong += 1 }
      if place + 1 == order.count || scores[order[place + 1]] != scores[index] {
        steps.append((scores[index], right, wrong))
      }
    }
    return steps
  }

  /// The probability that a right example scores above a wrong one, equal scores counting half; NaN without both kinds.
  public var areaUnderROC: Double {
    let steps = steps
    guard let last = steps.last else { return .nan }
    var (area, right, wrong) = (0.0, 0.0, 0.0)
    for step in steps {
      area += (step.wrong - wrong) * (step.right + right) / 2
      (right, wrong) = (step.right, step.wrong)
    }
    return area / (last.right * last.wrong)
  }

  /// The mean of the precisions at each right example, as the step-wise area under the precision–recall curve.
  public var averagePrecision: Double {
    let steps = steps
    guard let last = steps.last else { return .nan }
    var (area, right) = (0.0, 0.0)
    for step in steps {
      area += (step.right - right) * step.right / (step.right + step.wrong)
      right = step.right
    }
    return area / last.right
  }

  /// Shares of wrong and of right examples at or above each distinct score, from none to all.
  public var rocCurve: [(falsePositiveRate: Double, truePositiveRate: Double, threshold: Double)] {
    let steps = steps
    guard let last = steps.last else { return [] }
    return [(0, 0, .infinity)] + steps.map { ($0.wrong / last.wrong, $0.right / last.right, $0.score) }
  }

  /// Precision and recall of what is at or above each distinct score, from the largest down.
  public var precisionRecallCurve: [(precision: Double, recall: Double, threshold: Double)] {
    let steps = steps
    guard let last = steps.last else { return [] }
    return steps.map { ($0.right / ($0.right + $0.wrong), $0.right / last.right, $0.score) }
  }
}

/// How far confidences are from the shares of right answers.
///
/// - Note: Guo et al., *On calibration of modern neural networks*, ICML 2017.
public struct CalibrationError: Metric {
  /// How the distances of the bins become one number.
  public enum Norm: Sendable, Hashable, Codable {
    /// Their mean, each weighted by its examples (ECE).
    case mean
    /// The largest (MCE).
    case largest
    /// The root of their mean square.
    case rootMeanSquare
  }

  public let binCount: Int
  private var confidences, rights, counts: [Double]

  /// - Parameter binCount: Bins of equal width between confidences of 0 and 1; each holds its upper bound.
  /// - Precondition: Between 1 and 1,000,000 bins.
  public init(binCount: Int = 15, fileID: StaticString = #fileID, line: UInt = #line) {
    let binCount = checkedCount(binCount, 1...1_000_000, "CalibrationError", "number of bins", fileID, line)
    self.binCount = binCount
    let zeros = Array(repeating: 0.0, count: binCount)
    (confidences, rights, counts) = (zeros, zeros, zeros)
  }

  /// Adds examples, the confidence being the probability of the likeliest class.
  ///
  /// - Parameters:
  ///   - probabilities: `[..., classes]`, none of them NaN.
  ///   - labels: `[...]` of any integer type.
  public mutating func update(
    probabilities: Tensor, labels: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let found = probabilities.argMax(fileID: fileID, line: line)
    guard labels.dtype.isInteger, labels.shape == found.shape else {
      let message =
        "needs probabilities [..., classes] and integer labels [...], got \(probabilities.type) and \(labels.type)"
      _ = stop(GraphError("CalibrationError", message), at: SourceLocation(fileID, line))
      return
    }
    let isRight = (found .== labels.cast(to: .int64)).integers
    for (confidence, right) in zip(probabilities.max(axes: -1).reals, isRight) {
      guard confidence.isFinite else {
        let message = "the probability \(confidence) is no number in 0...1"
        _ = stop(GraphError("CalibrationError", message), at: SourceLocation(fileID, line))
        return
      }
      let bin = min(max(Int((confidence * Double(binCount)).rounded(.up)) - 1, 0), binCount - 1)
      confidences[bin] += confidence
      rights[bin] += Double(right)
      counts[bin] += 1
    }
  }

  /// The distance of confidence and accuracy; NaN without examples.
  public func value(_ norm: Norm = .mean) -> Double {
    let total = counts.reduce(0, +)
    let bins = counts.indices.filter { counts[$0] > 0 }
    let distances = bins.map { abs(confidences[$0] - rights[$0]) / counts[$0] }
    let shares = bins.map { counts[$0] / total }
    switch norm {
    case .mean: return total == 0 ? .nan : zip(distances, shares).reduce(0) { $0 + $1.0 * $1.1 }
    case .largest: return distances.max() ?? .nan
    case .rootMeanSquare:
      return total == 0 ? .nan : zip(distances, shares).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }.squareRoot()
    }
  }

  public mutating func merge(_ other: CalibrationError) {
    precondition(binCount == other.binCount, "CalibrationError: \(binCount) and \(other.binCount) bins")
    for bin in counts.indices {
      confidences[bin] += other.confidences[bin]
      rights[bin] += other.rights[bin]
      counts[bin] += other.counts[bin]
    }
  }
  public mutating func reset() { self = CalibrationError(binCount: binCount) }
}
