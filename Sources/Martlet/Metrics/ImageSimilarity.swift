import MartletGraph

/// How near images are to others: the mean of the peak signal-to-noise ratio and of structural similarity.
public struct ImageSimilarity: Metric {
  /// The largest value that an image can hold, over the least.
  public let range: Double
  private var squared = 0.0
  private var elementCount = 0.0
  private var similarity = 0.0
  private var imageCount = 0.0

  /// - Parameter range: 1 for images in 0...1, 255 for bytes.
  public init(range: Double = 1) { self.range = range }

  /// Adds images `[batch, height, width, channels]`, at least 11 high and wide.
  public mutating func update(
    images: Tensor, targets: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let (a, b) = (images.cast(to: .float64), targets.cast(to: .float64))
    let each = structuralSimilarity(a, b, range: range, fileID: fileID, line: line)
    if images.shape != targets.shape || images.rank != 4 { return }
    squared += ((a - b) * (a - b)).sum().scalar
    elementCount += Double(images.elementCount)
    similarity += each.sum().scalar
    imageCount += Double(images.shape[0])
  }

  /// 10 log₁₀(range² / mean squared error), over all images together, in decibels.
  public var peakSignalToNoiseRatio: Double {
    10 * logarithm(of: range * range / (squared / elementCount)) / 2.302585092994046
  }
  /// The mean of ``structuralSimilarity(_:_:range:deviation:size:fileID:line:)``.
  public var structuralSimilarity: Double { similarity / imageCount }

  private func structuralSimilarity(
    _ a: Tensor, _ b: Tensor, range: Double, fileID: StaticString, line: UInt
  ) -> Tensor { Martlet.structuralSimilarity(a, b, range: range, fileID: fileID, line: line) }

  public mutating func merge(_ other: ImageSimilarity) {
    squared += other.squared
    elementCount += other.elementCount
    similarity += other.similarity
    imageCount += other.imageCount
  }
  public mutating func reset() { self = ImageSimilarity(range: range) }
}

/// How alike images are in brightness, contrast and structure, in windows under a normal curve; 1 for equal ones.
///
/// Only windows that lie inside the images count. It has a derivative: one minus it is a loss.
///
/// - Parameters:
///   - a: `[batch, height, width, channels]`, floating-point.
///   - b: The same shape.
///   - range: The largest value that an image can hold, over the least.
///   - deviation: Of the normal curve, in pixels.
///   - size: Of the windows.
/// - Returns: `[batch]`.
/// - Note: Wang, Bovik, Sheikh and Simoncelli, *Image quality assessment*, IEEE Trans. Image Process. 13 (2004).
public func structuralSimilarity(
  _ a: Tensor, _ b: Tensor, range: Double = 1, deviation: Double = 1.5, size: Int = 11,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard a.rank == 4, a.shape == b.shape, a.dtype.isFloatingPoint, size > 0, a.shape[1] >= size, a.shape[2] >= size,
    deviation > 0
  else {
    let message =
      "needs images [batch, height, width, channels] of one shape, at least \(size) high and wide, and a deviation "
      + "above 0, got \(a.type), \(b.type) and \(deviation)"
    return Tensor(storage: stop(GraphError("structuralSimilarity", message), at: SourceLocation(fileID, line)))
  }
  let window = Tensor.range(0..<size, dtype: .float64) - Double(size - 1) / 2
  let curve = exp(window * window * (-0.5 / (deviation * deviation)))
  let weights = (curve / curve.sum()).cast(to: a.dtype)
  let channels = a.shape[3]
  func smoothed(_ x: Tensor) -> Tensor {
    let rows = weights.reshaped(to: [size, 1, 1, 1]).broadcast(to: [size, 1, 1, channels])
    let columns = weights.reshaped(to: [1, size, 1, 1]).broadcast(to: [1, size, 1, channels])
    return conv2D(conv2D(x, rows, groups: channels), columns, groups: channels)
  }
  let (meanA, meanB) = (smoothed(a), smoothed(b))
  let varianceA = smoothed(a * a) - meanA * meanA
  let varianceB = smoothed(b * b) - meanB * meanB
  let covariance = smoothed(a * b) - meanA * meanB
  let (first, second) = (0.0001 * range * range, 0.0009 * range * range)
  let likeness =
    (meanA * meanB * 2 + first) * (covariance * 2 + second)
    / ((meanA * meanA + meanB * meanB + first) * (varianceA + varianceB + second))
  return likeness.mean(axes: [1, 2, 3])
}
