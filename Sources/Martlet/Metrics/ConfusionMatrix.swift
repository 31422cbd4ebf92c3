import MartletGraph

/// How numbers of several classes become one.
public enum ClassAverage: Sendable, Hashable {
  /// Counts of all classes are added up first.
  case micro
  /// All classes that occur count alike.
  case macro
  /// Each class counts as often as it is right.
  case weighted
}

/// How often each class was taken for each: the source of accuracy, precision, recall, F1, IoU and Dice.
public struct ConfusionMatrix: Metric {
  public let classCount: Int
  /// Of class `row`, how many were taken for class `column`: `counts[row * classCount + column]`.
  public private(set) var counts: [Int]

  /// - Parameter classCount: The size of the matrix.
  /// - Precondition: Between 1 and 20,000 classes.
  public init(classCount: Int, fileID: StaticString = #fileID, line: UInt = #line) {
    let classCount = checkedCount(classCount, 1...20_000, "ConfusionMatrix", "number of classes", fileID, line)
    self.classCount = classCount
    counts = Array(repeating: 0, count: classCount * classCount)
  }

  /// Adds examples, each taken for the class with its largest logit.
  ///
  /// - Parameters:
  ///   - logits: `[..., classes]`.
  ///   - labels: `[...]` of any integer type.
  ///   - ignoredLabel: Examples with this label do not count.
  public mutating func update(
    logits: Tensor, labels: Tensor, ignoredLabel: Int? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    update(
      predictions: logits.argMax(fileID: fileID, line: line), labels: labels, ignoredLabel: ignoredLabel,
      fileID: fileID, line: line)
  }

  /// Adds examples.
  ///
  /// - Parameters:
  ///   - predictions: The classes they were taken for, of any shape and integer type.
  ///   - labels: The right classes, of the same shape.
  ///   - ignoredLabel: Examples with this label do not count.
  public mutating func update(
    predictions: Tensor, labels: Tensor, ignoredLabel: Int? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let location = SourceLocation(fileID, line)
    guard predictions.shape == labels.shape, predictions.dtype.isInteger, labels.dtype.isInteger else {
      let message = "needs integer predictions and labels of one shape, got \(predictions.type) and \(labels.type)"
      _ = stop(GraphError("ConfusionMatrix", message), at: location)
      return
    }
    for (label, prediction) in zip(labels.integers, predictions.integers) where label != ignoredLabel {
      guard (0..<classCount).contains(label), (0..<classCount).contains(prediction) else {
        let message = "label \(label) or prediction \(prediction) is none of \(classCount) classes"
        _ = stop(GraphError("ConfusionMatrix", message), at: location)
        return
      }
      counts[label * classCount + prediction] += 1
    }
  }

  public mutating func merge(_ other: ConfusionMatrix) {
    precondition(classCount == other.classCount, "ConfusionMatrix: \(classCount) and \(other.classCount) classes")
    for index in counts.indices { counts[index] += other.counts[index] }
  }
  public mutating func reset() { self = ConfusionMatrix(classCount: classCount) }
}

extension ConfusionMatrix {
  /// What is known of one class.
  private struct Tally {
    var right = 0.0
    /// How many were taken for the class, and how many are of it.
    var found = 0.0
    var present = 0.0
    var occurs: Bool { found + present > 0 }
  }

  private var tallies: [Tally] {
    (0..<classCount).map { label in
      var tally = Tally(right: Double(counts[label * classCount + label]))
      for other in 0..<classCount {
        tally.found += Double(counts[other * classCount + label])
        tally.present += Double(counts[label * classCount + other])
      }
      return tally
    }
  }

  /// The share of examples that were taken for what they are; NaN without examples.
  public var accuracy: Double {
    Double((0..<classCount).reduce(0) { $0 + counts[$1 * classCount + $1] }) / Double(counts.reduce(0, +))
  }

  /// Of what was taken for a class, the share that is of it; 0 where nothing was.
  public func precision(_ average: ClassAverage) -> Double { averaged(average) { share($0.right, $0.found) } }
  /// Of what is of a class, the share that was taken for it; 0 where nothing is.
  public func recall(_ average: ClassAverage) -> Double { averaged(average) { share($0.right, $0.present) } }
  /// The harmonic mean of precision and recall, weighted by `beta`²; 0 where both are.
  public func f1(_ average: ClassAverage, beta: Double = 1) -> Double {
    averaged(average) { f1($0, beta) }
  }
  /// What is of a class and was taken for it, over what is or was.
  public func intersectionOverUnion(_ average: ClassAverage) -> Double {
    averaged(average) { share($0.right, $0.found + $0.present - $0.right) }
  }

  /// Of each class, 0 where there is nothing to divide by.
  public var precisions: [Double] { tallies.map { share($0.right, $0.found) } }
  /// Of each class, 0 where there is nothing to divide by.
  public var recalls: [Double] { tallies.map { share($0.right, $0.present) } }
  /// Of each class, 0 where there is nothing to divide by; the Dice coefficient of masks.
  public var f1Scores: [Double] { tallies.map { f1($0, 1) } }
  /// Of each class, 0 where there is nothing to divide by.
  public var intersectionsOverUnions: [Double] {
    tallies.map { share($0.right, $0.found + $0.present - $0.right) }
  }
  /// The mean of the classes that occur: the usual number for segmentation.
  public var meanIntersectionOverUnion: Double { intersectionOverUnion(.macro) }
  /// The mean of the classes that occur, of twice the intersection over both sizes.
  public var dice: Double { f1(.macro) }

  /// How much of the agreement is more than chance.
  ///
  /// - Note: Cohen, *Educ. Psychol. Meas.* 20 (1960).
  public var kappa: Double {
    let total = Double(counts.reduce(0, +))
    let chance = tallies.reduce(0) { $0 + $1.found * $1.present } / (total * total)
    return (accuracy - chance) / (1 - chance)
  }

  /// The correlation of predictions and labels; 0 where either is constant.
  ///
  /// - Note: Gorodkin, *Comput. Biol. Chem.* 28 (2004), for two classes Matthews'.
  public var matthewsCorrelation: Double {
    let total = Double(counts.reduce(0, +))
    let right = tallies.reduce(0) { $0 + $1.right }
    let product = tallies.reduce(0) { $0 + $1.found * $1.present }
    let found = total * total - tallies.reduce(0) { $0 + $1.found * $1.found }
    let present = total * total - tallies.reduce(0) { $0 + $1.present * $1.present }
    return share(right * total - product, (found * present).squareRoot())
  }

  private func averaged(_ average: ClassAverage, _ score: (Tally) -> Double) -> Double {
    let tallies = tallies.filter(\.occurs)
    switch average {
    case .micro:
      let sum = tallies.reduce(into: Tally()) { sum, tally in
        sum.right += tally.right
        sum.found += tally.found
        sum.present += tally.present
      }
      return score(sum)
    case .macro: return tallies.reduce(0) { $0 + score($1) } / Double(tallies.count)
    case .weighted:
      let total = tallies.reduce(0) { $0 + $1.present }
      return tallies.reduce(0) { $0 + score($1) * $1.present } / total
    }
  }

  private func share(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }

  private func f1(_ tally: Tally, _ beta: Double) -> Double {
    let square = beta * beta
    return share((1 + square) * tally.right, square * tally.present + tally.found)
  }
}
