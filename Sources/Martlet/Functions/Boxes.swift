import MartletGraph

// Rectangles in images, as (x₁, y₁, x₂, y₂) in the last dimension unless said otherwise.

/// The areas of rectangles: `[..., 4]` gives `[...]`.
public func boxArea(_ boxes: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("boxArea", fileID, line) { c in
    try c.checkBoxes(boxes)
    return try c.boxArea(boxes)
  }
}

/// How much of their union each pair of rectangles shares, from 0 to 1; 0 where both are empty.
///
/// - Returns: `[n, 4]` and `[m, 4]` give `[n, m]`.
public func intersectionOverUnion(
  _ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("intersectionOverUnion", fileID, line) { c in
    try c.checkBoxes(a)
    try c.checkBoxes(b)
    if a.rank != 2 || b.rank != 2 { throw mistake("needs two lists of boxes, got \(a.shape) and \(b.shape)") }
    return try c.overlaps(a, b)
  }
}

/// The best of overlapping rectangles: from the highest score down, each that does not share more than a threshold of
/// its union with one that was kept before.
///
/// - Parameters:
///   - boxes: `[n, 4]`.
///   - scores: `[n]`; of equal ones the first goes first.
///   - overlap: The share above which the lower score is dropped.
///   - minimumScore: Boxes with a lower score are not looked at.
///   - count: How many are asked for.
/// - Returns: Their positions, best first, `int64 [count]`, with -1 in places that are left over; and how many there
///   are, `int64`. They carry no derivative.
/// - Complexity: O(*n*²).
public func nonMaximumSuppression(
  _ boxes: Tensor, scores: Tensor, overlap: Double = 0.5, minimumScore: Double = -.infinity, count: Int,
  fileID: StaticString = #fileID, line: UInt = #line
) -> (indices: Tensor, count: Tensor) {
  let results = compose("nonMaximumSuppression", results: 2, fileID, line) { c in
    try c.checkBoxes(boxes)
    guard boxes.rank == 2, scores.rank == 1, scores.shape[0] == boxes.shape[0] else {
      throw mistake("\(scores.shape) scores for boxes \(boxes.shape)")
    }
    guard overlap >= 0 && overlap <= 1 else { throw mistake("the overlap \(overlap) is not in 0...1") }
    let places = try checkedSizes([count])
    let n = boxes.shape[0]
    if n == 0 { return [try c.full(-1, TensorType(.int64, places)), try c.scalar(0, .int64)] }
    let (boxes, scores) = (try c.stopGradient(boxes), try c.stopGradient(scores))
    let order = try c(ArgSort(axis: 0, isDescending: true), scores)
    let sorted = try c(Gather(.axis(0)), boxes, order)
    let drops = try c.compare(.greater, c.overlaps(sorted, sorted), overlap)
    let isIn = try c.compare(
      .greaterOrEqual, c(Gather(.axis(0)), scores, order), minimumScore)
    let start = try c.full(0, TensorType(.bool, [n]))
    let positions = try c.iota([n], axis: 0)
    let kept = scan([start], over: [drops, isIn, positions], fileID: fileID, line: line) { carry, step in
      let isKept = step[1] & !carry[0].gathered(at: step[2])
      return ([carry[0] | (step[0] & isKept)], [isKept])
    }.results[0]
    let rank = try c.binary(.subtract, c(Cumulative(.sum, axis: 0), c.cast(kept, .int64)), 1)
    let place = try c.select(kept, c.binary(.minimum, rank, Double(count)), Double(count))
    let found = try c(Scatter(.axis(0), .set), c.full(-1, TensorType(.int64, [count + 1])), place, order)
    let total = try c.binary(.minimum, c.reduce(.sum, c.cast(kept, .int64), [0]), Double(count))
    return [try c.reshape(c.slice(found, 0..<count, axis: 0), places), total]
  }
  return (results[0], results[1])
}

