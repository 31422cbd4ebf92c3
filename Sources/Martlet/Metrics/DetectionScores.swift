import MartletGraph

/// Boxes found in images against those that are there, as the COCO benchmark scores them.
///
/// Of each class, from the most certain box down, a box is right if it overlaps one that is there, and not yet found, by
/// a threshold; the precision, made never to rise with the recall, is read at 101 recalls.
///
/// - Note: Lin et al., *Microsoft COCO: common objects in context*, ECCV 2014, and its evaluation code's rules.
public struct DetectionScores: Metric {
  /// A box: left, top, right, bottom.
  public struct Box: Sendable, Hashable, Codable {
    public var left, top, right, bottom: Double

    public init(left: Double, top: Double, right: Double, bottom: Double) {
      (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }

    var area: Double { (right - left) * (bottom - top) }

    func overlap(_ other: Box) -> Double {
      let width = Swift.max(Swift.min(right, other.right) - Swift.max(left, other.left), 0)
      let height = Swift.max(Swift.min(bottom, other.bottom) - Swift.max(top, other.top), 0)
      return width * height / (area + other.area - width * height)
    }
  }

  private struct Found: Sendable, Codable {
    var box: Box
    var score: Double
    var label: Int
  }

  private struct Image: Sendable, Codable {
    var found: [Found]
    var there: [Box]
    var labels: [Int]
  }

  private var images: [Image] = []

  public init() {}

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - boxes: Found, `[n, 4]`: left, top, right, bottom.
  ///   - scores: How certain each is, `[n]`.
  ///   - labels: The class of each, `[n]` of any integer type.
  ///   - targetBoxes: What is there, `[m, 4]`.
  ///   - targetLabels: The class of each, `[m]`.
  public mutating func update(
    boxes: Tensor, scores: Tensor, labels: Tensor, targetBoxes: Tensor, targetLabels: Tensor,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let count = scores.elementCount
    guard boxes.shape == [count, 4], scores.shape == [count], labels.shape == [count], labels.dtype.isInteger,
      targetBoxes.shape == [targetLabels.elementCount, 4], targetLabels.rank == 1, targetLabels.dtype.isInteger
    else {
      let message =
        "needs boxes [n, 4], scores [n], labels [n], target boxes [m, 4] and labels [m], got \(boxes.type), "
        + "\(scores.type), \(labels.type), \(targetBoxes.type) and \(targetLabels.type)"
      _ = stop(GraphError("DetectionScores", message), at: SourceLocation(fileID, line))
      return
    }
    let found = zip(Self.boxes(boxes), zip(scores.reals, labels.integers))
    images.append(
      Image(
        found: found.map { Found(box: $0, score: $1.0, label: $1.1) }, there: Self.boxes(targetBoxes),
        labels: targetLabels.integers))
  }

  private static func boxes(_ tensor: Tensor) -> [Box] {
    let numbers = tensor.reals
    return stride(from: 0, to: numbers.count, by: 4).map {
      Box(left: numbers[$0], top: numbers[$0 + 1], right: numbers[$0 + 2], bottom: numbers[$0 + 3])
    }
  }

  public mutating func merge(_ other: DetectionScores) { images += other.images }
  public mutating func reset() { images = [] }
}

extension DetectionScores {
  /// The thresholds 0.5, 0.55, …, 0.95.
  public static let thresholds = (0..<10).map { 0.5 + 0.05 * Double($0) }

  /// Sizes of boxes that count, by their area in pixels.
  public enum Area: Sendable, Hashable, CaseIterable {
    case all, small, medium, large

    var range: Range<Double> {
      switch self {
      case .all: 0..<1e10
      case .small: 0..<1024
      case .medium: 1024..<9216
      case .large: 9216..<1e10
      }
    }
  }

