import MartletGraph

/// What lies beyond the border of an image that is sampled there.
public enum SamplingBorder: Sendable, Hashable, CaseIterable {
  case zeros
  /// The pixel at the border.
  case edge
  /// The image as mirrors at the border show it.
  case reflect
}

/// How an image is sampled between its pixels.
public enum SamplingMode: Sendable, Hashable, CaseIterable {
  case nearest, linear
  /// Two spatial dimensions only.
  case cubic
}

/// The coordinates that an affine map of each image looks at, for ``gridSample(_:at:mode:border:alignsCorners:fileID:line:)``.
///
/// - Parameters:
///   - maps: `[batch, n, n + 1]`: matrices that take a point (*x*, *y*, 1) of the new image to a point of the old one,
///     both from -1 to 1.
///   - sizes: The *n* spatial sizes of the new image, height before width.
///   - alignsCorners: Whether -1 and 1 are the middles of the outermost pixels or their outer edges.
/// - Returns: `[batch, sizes..., n]`, *x* first.
/// - Note: Jaderberg et al., *Spatial Transformer Networks*, NeurIPS 2015.
public func affineGrid(
  _ maps: Tensor, sizes: [Int], alignsCorners: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("affineGrid", fileID, line) { c in
    let n = sizes.count
    guard maps.rank == 3, maps.shape[1] == n, maps.shape[2] == n + 1 else {
      throw mistake("\(maps.shape) does not hold maps of \(n) dimensions, [batch, \(n), \(n + 1)]")
    }
    try checkFloatingPoint(maps)
    let shape = try checkedSizes(sizes + [1])
    var columns: [Tensor] = []
    for axis in (0..<n).reversed() {
      let size = Double(sizes[axis])
      let start = alignsCorners ? (sizes[axis] > 1 ? -1 : 0) : 1 / size - 1
      let step = alignsCorners ? (sizes[axis] > 1 ? 2 / (size - 1) : 0) : 2 / size
      let line = try c.cast(c.line(from: start, step: step, count: sizes[axis], .float64), maps.dtype)
      columns.append(try c.broadcast(c.expand(line, 1..<(n + 1 - axis)), shape))
    }
    columns.append(try c.full(1, TensorType(maps.dtype, shape)))
    let points = try c.reshape(c.concatenate(columns, axis: n), [sizes.reduce(1, *), n + 1])
    // [points, n + 1] × [batch, n, n + 1] over the last.
    let grid = try c.contract(maps, points, [2], [1])
    return try c.reshape(c.transpose(grid, [0, 2, 1]), [maps.shape[0]] + sizes + [n])
  }
}