/// Rectangles cut out of images and brought to one size (TensorFlow's `crop_and_resize`).
///
/// - Parameters:
///   - x: Images `[batch, height, width, channels]`.
///   - boxes: `[n, 4]` as (y₁, x₁, y₂, x₂), from 0 to 1 over the middles of the outermost pixels; may reach beyond, and
///     may be turned around.
///   - imageIndices: For each box the number of its image, `[n]`, any integer type.
///   - size: Height and width of the result.
///   - valueOutside: What stands where a box reaches beyond its image.
/// - Returns: `[n, height, width, channels]`.
public func cropAndResize(
  _ x: Tensor, boxes: Tensor, imageIndices: Tensor, size: (height: Int, width: Int),
  interpolation: SamplingMode = .linear, valueOutside: Double = 0, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("cropAndResize", fileID, line) { c in
    try c.checkRegions(x, boxes, imageIndices, [size.height, size.width])
    if interpolation == .cubic { throw mistake("crops are sampled by nearest or linear") }
    func positions(_ first: Int, _ count: Int, _ length: Int) throws(GraphError) -> Tensor {
      let (start, end) = (try c.column(boxes, first), try c.column(boxes, first + 2))
      let extent = Double(length - 1)
      if count == 1 { return try c.binary(.multiply, c.binary(.add, start, end), 0.5 * extent) }
      let steps = try c.cast(c.iota([1, count], axis: 1, .float64), x.dtype)
      let step = try c.binary(.multiply, c.binary(.subtract, end, start), extent / Double(count - 1))
      return try c.binary(.add, c.binary(.multiply, start, extent), c.binary(.multiply, step, steps))
    }
    let rows = try positions(0, size.height, x.shape[1])
    let columns = try positions(1, size.width, x.shape[2])
    let sampler = RegionSampler(c: c, image: x, indices: imageIndices)
    let result = try sampler.sample(rows, columns, isNearest: interpolation == .nearest)
    let isInside = try c(
      Binary(.and), c.expand(sampler.isInside(rows, 1), [2]), c.expand(sampler.isInside(columns, 2), [1]))
    return try c.select(c.expand(isInside, [3]), result, valueOutside)
  }
}

/// Means over the cells of regions, sampled between pixels: features of regions for detection.
///
/// - Parameters:
///   - x: Images `[batch, height, width, channels]`.
///   - boxes: `[n, 4]` as (x₁, y₁, x₂, y₂), in units of 1 / `scale` pixels.
///   - imageIndices: For each box the number of its image, `[n]`, any integer type.
///   - size: The cells of each region, rows and columns.
///   - samplesPerCell: How many points along each axis a cell is sampled at.
///   - isAligned: Whether pixels have their middle at ½, as they should, or at 0, as the first implementations had it.
/// - Returns: `[n, rows, columns, channels]`.
/// - Note: He et al., *Mask R-CNN*, ICCV 2017.
public func roiAlign(
  _ x: Tensor, boxes: Tensor, imageIndices: Tensor, size: (rows: Int, columns: Int), scale: Double = 1,
  samplesPerCell: Int = 2, isAligned: Bool = true, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("roiAlign", fileID, line) { c in
    try c.checkRegions(x, boxes, imageIndices, [size.rows, size.columns])
    if samplesPerCell < 1 { throw mistake("there must be at least one sample, not \(samplesPerCell)") }
    func positions(_ first: Int, _ cells: Int) throws(GraphError) -> Tensor {
      let offset = isAligned ? -0.5 : 0
      let start = try c.binary(.add, c.binary(.multiply, c.column(boxes, first), scale), offset)
      let end = try c.binary(.add, c.binary(.multiply, c.column(boxes, first + 2), scale), offset)
      var length = try c.binary(.subtract, end, start)
      if !isAligned { length = try c.select(c.compare(.less, length, 1), 1, length) }
      let count = cells * samplesPerCell
      let steps = try c.cast(c.iota([1, count], axis: 1, .float64), x.dtype)
      let middles = try c.binary(.multiply, c.binary(.add, steps, 0.5), 1 / Double(count))
      return try c.binary(.add, start, c.binary(.multiply, length, middles))
    }
    let rows = try positions(1, size.rows)
    let columns = try positions(0, size.columns)
    let sampler = RegionSampler(c: c, image: x, indices: imageIndices)
    let samples = try sampler.sample(sampler.atBorder(rows, 1), sampler.atBorder(columns, 2), isNearest: false)
    let isNear = try c(
      Binary(.and), c.expand(sampler.isNear(rows, 1), [2]), c.expand(sampler.isNear(columns, 2), [1]))
    let inside = try c.select(c.expand(isNear, [3]), samples, 0)
    let cells = try c.reshape(
      inside, [boxes.shape[0], size.rows, samplesPerCell, size.columns, samplesPerCell, x.shape[3]])
    return try c.mean(cells, [2, 4])
  }
}

/// Samples grids of rows `[n, height]` and columns `[n, width]` from images that `indices` name.
private struct RegionSampler {
  let c: Composition
  let image: Tensor
  let indices: Tensor

  private func last(_ axis: Int) -> Double { Double(image.shape[axis] - 1) }

  func isInside(_ positions: Tensor, _ axis: Int) throws(GraphError) -> Tensor {
    try c(
      Binary(.and), c.compare(.greaterOrEqual, positions, 0), c.compare(.lessOrEqual, positions, last(axis)))
  }

  /// Less than one pixel outside.
  func isNear(_ positions: Tensor, _ axis: Int) throws(GraphError) -> Tensor {
    try c(
      Binary(.and), c.compare(.greaterOrEqual, positions, -1), c.compare(.lessOrEqual, positions, last(axis) + 1))
  }

