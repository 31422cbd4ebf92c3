import MartletGraph

extension Tensor {
  /// All windows along an axis, as a new last dimension.
  ///
  /// - Parameters:
  ///   - size: How many elements a window has.
  ///   - step: How far the next window begins behind this one.
  /// - Returns: `[..., n, ...]` gives `[..., count, ..., size]` with *count* = (*n* - `size`) / `step` + 1.
  public func windows(
    size: Int, step: Int = 1, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("windows", fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      guard size >= 0 && size <= shape[axis] else {
        throw mistake("a window of \(size) does not fit axis \(axis) of \(shape)")
      }
      if step < 1 { throw mistake("the step \(step) is less than 1") }
      let count = (shape[axis] - size) / step + 1
      let starts = try c.binary(.multiply, c.iota([count, 1], axis: 0), Double(step))
      let places = try c.binary(.add, starts, c.iota([1, size], axis: 1))
      let taken = try c(Gather(.axis(axis)), self, places)
      var order = Array(0..<(rank + 1))
      order.append(order.remove(at: axis + 1))
      return try c.transpose(taken, order)
    }
  }
}

/// The patches under a window that slides over images: what a convolution multiplies by its filter.
///
/// - Parameters:
///   - x: Images `[batch, ..., channels]`, with as many spatial dimensions as `windowSize` says or 2.
///   - windowSize: The window's extent along each spatial dimension.
/// - Returns: `[batch, ..., window · channels]`: along the last dimension the window's places in row-major order, with
///   all channels of each.
/// - Precondition: The window fits the padded image.
public func patches(
  _ x: Tensor, windowSize: [Int], stride: Spatial = 1, dilation: Spatial = 1, padding: Padding = .valid,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("patches", fileID, line) { c in
    let plan = try PatchPlan(x.shape, windowSize, stride, dilation, padding)
    var result = try c(Pad(low: plan.low, high: plan.high), x, c.scalar(0, x.dtype))
    // One axis after the other: each becomes its positions and, behind all, the places in the window.
    for i in 0..<plan.count {
      let places = try plan.places(i, c)
      let taken = try c(Gather(.axis(1 + i)), result, places)
      var order = Array(0..<taken.rank)
      order.insert(order.remove(at: 2 + i), at: taken.rank - 2)
      result = try c.transpose(taken, order)
    }
    let spatial = Array(result.shape[1..<(1 + plan.count)])
    return try c.reshape(result, [x.shape[0]] + spatial + [windowSize.reduce(1, *) * x.shape[x.rank - 1]])
  }
}

/// Puts patches back where ``patches(_:windowSize:stride:dilation:padding:fileID:line:)`` took them, adding up where
/// they overlap: its transpose.
///
/// - Parameters:
///   - x: `[batch, ..., window · channels]`.
///   - imageSize: The spatial sizes of the images.
/// - Returns: `[batch, imageSize..., channels]`.
public func images(
  fromPatches x: Tensor, imageSize: [Int], windowSize: [Int], stride: Spatial = 1, dilation: Spatial = 1,
  padding: Padding = .valid, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("images", fileID, line) { c in
    let window = windowSize.reduce(1, *)
    guard x.rank == windowSize.count + 2, window > 0, x.shape[x.rank - 1] % window == 0 else {
      throw mistake("\(x.shape) does not hold patches of \(windowSize)")
    }
    let channels = x.shape[x.rank - 1] / window
    let image = try checkedSizes([x.shape[0]] + imageSize + [channels])
    let plan = try PatchPlan(image, windowSize, stride, dilation, padding)
    guard Array(x.shape[1..<(x.rank - 1)]) == plan.positions else {
      throw mistake("there are \(plan.positions) patches in \(image), not \(x.shape[1..<(x.rank - 1)])")
    }
    var result = try c.reshape(x, [x.shape[0]] + plan.positions + windowSize + [channels])
    for i in (0..<plan.count).reversed() {
      // The places in the window go back beside their positions.
      var order = Array(0..<result.rank)
      order.insert(order.remove(at: result.rank - 2), at: 2 + i)
      result = try c.transpose(result, order)
      var shape = Array(result.shape)
      shape.remove(at: 2 + i)
      shape[1 + i] = plan.padded[i]
      let zeros = try c.full(0, TensorType(x.dtype, checkedShape(shape)))
      result = try c(Scatter(.axis(1 + i), .add), zeros, plan.places(i, c), result)
    }
    let (low, high) = (Shape(plan.low.map { -$0 }), Shape(plan.high.map { -$0 }))
    return try c(Pad(low: low, high: high), result, c.scalar(0, x.dtype))
  }
}

