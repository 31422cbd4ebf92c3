import MartletFormats

/// How much ink each pixel of a picture holds, from 0 to 1: ink is what differs from the ground.
///
/// Dark on light and light on dark give the same map, and so do gray, color and transparent pictures.
struct InkMap {
  let height, width: Int
  var ink: [Float]

  /// - Returns: nil if nothing stands out from the ground.
  init?(_ image: Image) {
    (height, width) = (image.height, image.width)
    let gray = InkMap.luminance(image)
    guard height > 0, width > 0 else { return nil }
    let ground = InkMap.ground(gray, height: height, width: width)
    ink = gray.map { $0 - ground }
    let (above, below) = ink.reduce(into: (Float(0), Float(0))) { sums, x in
      if x > 0 { sums.0 += x * x } else { sums.1 += x * x }
    }
    let sign: Float = above >= below ? 1 : -1
    ink = ink.map { max(0, $0 * sign) }
    // Less than a fortieth of the range is noise, not ink.
    guard let peak = ink.max(), peak > 0.025 else { return nil }
    let full = InkMap.inkLevel(ink, peak: peak)
    ink = ink.map { min(1, $0 / full) }
    removeSpecks()
  }

  /// Gray from 0 to 1; what is transparent takes the side that its visible pixels are not on.
  private static func luminance(_ image: Image) -> [Float] {
    let gray = image.converted(toChannels: 1).pixels.map { Float($0) / 255 }
    guard image.channels == 4 else { return gray }
    let opacity = gray.indices.map { Float(image.pixels[$0 * 4 + 3]) / 255 }
    let covered = opacity.reduce(0, +)
    let mean = covered > 0 ? zip(gray, opacity).reduce(0) { $0 + $1.0 * $1.1 } / covered : 1
    let behind: Float = mean < 0.5 ? 1 : 0
    return zip(gray, opacity).map { $0 * $1 + behind * (1 - $1) }
  }

  /// The median of the outermost pixels: paper, or the dark around light ink.
  private static func ground(_ gray: [Float], height: Int, width: Int) -> Float {
    var frame: [Float] = []
    for y in 0..<height {
      for x in 0..<width where y == 0 || x == 0 || y == height - 1 || x == width - 1 {
        frame.append(gray[y * width + x])
      }
    }
    // The mean of both middle ones, so that an inverted picture has the inverted ground.
    frame.sort()
    return (frame[frame.count / 2] + frame[(frame.count - 1) / 2]) / 2
  }

  /// The ink of a full stroke: the median of what is above half the peak, so that a glint does not set the scale.
  private static func inkLevel(_ ink: [Float], peak: Float) -> Float {
    let strong = ink.filter { $0 > peak / 2 }.sorted()
    return strong[strong.count / 2]
  }
}

extension InkMap {
  /// Ink above this belongs to a stroke.
  static let threshold: Float = 0.25

  /// The box around all strokes.
  var box: (rows: ClosedRange<Int>, columns: ClosedRange<Int>) {
    var (top, bottom, left, right) = (height, 0, width, 0)
    for y in 0..<height {
      for x in 0..<width where ink[y * width + x] > InkMap.threshold {
        (top, bottom, left, right) = (min(top, y), max(bottom, y), min(left, x), max(right, x))
      }
    }
    return (top...bottom, left...right)
  }

  /// Removes dust: pieces with less than a fortieth of the ink.
  private mutating func removeSpecks() {
    let (pieces, masses) = connectedPieces()
    let limit = masses.reduce(0, +) / 40
    for i in ink.indices {
      if pieces[i] == 0 {
        // The soft edge of a stroke stays with it; what touches none goes.
        if !touchesPiece(i, pieces, masses, limit) { ink[i] = 0 }
      } else if masses[pieces[i] - 1] < limit {
        ink[i] = 0
      }
    }
  }

  /// The number of the piece that each pixel belongs to (0 for none), and the ink of every piece.
  private func connectedPieces() -> (pieces: [Int], masses: [Float]) {
    var pieces = [Int](repeating: 0, count: ink.count)
    var masses: [Float] = []
    var open: [Int] = []
    for start in ink.indices where pieces[start] == 0 && ink[start] > InkMap.threshold {
      masses.append(0)
      pieces[start] = masses.count
      open.append(start)
      while let i = open.popLast() {
        masses[masses.count - 1] += ink[i]
        forEachNeighbor(of: i) { j in
          guard pieces[j] == 0, ink[j] > InkMap.threshold else { return }
          pieces[j] = masses.count
          open.append(j)
        }
      }
    }
    return (pieces, masses)
  }

  private func touchesPiece(_ i: Int, _ pieces: [Int], _ masses: [Float], _ limit: Float) -> Bool {
    var isTouching = false
    if ink[i] > 0 {
      forEachNeighbor(of: i) { isTouching = isTouching || (pieces[$0] > 0 && masses[pieces[$0] - 1] >= limit) }
    }
    return isTouching
  }

  /// Calls `body` with each of the up to eight pixels around one.
  @inline(__always)
  private func forEachNeighbor(of i: Int, _ body: (Int) -> Void) {
    let (y, x) = (i / width, i % width)
    for v in max(0, y - 1)...min(height - 1, y + 1) {
      for u in max(0, x - 1)...min(width - 1, x + 1) where v != y || u != x { body(v * width + u) }
    }
  }
}
