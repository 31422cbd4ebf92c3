public import MartletData
public import MartletFormats

extension DigitImage {
  /// Any picture of one digit, brought into the layout of the training digits.
  ///
  /// Finds the ink (dark on light or light on dark, gray, color or transparent), crops to it, scales its longer side and
  /// centers it by mass. A picture of any size, resolution and margin gives nearly the same result.
  ///
  /// - Throws: ``DataError`` if the picture shows nothing.
  public init(normalizing image: Image) throws(DataError) {
    guard let map = InkMap(image) else { throw DataError("the picture shows no digit: its pixels are all alike") }
    var result = map.digit()
    // Coarse or blurred pictures have strokes with wide soft edges; what is below a rising level of ink is edge.
    var level: Float = 0.1
    while result.strokeWidth > DigitImage.largestStrokeWidth && level < 0.45 {
      result = map.raised(above: level).digit()
      level += 0.1
    }
    self = result
  }

  /// The stroke width that one in ten training digits exceeds, in pixels (of all 5,000).
  private static let largestStrokeWidth: Float = 2.3

  /// The ink of a stroke divided by its length: its edges, where the ink changes, are twice as long as itself.
  private var strokeWidth: Float {
    let side = DigitImage.side
    var change: Float = 0
    for y in 0..<(side - 1) {
      for x in 0..<(side - 1) {
        let here = pixels[y * side + x]
        let (down, right) = (pixels[(y + 1) * side + x] - here, pixels[y * side + x + 1] - here)
        change += (down * down + right * right).squareRoot()
      }
    }
    return change > 0 ? 2 * pixels.reduce(0, +) / change : 0
  }
}

extension InkMap {
  /// Only the ink above a level, stretched to the full range again.
  func raised(above level: Float) -> InkMap {
    var result = self
    result.ink = ink.map { max(0, $0 - level) / (1 - level) }
    return result
  }

  /// The ink in the layout of the training digits.
  func digit() -> DigitImage {
    let box = box
    let longer = Double(max(box.rows.count, box.columns.count))
    let step = longer / DigitImage.inkSide
    let mass = centerOfMass(in: box)
    let down = Resampling(from: box.rows, step: step, center: mass.y)
    let across = Resampling(from: box.columns, step: step, center: mass.x)
    let pixels = across.rows(of: down.columns(of: ink, width: width))
    // Thin strokes grow faint as they shrink; the training digits all reach full ink.
    let peak = pixels.max() ?? 0
    return DigitImage(pixels: peak > 0 ? pixels.map { $0 / peak } : pixels)
  }
}

extension InkMap {
  /// The center of mass of the ink in a box, in pixels from the edges of the picture.
  func centerOfMass(in box: (rows: ClosedRange<Int>, columns: ClosedRange<Int>)) -> (y: Double, x: Double) {
    var (total, sumY, sumX) = (0.0, 0.0, 0.0)
    for y in box.rows {
      for x in box.columns {
        let mass = Double(ink[y * width + x])
        total += mass
        sumY += mass * (Double(y) + 0.5)
        sumX += mass * (Double(x) + 0.5)
      }
    }
    return (sumY / total, sumX / total)
  }
}

/// Weighted sums that bring one axis of a picture to the size of a digit.
///
/// A triangle as wide as an output pixel, or as an input pixel where the picture grows: averages when it shrinks,
/// interpolates when it grows.
private struct Resampling {
  /// For each output pixel, the first input pixel it sees and the weights from there on.
  let taps: [(first: Int, weights: [Float])]

  /// - Parameters:
  ///   - range: Input pixels that count; all others are empty.
  ///   - step: Input pixels to an output pixel.
  ///   - center: The place of the input, in pixels from the edge, that goes to `DigitImage.center`.
  init(from range: ClosedRange<Int>, step: Double, center: Double) {
    let reach = max(1, step)
    taps = (0..<DigitImage.side).map { i in
      let place = (Double(i) + 0.5 - DigitImage.center) * step + center
      let first = max(range.lowerBound, Int((place - reach - 0.5).rounded(.up)))
      let last = min(range.upperBound, Int((place + reach - 0.5).rounded(.down)))
      guard first <= last else { return (range.lowerBound, []) }
      return (first, (first...last).map { Float(max(0, 1 - abs(Double($0) + 0.5 - place) / reach) / reach) })
    }
  }

  /// Resamples columns: `[height, width]` gives `[side, width]`.
  func columns(of pixels: [Float], width: Int) -> (pixels: [Float], width: Int) {
    var result = [Float](repeating: 0, count: taps.count * width)
    for (i, tap) in taps.enumerated() {
      for (k, weight) in tap.weights.enumerated() {
        let source = (tap.first + k) * width
        for x in 0..<width { result[i * width + x] += weight * pixels[source + x] }
      }
    }
    return (result, width)
  }

  /// Resamples rows: `[height, width]` gives `[height, side]`.
  func rows(of picture: (pixels: [Float], width: Int)) -> [Float] {
    let (pixels, width) = picture
    var result: [Float] = []
    result.reserveCapacity(pixels.count / max(width, 1) * taps.count)
    for start in stride(from: 0, to: pixels.count, by: width) {
      for tap in taps {
        var sum: Float = 0
        for (k, weight) in tap.weights.enumerated() { sum += weight * pixels[start + tap.first + k] }
        result.append(sum)
      }
    }
    return result
  }
}
