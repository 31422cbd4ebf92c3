import MartletGraph

/// How the pixels between those that are there are made up.
public enum Interpolation: Sendable, Hashable, CaseIterable {
  /// The pixel that covers the left end of the new one (PyTorch's `nearest`).
  case nearest
  /// The pixel that covers the middle of the new one (PyTorch's `nearest-exact`, OpenCV's and Pillow's `nearest`).
  case nearestExact
  /// A straight line between neighbors, along each axis in turn: bilinear, trilinear.
  case linear
  /// Keys's cubic through four neighbors, with *a* = -3/4 (-1/2 when antialiased).
  case cubic
  /// The mean of the pixels that the new one touches: adaptive average pooling.
  case area
}

/// Images in another size, interpolated along each spatial axis.
///
/// New pixels stand at (*i* + ½) · old / new - ½ of the old ones, or, when corners are aligned, at *i* (old - 1) /
/// (new - 1), so that first and last pixels fall together. Beyond the border its pixels are repeated.
///
/// - Parameters:
///   - x: `[batch, length, channels]`, `[batch, height, width, channels]` or with three spatial dimensions.
///   - sizes: The new spatial sizes.
///   - alignsCorners: For `linear` and `cubic` only.
///   - isAntialiased: Whether a smaller image averages over the pixels that fall together (`linear` and `cubic`), as
///     Pillow does; not together with aligned corners.
/// - Returns: The new spatial sizes between batch and channels.
/// - Precondition: A floating-point element type (any, for `nearest`); old and new sizes are at least 1.
/// - Note: Keys, *Cubic convolution interpolation for digital image processing*, IEEE Trans. ASSP 29 (1981).
public func resized(
  _ x: Tensor, to sizes: [Int], interpolation: Interpolation = .nearest, alignsCorners: Bool = false,
  isAntialiased: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("resized", fileID, line) { c in
    let count = x.rank - 2
    guard (1...3).contains(count), sizes.count == count else {
      throw mistake("\(sizes) does not name the spatial sizes of \(x.shape)")
    }
    guard sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 31 }), x.shape[1...count].allSatisfy({ $0 > 0 }) else {
      throw mistake("sizes are at least 1: \(Array(x.shape[1...count])) to \(sizes)")
    }
    let isSmooth = interpolation == .linear || interpolation == .cubic
    if alignsCorners && !isSmooth { throw mistake("corners are aligned for linear and cubic only") }
    if isAntialiased && (!isSmooth || alignsCorners) {
      throw mistake("antialiasing is for linear and cubic without aligned corners")
    }
    if interpolation == .nearest || interpolation == .nearestExact {
      return try c.resizing(x, sizes) { try c.nearest($0, $1, $2, isExact: interpolation == .nearestExact) }
    }
    try checkFloatingPoint(x)
    return try c.widened(x) { x in
      try c.resizing(x, sizes) { x, axis, size in
        let scale = AxisScale(old: x.shape[axis], new: size, alignsCorners: alignsCorners)
        if interpolation == .area { return try c.areas(x, axis, scale) }
        if isAntialiased { return try c.smoothed(x, axis, scale, interpolation) }
        return try c.weighted(x, axis, scale.taps(interpolation))
      }
    }
  }
}

/// Where the elements of a resized axis come from.
private struct AxisScale {
  let old: Int
  let new: Int
  let alignsCorners: Bool

  /// Old pixels for each new one.
  var ratio: Double {
    alignsCorners ? (new > 1 ? Double(old - 1) / Double(new - 1) : 0) : Double(old) / Double(new)
  }

  func source(_ i: Int) -> Double { alignsCorners ? Double(i) * ratio : (Double(i) + 0.5) * ratio - 0.5 }

  /// For each tap, the places it reads and the weights.
  func taps(_ interpolation: Interpolation) -> [(places: [Int], weights: [Double])] {
    let offsets = interpolation == .linear ? 0...1 : -1...2
    var result = offsets.map { _ in (places: [Int](), weights: [Double]()) }
    for i in 0..<new {
      let position = interpolation == .linear ? Swift.max(source(i), 0) : source(i)
      let floor = position.rounded(.down)
      for (tap, offset) in offsets.enumerated() {
        let distance = (position - floor - Double(offset)).magnitude
        let weight = interpolation == .linear ? 1 - distance : AxisScale.cubic(distance, -0.75)
        result[tap].places.append(Swift.min(Swift.max(Int(floor) + offset, 0), old - 1))
        result[tap].weights.append(weight)
      }
    }
    return result
  }

  /// Keys's kernel.
  static func cubic(_ x: Double, _ a: Double) -> Double {
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }

  /// `[new, old]` weights of a kernel that is stretched over the pixels that fall together, and cut off at the border.
  func smoothing(_ interpolation: Interpolation) -> [Double] {
    let stretch = Swift.max(ratio, 1)
    let radius = (interpolation == .linear ? 1 : 2) * stretch
    var weights = [Double](repeating: 0, count: new * old)
    for i in 0..<new {
      let center = (Double(i) + 0.5) * ratio
      let first = Swift.max(Int(center - radius + 0.5), 0)
      let last = Swift.min(Int(center + radius + 0.5), old)
      let row = (first..<last).map { j -> Double in
        let distance = ((Double(j) - center + 0.5) / stretch).magnitude
        return interpolation == .linear ? Swift.max(1 - distance, 0) : AxisScale.cubic(distance, -0.5)
      }
      let sum = row.reduce(0, +)
      for (j, weight) in zip(first..<last, row) { weights[i * old + j] = weight / sum }
    }
    return weights
  }

  /// `[new, old]` weights of the means of the pixels that each new one touches.
  var areas: [Double] {
    var weights = [Double](repeating: 0, count: new * old)
    for i in 0..<new {
      let (first, last) = (i * old / new, ((i + 1) * old + new - 1) / new)
      for j in first..<last { weights[i * old + j] = 1 / Double(last - first) }
    }
    return weights
  }
}

extension Composition {
  /// Resizes one axis after the other, those first that shrink most.
  fileprivate func resizing(
    _ x: Tensor, _ sizes: [Int], _ axis: (Tensor, Int, Int) throws -> Tensor
  ) throws -> Tensor {
    let order = sizes.indices.sorted { sizes[$0] * x.shape[$1 + 1] < sizes[$1] * x.shape[$0 + 1] }
    return try order.reduce(x) { result, i in
      sizes[i] == result.shape[i + 1] ? result : try axis(result, i + 1, sizes[i])
    }
  }

  fileprivate func nearest(_ x: Tensor, _ axis: Int, _ size: Int, isExact: Bool) throws(GraphError) -> Tensor {
    let old = x.shape[axis]
    if size % old == 0 && x.rank < Shape.maximumRank {
      // Each pixel several times in its place.
      var shape = Array(x.shape)
      shape.insert(size / old, at: axis + 1)
      let repeated = try broadcast(expand(x, [axis + 1]), checkedShape(shape))
      shape.remove(at: axis + 1)
      shape[axis] = size
      return try reshape(repeated, shape)
    }
    let places = (0..<size).map { i in
      isExact ? Swift.min((2 * i + 1) * old / (2 * size), old - 1) : i * old / size
    }
    return try self(Gather(.axis(axis)), x, Tensor(places))
  }

  /// The sum of what each tap reads, times its weight.
  fileprivate func weighted(
    _ x: Tensor, _ axis: Int, _ taps: [(places: [Int], weights: [Double])]
  ) throws(GraphError) -> Tensor {
    var sum: Tensor?
    for tap in taps {
      let weights = try expand(cast(Tensor(tap.weights), x.dtype), 1..<(x.rank - axis))
      let term = try binary(.multiply, self(Gather(.axis(axis)), x, Tensor(tap.places)), weights)
      sum = try sum.map { known throws(GraphError) in try binary(.add, known, term) } ?? term
    }
    return sum!
  }

  fileprivate func areas(_ x: Tensor, _ axis: Int, _ scale: AxisScale) throws(GraphError) -> Tensor {
    if scale.old % scale.new == 0 && x.rank < Shape.maximumRank {
      var shape = Array(x.shape)
      shape[axis] = scale.new
      shape.insert(scale.old / scale.new, at: axis + 1)
      return try mean(reshape(x, shape), [axis + 1])
    }
    return try multiplied(x, axis, scale, scale.areas)
  }

  fileprivate func smoothed(
    _ x: Tensor, _ axis: Int, _ scale: AxisScale, _ interpolation: Interpolation
  ) throws(GraphError) -> Tensor {
    try multiplied(x, axis, scale, scale.smoothing(interpolation))
  }

  /// An axis replaced by its product with a matrix `[new, old]`.
  private func multiplied(
    _ x: Tensor, _ axis: Int, _ scale: AxisScale, _ weights: [Double]
  ) throws(GraphError) -> Tensor {
    let matrix = try cast(Tensor(weights, shape: [scale.new, scale.old]), x.dtype)
    let product = try contract(matrix, x, [1], [axis])
    var order = Array(1..<x.rank)
    order.insert(0, at: axis)
    return try transpose(product, order)
  }
}