/// Images sampled at points: the pixel at each point is interpolated from its neighbors.
///
/// Differentiable by the images, and by the points except for `nearest`.
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`, or with three spatial dimensions.
///   - points: `[batch, ..., n]` for *n* spatial dimensions: the last dimension is (*x*, *y*) or (*x*, *y*, *z*), each
///     from -1 to 1 over the image.
///   - alignsCorners: Whether -1 and 1 are the middles of the outermost pixels or their outer edges.
/// - Returns: `[batch, ..., channels]`.
public func gridSample(
  _ x: Tensor, at points: Tensor, mode: SamplingMode = .linear, border: SamplingBorder = .zeros,
  alignsCorners: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("gridSample", fileID, line) { c in
    let n = x.rank - 2
    guard (1...3).contains(n), points.rank >= 2, points.shape[points.rank - 1] == n, points.shape[0] == x.shape[0]
    else {
      throw mistake("points \(points.shape) do not fit images \(x.shape)")
    }
    guard x.shape[1...n].allSatisfy({ $0 > 0 }) else { throw mistake("\(x.shape) has no pixels") }
    if mode == .cubic && n != 2 { throw mistake("cubic sampling has two spatial dimensions, not \(n)") }
    try checkFloatingPoint(x)
    if points.dtype != x.dtype { throw mistake("images are \(x.dtype), points \(points.dtype); cast one of them") }
    return try c.widened(x) { image in
      let wide = try c.cast(points, image.dtype)
      let sampler = GridSampler(c: c, image: image, border: border, alignsCorners: alignsCorners)
      // From the last coordinate to the first: height comes before width in memory.
      let positions = try (0..<n).map { axis in
        try sampler.pixels(c.slice(wide, (n - 1 - axis)..<(n - axis), axis: wide.rank - 1), axis)
      }
      return try mode == .cubic ? sampler.cubic(positions) : sampler.corners(positions, isNearest: mode == .nearest)
    }
  }
}

private struct GridSampler {
  let c: Composition
  let image: Tensor
  let border: SamplingBorder
  let alignsCorners: Bool

  private func size(_ axis: Int) -> Double { Double(image.shape[axis + 1]) }

  /// A coordinate from -1 to 1 in pixels, before the border is minded.
  func pixels(_ coordinate: Tensor, _ axis: Int) throws(GraphError) -> Tensor {
    let half = alignsCorners ? (size(axis) - 1) / 2 : size(axis) / 2
    return try c.binary(
      .add, c.binary(.multiply, coordinate, half), alignsCorners ? half : half - 0.5)
  }

  /// A position brought inside the image, unless there are zeros outside.
  private func inside(_ position: Tensor, _ axis: Int) throws(GraphError) -> Tensor {
    let last = size(axis) - 1
    switch border {
    case .zeros: return position
    case .edge: return try c.clip(position, 0, last)
    case .reflect:
      let (low, span) = alignsCorners ? (0, last) : (-0.5, size(axis))
      if span == 0 { return try c.clip(position, 0, 0) }
      // How far from the lower mirror, there and back again in two spans.
      let distance = try c.unary(.abs, c.binary(.subtract, position, low))
      let turn = try c.binary(.modulo, distance, 2 * span)
      let folded = try c.select(
        c.compare(.greater, turn, span), c.binary(.subtract, 2 * span, turn), turn)
      return try c.clip(c.binary(.add, folded, low), 0, last)
    }
  }

  /// The pixels at whole positions `[batch, ..., 1]`, one an axis; 0 outside the image.
  private func pixel(_ places: [Tensor]) throws(GraphError) -> Tensor {
    var indices: [Tensor] = []
    var isInside: Tensor?
    for (axis, place) in places.enumerated() {
      let clipped = try c.clip(place, 0, size(axis) - 1)
      indices.append(try c.cast(clipped, .int64))
      if border != .zeros { continue }
      let own = try c.compare(.equal, clipped, place)
      isInside = try isInside.map { known throws(GraphError) in try c(Binary(.and), known, own) } ?? own
    }
    let points = try c.concatenate(indices, axis: indices[0].rank - 1)
    let taken = try c(Gather(.points(batch: 1)), image, points)
    guard let isInside else { return taken }
    return try c.select(isInside, taken, 0)
  }

  /// The corners of the cell around each position, by their share; or the nearest of them.
  func corners(_ positions: [Tensor], isNearest: Bool) throws(GraphError) -> Tensor {
    var inner: [Tensor] = []
    for (axis, position) in positions.enumerated() { inner.append(try inside(position, axis)) }
    if isNearest {
      var places: [Tensor] = []
      for position in inner { places.append(try c.unary(.round, position)) }
      return try pixel(places)
    }
    var floors: [Tensor] = []
    var shares: [Tensor] = []
    for position in inner {
      floors.append(try c.unary(.floor, position))
      shares.append(try c.binary(.subtract, position, floors[floors.count - 1]))
    }
    var sum: Tensor?
    for corner in 0..<(1 << positions.count) {
      var places: [Tensor] = []
      var weight: Tensor?
      for axis in positions.indices {
        let isHigh = corner >> axis & 1 == 1
        places.append(isHigh ? try c.binary(.add, floors[axis], 1) : floors[axis])
        let share = isHigh ? shares[axis] : try c.binary(.subtract, 1, shares[axis])
        weight = try weight.map { known throws(GraphError) in try c.binary(.multiply, known, share) } ?? share
      }
      let term = try c.binary(.multiply, pixel(places), weight!)
      sum = try sum.map { known throws(GraphError) in try c.binary(.add, known, term) } ?? term
    }
    return sum!
  }

  /// Keys's cubic over four by four pixels, each of which minds the border by itself.
  func cubic(_ positions: [Tensor]) throws(GraphError) -> Tensor {
    var sum: Tensor?
    let rows = try taps(positions[0], 0)
    let columns = try taps(positions[1], 1)
    for row in rows {
      for column in columns {
        let weight = try c.binary(.multiply, row.weight, column.weight)
        let term = try c.binary(.multiply, pixel([row.place, column.place]), weight)
        sum = try sum.map { known throws(GraphError) in try c.binary(.add, known, term) } ?? term
      }
    }
    return sum!
  }

  private func taps(_ position: Tensor, _ axis: Int) throws(GraphError) -> [(place: Tensor, weight: Tensor)] {
    let floor = try c.unary(.floor, position)
    let share = try c.binary(.subtract, position, floor)
    var result: [(place: Tensor, weight: Tensor)] = []
    for offset in -1...2 {
      let distance = try c.unary(.abs, c.binary(.subtract, share, Double(offset)))
      let place = try inside(c.binary(.add, floor, Double(offset)), axis)
      result.append((place, try weight(distance, isNear: offset == 0 || offset == 1)))
    }
    return result
  }

  private func weight(_ x: Tensor, isNear: Bool) throws(GraphError) -> Tensor {
    let a = -0.75
    let coefficients = isNear ? [a + 2, -(a + 3), 0, 1] : [a, -5 * a, 8 * a, -4 * a]
    var result = try c.full(coefficients[0], x.type)
    for coefficient in coefficients.dropFirst() {
      result = try c.binary(.add, c.binary(.multiply, result, x), coefficient)
    }
    return result
  }
}