/// Where the windows of images are.
private struct PatchPlan {
  let count: Int
  let window: [Int]
  let strides: [Int]
  let dilations: [Int]
  var low: Shape
  var high: Shape
  /// Spatial sizes with padding.
  var padded: [Int] = []
  /// How many windows there are along each dimension.
  var positions: [Int] = []

  init(_ shape: Shape, _ window: [Int], _ stride: Spatial, _ dilation: Spatial, _ padding: Padding) throws(GraphError) {
    count = window.count
    self.window = window
    guard count > 0, shape.rank == count + 2 else {
      throw mistake("a window of \(window) needs images of \(count + 2) dimensions, got \(shape)")
    }
    strides = try stride.resolved(count, "stride")
    dilations = try dilation.resolved(count, "dilation")
    if let bad = (window + strides + dilations).first(where: { $0 < 1 }) {
      throw mistake("window, stride and dilation are at least 1, not \(bad)")
    }
    let sizes = Array(shape[1..<(1 + count)])
    let extents = zip(window, dilations).map { ($0 - 1) * $1 + 1 }
    let pads = try padding.resolved(sizes, extents: extents, strides: strides)
    low = Shape([0] + pads.low + [0])
    high = Shape([0] + pads.high + [0])
    for i in 0..<count {
      let size = sizes[i] + pads.low[i] + pads.high[i]
      guard pads.low[i] >= 0, pads.high[i] >= 0, size >= extents[i] else {
        throw mistake("a window of \(window) does not fit \(shape) with padding \(pads.low) and \(pads.high)")
      }
      padded.append(size)
      positions.append((size - extents[i]) / strides[i] + 1)
    }
  }

  /// `[positions, window]` places along a spatial dimension.
  func places(_ i: Int, _ c: Composition) throws(GraphError) -> Tensor {
    let starts = try c.binary(.multiply, c.iota([positions[i], 1], axis: 0), Double(strides[i]))
    let offsets = try c.binary(.multiply, c.iota([1, window[i]], axis: 1), Double(dilations[i]))
    return try c.binary(.add, starts, offsets)
  }
}

// MARK: - Channels to space

/// Channels spread out over space: each pixel becomes a block of `factor` × `factor`.
///
/// - Parameter x: Images `[batch, height, width, channels · factor²]`. The channels of a pixel are numbered by output
///   channel, then row, then column of the block.
/// - Returns: `[batch, height · factor, width · factor, channels]`.
/// - Note: Shi et al., *Real-Time Single Image and Video Super-Resolution*, CVPR 2016.
public func pixelShuffle(
  _ x: Tensor, factor: Int, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("pixelShuffle", fileID, line) { c in
    guard x.rank == 4, factor > 0, x.shape[3] % (factor * factor) == 0 else {
      throw mistake("the channels of \(x.shape) do not divide into blocks of \(factor) × \(factor)")
    }
    let (batch, height, width) = (x.shape[0], x.shape[1], x.shape[2])
    let channels = x.shape[3] / (factor * factor)
    let blocks = try c.reshape(x, [batch, height, width, channels, factor, factor])
    let spread = try c.transpose(blocks, [0, 1, 4, 2, 5, 3])
    return try c.reshape(spread, [batch, height * factor, width * factor, channels])
  }
}

/// Blocks of `factor` × `factor` pixels gathered into channels: the inverse of ``pixelShuffle(_:factor:fileID:line:)``.
///
/// - Parameter x: Images `[batch, height, width, channels]`.
/// - Returns: `[batch, height / factor, width / factor, channels · factor²]`.
/// - Precondition: Height and width divide by the factor.
public func pixelUnshuffle(
  _ x: Tensor, factor: Int, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("pixelUnshuffle", fileID, line) { c in
    guard x.rank == 4, factor > 0, x.shape[1] % factor == 0, x.shape[2] % factor == 0 else {
      throw mistake("\(x.shape) does not divide into blocks of \(factor) × \(factor)")
    }
    let (batch, height, width, channels) = (x.shape[0], x.shape[1] / factor, x.shape[2] / factor, x.shape[3])
    let blocks = try c.reshape(x, [batch, height, factor, width, factor, channels])
    let gathered = try c.transpose(blocks, [0, 1, 3, 5, 2, 4])
    return try c.reshape(gathered, [batch, height, width, channels * factor * factor])
  }
}
