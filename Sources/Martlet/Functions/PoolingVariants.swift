import MartletGraph

/// The largest element in each position of a window, and where it lies.
///
/// - Parameters:
///   - x: `[batch, spatial..., channels]`, of one to three spatial dimensions.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
///   - padding: What surrounds the image; it never wins. Smaller than the window.
/// - Returns: The values, and for each its position in the image's spatial dimensions laid out row by row, `int64`.
public func maxPoolWithIndices(
  _ x: Tensor, windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid,
  fileID: StaticString = #fileID, line: UInt = #line
) -> (values: Tensor, indices: Tensor) {
  let results = compose("maxPoolWithIndices", results: 2, fileID, line) { c in
    _ = try c.spatialAxes(x)
    if x.rank > 5 { throw mistake("needs at most 3 spatial dimensions, got \(x.shape)") }
    let window = try c.window(x, x.rank - 2, windowSize, stride, padding)
    let sizes = Array(x.shape[1..<(x.rank - 1)])
    let places = try c.reshape(c.iota([sizes.reduce(1, *)], axis: 0), [1] + sizes + [1])
    let indices = try c(WindowSelect(.gather, .max, window: window), c.stopGradient(x), c.broadcast(places, x.shape))
    return [try c(ReduceWindow(.max, window: window), x), indices]
  }
  return (results[0], results[1])
}

/// Puts values back where a pooling found them, with zeros everywhere else.
///
/// - Parameters:
///   - x: `[batch, spatial..., channels]`.
///   - indices: What ``maxPoolWithIndices(_:windowSize:stride:padding:fileID:line:)`` gave, the same shape.
///   - size: The spatial sizes of the image that was pooled.
/// - Returns: `[batch, size..., channels]`. Of two values for one place the last in row-major order stays.
public func maxUnpool(
  _ x: Tensor, indices: Tensor, size: [Int], fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("maxUnpool", fileID, line) { c in
    _ = try c.spatialAxes(x)
    if indices.shape != x.shape || !indices.dtype.isInteger {
      throw mistake("needs integer indices of the shape of the values \(x.shape), got \(indices.type)")
    }
    if size.count != x.rank - 2 { throw mistake("\(size.count) sizes for the \(x.rank - 2) spatial dimensions") }
    let (batch, channels) = (x.shape[0], x.shape[x.rank - 1])
    let count = x.shape[1..<(x.rank - 1)].reduce(1, *)
    let target = try c.full(0, TensorType(x.dtype, checkedSizes([batch, size.reduce(1, *), channels])))
    let flat = try c.reshape(x, [batch, count, channels])
    let places = try c.reshape(indices, [batch, count, channels])
    let filled = try c(Scatter(.elements(axis: 1), .set), target, places, flat)
    return try c.reshape(filled, [batch] + size + [channels])
  }
}

/// The norm of the elements in each position of a window: (∑ *x*ᵖ)^(1/*p*).
///
/// - Parameters:
///   - x: `[batch, spatial..., channels]`, floating-point, of one to three spatial dimensions.
///   - order: *p*; 1 sums, an infinite one takes the largest. As in PyTorch no magnitudes are taken.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
public func lpPool(
  _ x: Tensor, order: Double, windowSize: Spatial, stride: Spatial? = nil, fileID: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  compose("lpPool", fileID, line) { c in
    try checkFloatingPoint(x)
    _ = try c.spatialAxes(x)
    if x.rank > 5 { throw mistake("needs at most 3 spatial dimensions, got \(x.shape)") }
    if !(order > 0) { throw mistake("the order \(order) is not positive") }
    let window = try c.window(x, x.rank - 2, windowSize, stride, .valid)
    if order == .infinity { return try c(ReduceWindow(.max, window: window), x) }
    let powers = order == 1 ? x : order == 2 ? try c.binary(.multiply, x, x) : try c.binary(.power, x, order)
    let sums = try c(ReduceWindow(.sum, window: window), powers)
    if order == 1 { return sums }
    // The root's derivative at 0 is infinite; take it somewhere else.
    let isPositive = try c.compare(.greater, sums, 0)
    let root = try c.binary(.power, c.select(isPositive, sums, 1), 1 / order)
    return try c.select(isPositive, root, 0)
  }
}

/// The mean of as many parts as are wanted along each spatial dimension.
///
/// Part *i* of *n* goes from ⌊*i* size / *n*⌋ to ⌈(*i* + 1) size / *n*⌉; neighbors share an element where the size does
/// not divide.
///
/// - Parameters:
///   - x: `[batch, spatial..., channels]`, floating-point.
///   - size: The sizes of the result.
/// - Returns: `[batch, size..., channels]`.
public func adaptiveAveragePool(
  _ x: Tensor, size: Spatial, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("adaptiveAveragePool", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.widened(x) { x in
      try c.adaptive(x, size) { part, axis in try c.mean(part, [axis], keepingAxes: true) }
    }
  }
}

/// The largest element of as many parts as are wanted along each spatial dimension; see
/// ``adaptiveAveragePool(_:size:fileID:line:)``.
public func adaptiveMaxPool(
  _ x: Tensor, size: Spatial, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("adaptiveMaxPool", fileID, line) { c in
    try c.adaptive(x, size) { part, axis in try c.reduce(.max, part, [axis], keepingAxes: true) }
  }
}

extension Composition {
  /// One dimension after the other: the parts of an image are products of parts of its dimensions.
  fileprivate func adaptive(
    _ x: Tensor, _ size: Spatial, _ reduce: (Tensor, Int) throws -> Tensor
  ) throws -> Tensor {
    let axes = try spatialAxes(x)
    let sizes = try size.resolved(axes.count, "size")
    var result = x
    for (axis, count) in zip(axes, sizes) {
      let whole = x.shape[axis]
      if count < 1 || whole < 1 { throw mistake("there are no \(count) parts of axis \(axis) of \(x.shape)") }
      let parts = try (0..<count).map { index in
        let range = index * whole / count..<((index + 1) * whole + count - 1) / count
        return try reduce(slice(result, range, axis: axis), axis)
      }
      result = try concatenate(parts, axis: axis)
    }
    return result
  }
}