  func atBorder(_ positions: Tensor, _ axis: Int) throws(GraphError) -> Tensor { try c.clip(positions, 0, last(axis)) }

  func sample(_ rows: Tensor, _ columns: Tensor, isNearest: Bool) throws(GraphError) -> Tensor {
    if isNearest {
      return try pixels(half(rows), half(columns))
    }
    let (top, left) = (try c.unary(.floor, rows), try c.unary(.floor, columns))
    let down = try c.expand(c.binary(.subtract, rows, top), [2, 3])
    let right = try c.expand(c.binary(.subtract, columns, left), [1, 3])
    let (bottom, far) = (try c.binary(.add, top, 1), try c.binary(.add, left, 1))
    let above = try mix(pixels(top, left), pixels(top, far), right)
    let below = try mix(pixels(bottom, left), pixels(bottom, far), right)
    return try mix(above, below, down)
  }

  /// To the nearest whole number, halves away from zero.
  private func half(_ positions: Tensor) throws(GraphError) -> Tensor {
    try c.unary(.truncate, c.binary(.add, positions, c.binary(.copySign, c.full(0.5, positions.type), positions)))
  }

  private func mix(_ a: Tensor, _ b: Tensor, _ share: Tensor) throws(GraphError) -> Tensor {
    try c.binary(.add, a, c.binary(.multiply, share, c.binary(.subtract, b, a)))
  }

  private func pixels(_ rows: Tensor, _ columns: Tensor) throws(GraphError) -> Tensor {
    let (n, height, width) = (rows.shape[0], rows.shape[1], columns.shape[1])
    func place(_ x: Tensor, _ shape: [Int]) throws(GraphError) -> Tensor {
      try c.broadcast(c.reshape(x, shape + [1]), checkedShape([n, height, width, 1]))
    }
    let points = try c.concatenate(
      [
        place(c.cast(indices, .int64), [n, 1, 1]),
        place(c.cast(c.clip(rows, 0, last(1)), .int64), [n, height, 1]),
        place(c.cast(c.clip(columns, 0, last(2)), .int64), [n, 1, width]),
      ], axis: 3)
    return try c(Gather(.points(batch: 0)), image, points)
  }
}

extension Composition {
  fileprivate func checkBoxes(_ boxes: Tensor) throws(GraphError) {
    try checkFloatingPoint(boxes)
    guard let size = boxes.shape.last, size == 4 else {
      throw mistake("boxes have four numbers each, not \(boxes.shape)")
    }
  }

  fileprivate func checkRegions(_ x: Tensor, _ boxes: Tensor, _ indices: Tensor, _ size: [Int]) throws(GraphError) {
    try checkFloatingPoint(x)
    try checkBoxes(boxes)
    guard x.rank == 4, x.shape[1] > 0, x.shape[2] > 0 else {
      throw mistake("needs images [batch, height, width, channels] with pixels, got \(x.shape)")
    }
    guard boxes.rank == 2, indices.rank == 1, indices.shape[0] == boxes.shape[0] else {
      throw mistake("\(indices.shape) image indices for boxes \(boxes.shape)")
    }
    if boxes.dtype != x.dtype { throw mistake("images are \(x.dtype), boxes \(boxes.dtype); cast one of them") }
    if !indices.dtype.isInteger { throw mistake("image indices are integers, not \(indices.dtype)") }
    if let bad = size.first(where: { $0 < 1 || $0 > 1 << 31 }) { throw mistake("the size \(bad) is not at least 1") }
  }

  /// One of the four numbers of each box, `[n, 1]`.
  fileprivate func column(_ boxes: Tensor, _ index: Int) throws(GraphError) -> Tensor {
    try slice(boxes, index..<(index + 1), axis: boxes.rank - 1)
  }

  fileprivate func boxArea(_ boxes: Tensor) throws(GraphError) -> Tensor {
    let width = try binary(.subtract, column(boxes, 2), column(boxes, 0))
    let height = try binary(.subtract, column(boxes, 3), column(boxes, 1))
    return try reshape(binary(.multiply, width, height), Shape(boxes.shape.dropLast()))
  }

  fileprivate func overlaps(_ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    func side(_ low: Int) throws(GraphError) -> Tensor {
      let end = try binary(.minimum, column(a, low + 2), transpose(column(b, low + 2), [1, 0]))
      let start = try binary(.maximum, column(a, low), transpose(column(b, low), [1, 0]))
      return try clip(binary(.subtract, end, start), 0, nil)
    }
    let shared = try binary(.multiply, side(0), side(1))
    let areas = try binary(.add, expand(boxArea(a), [1]), expand(boxArea(b), [0]))
    let union = try binary(.subtract, areas, shared)
    let isEmpty = try compare(.equal, union, 0)
    return try select(isEmpty, 0, binary(.divide, shared, select(isEmpty, 1, union)))
  }
}
