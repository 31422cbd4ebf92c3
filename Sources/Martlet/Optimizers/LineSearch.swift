/// What a line search knows of one length.
struct SearchPoint {
  /// How far along the direction.
  var length: Double
  var loss: Double
  /// The gradient.
  var slope: Tensor
  /// The derivative along the direction.
  var rise: Double
}

/// A search for a length that satisfies the strong Wolfe conditions: first a bracket, then ever smaller ones.
///
/// - Note: Nocedal and Wright, *Numerical optimization*, algorithms 3.5 and 3.6, with the safeguards of Schmidt's
///   minFunc (2005), so that it takes the same lengths as PyTorch's.
struct StrongWolfe {
  private let start: SearchPoint
  private let largestElement, tolerance: Double
  private let limit: Int
  private(set) var evaluations = 0
  private var turns = 0
  private let sufficientDecrease = 1e-4
  private let sufficientFlattening = 0.9

  /// - Parameters:
  ///   - start: At length 0.
  ///   - largestElement: The direction's largest magnitude.
  ///   - limit: The most turns.
  init(from start: SearchPoint, largestElement: Double, tolerance: Double, limit: Int) {
    (self.start, self.largestElement, self.tolerance, self.limit) = (start, largestElement, tolerance, limit)
  }

  mutating func search(
    firstLength: Double, _ evaluate: (Double) throws -> SearchPoint
  ) rethrows -> SearchPoint {
    var previous = start
    previous.length = 0
    var here = try evaluate(firstLength)
    evaluations = 1
    while turns < limit {
      if isTooHigh(here) || (turns > 1 && here.loss >= previous.loss) {
        return try narrow(previous, here, evaluate)
      }
      if isFlat(here) { return here }
      if here.rise >= 0 { return try narrow(previous, here, evaluate) }
      let nearest = here.length + 0.01 * (here.length - previous.length)
      let length = cubicMinimum(previous, here, nearest, here.length * 10)
      previous = here
      here = try evaluate(length)
      evaluations += 1
      turns += 1
    }
    return start.loss <= here.loss ? previousStart : here
  }

  private var previousStart: SearchPoint {
    var point = start
    point.length = 0
    return point
  }

  private func isTooHigh(_ point: SearchPoint) -> Bool {
    point.loss > start.loss + sufficientDecrease * point.length * start.rise
  }

  private func isFlat(_ point: SearchPoint) -> Bool { abs(point.rise) <= -sufficientFlattening * start.rise }

  /// Shrinks a bracket until a point in it will do; gives its lower end.
  private mutating func narrow(
    _ first: SearchPoint, _ second: SearchPoint, _ evaluate: (Double) throws -> SearchPoint
  ) rethrows -> SearchPoint {
    var (low, high) = first.loss <= second.loss ? (first, second) : (second, first)
    // The cubic is the same whichever end comes first, but for rounding.
    var isLowFirst = first.loss <= second.loss
    var wasSlow = false
    while turns < limit {
      if abs(high.length - low.length) * largestElement < tolerance { break }
      let (a, b) = isLowFirst ? (low, high) : (high, low)
      let (least, most) = (min(a.length, b.length), max(a.length, b.length))
      var length = cubicMinimum(a, b, least, most)
      // Too near an end, twice or exactly there: a tenth of the bracket away from it instead.
      let margin = 0.1 * (most - least)
      if min(most - length, length - least) < margin {
        if wasSlow || length >= most || length <= least {
          length = abs(length - most) < abs(length - least) ? most - margin : least + margin
          wasSlow = false
        } else {
          wasSlow = true
        }
      } else {
        wasSlow = false
      }
      let here = try evaluate(length)
      evaluations += 1
      turns += 1
      if isTooHigh(here) || here.loss >= low.loss {
        high = here
        // The new end takes the high end's place; whichever is lower now is the low end.
        let ends = isLowFirst ? (low, high) : (high, low)
        isLowFirst = ends.0.loss <= ends.1.loss
        (low, high) = isLowFirst ? ends : (ends.1, ends.0)
      } else {
        if isFlat(here) { return here }
        if here.rise * (high.length - low.length) >= 0 { high = low }
        low = here
      }
    }
    return low
  }
}

/// Where the cubic through two points with their slopes is lowest, kept between two lengths.
private func cubicMinimum(_ first: SearchPoint, _ second: SearchPoint, _ least: Double, _ most: Double) -> Double {
  let (a, b) = first.length <= second.length ? (first, second) : (second, first)
  let mean = first.rise + second.rise - 3 * (first.loss - second.loss) / (first.length - second.length)
  let square = mean * mean - first.rise * second.rise
  if !(square >= 0) { return (least + most) / 2 }
  let root = square.squareRoot()
  let position = b.length - (b.length - a.length) * ((b.rise + root - mean) / (b.rise - a.rise + 2 * root))
  // As PyTorch compares: what is not a number falls to the lower bound.
  let raised = position < least ? least : position
  return raised > most ? most : raised
}