  /// The mean average precision over classes and thresholds; NaN where nothing is there.
  ///
  /// - Parameters:
  ///   - thresholds: Overlaps that make a box right: `[0.5]` gives AP50.
  ///   - area: Boxes of other sizes do not count, neither for nor against.
  ///   - limit: The most certain boxes of an image and class that count.
  public func averagePrecision(
    thresholds: [Double] = thresholds, area: Area = .all, limit: Int = 100
  ) -> Double {
    mean(thresholds, area, limit) { $0.precisionMean }
  }

  /// The mean over classes and thresholds of the share of boxes that was found.
  public func averageRecall(
    thresholds: [Double] = thresholds, area: Area = .all, limit: Int = 100
  ) -> Double {
    mean(thresholds, area, limit) { $0.recall }
  }

  private func mean(_ thresholds: [Double], _ area: Area, _ limit: Int, _ score: (Curve) -> Double) -> Double {
    let classes = Set(images.flatMap { $0.labels + $0.found.map(\.label) }).sorted()
    let values = classes.flatMap { label in
      thresholds.compactMap { curve(label, $0, area.range, limit).map(score) }
    }
    return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// Right and wrong boxes of a class from the most certain down; nil where none is there.
  private func curve(_ label: Int, _ threshold: Double, _ area: Range<Double>, _ limit: Int) -> Curve? {
    var outcomes: [(score: Double, isRight: Bool)] = []
    var present = 0
    for image in images {
      let there = zip(image.there, image.labels).filter { $0.1 == label }.map(\.0)
      present += there.filter { counts($0, area) }.count
      outcomes += matched(image.found.filter { $0.label == label }, there, threshold, area, limit)
    }
    if present == 0 { return nil }
    let order = outcomes.enumerated().sorted {
      $0.element.score != $1.element.score ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }
    return Curve(order.map(\.element.isRight), present: present)
  }

  private func counts(_ box: Box, _ area: Range<Double>) -> Bool {
    box.area >= area.lowerBound && box.area <= area.upperBound
  }

  /// The boxes of one image and class that count, and whether each is right.
  private func matched(
    _ found: [Found], _ there: [Box], _ threshold: Double, _ area: Range<Double>, _ limit: Int
  ) -> [(score: Double, isRight: Bool)] {
    let order = found.enumerated().sorted {
      $0.element.score != $1.element.score ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }
    // Boxes of the right size first: one of another size is taken only where none of these will do.
    let targets = there.filter { counts($0, area) } + there.filter { !counts($0, area) }
    let counted = there.filter { counts($0, area) }.count
    var isTaken = Array(repeating: false, count: targets.count)
    var outcomes: [(score: Double, isRight: Bool)] = []
    for (_, box) in order.prefix(limit) {
      var best: Int?
      var overlap = Swift.min(threshold, 1 - 1e-10)
      for (index, target) in targets.enumerated() where !isTaken[index] {
        if let best, best < counted, index >= counted { break }
        let own = box.box.overlap(target)
        if own >= overlap { (best, overlap) = (index, own) }
      }
      if let best {
        isTaken[best] = true
        if best < counted { outcomes.append((box.score, true)) }
      } else if counts(box.box, area) {
        outcomes.append((box.score, false))
      }
    }
    return outcomes
  }
}

/// A precision–recall curve.
private struct Curve {
  /// The mean of the precisions at recalls of 0, 0.01, …, 1.
  let precisionMean: Double
  /// The largest recall.
  let recall: Double

  init(_ isRight: [Bool], present: Int) {
    var precisions: [Double] = []
    var recalls: [Double] = []
    var right = 0
    for (index, value) in isRight.enumerated() {
      if value { right += 1 }
      precisions.append(Double(right) / Double(index + 1))
      recalls.append(Double(right) / Double(present))
    }
    for index in precisions.indices.dropLast().reversed() {
      precisions[index] = Swift.max(precisions[index], precisions[index + 1])
    }
    recall = recalls.last ?? 0
    var sum = 0.0
    var index = 0
    for step in 0...100 {
      while index < recalls.count && recalls[index] < Double(step) * 0.01 { index += 1 }
      if index < recalls.count { sum += precisions[index] }
    }
    precisionMean = sum / 101
  }
}
