import MartletGraph

// Pooling: one value for each position of a window that slides over images `[batch, spatial..., channels]`.

/// The largest element in each position of a window. NaN wins; the first of equal elements gets the derivative.
///
/// - Parameters:
///   - x: `[batch, length, channels]`.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
///   - padding: What surrounds the image; it never wins. Smaller than the window.
public func maxPool1D(
  _ x: Tensor, windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("maxPool1D", fileID, line) { c in
    try c(ReduceWindow(.max, window: c.window(x, 1, windowSize, stride, padding)), x)
  }
}

/// The mean of the elements in each position of a window.
///
/// - Parameters:
///   - x: `[batch, length, channels]`, floating-point.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
///   - padding: What surrounds the image. Smaller than the window.
///   - countsPadding: Whether the padding counts as zeros; by default means are over what lies inside the image.
public func averagePool1D(
  _ x: Tensor, windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid, countsPadding: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("averagePool1D", fileID, line) { c in
    try c.averagePool(x, c.window(x, 1, windowSize, stride, padding), countsPadding: countsPadding)
  }
}

/// The largest element in each position of a window. NaN wins; the first of equal elements gets the derivative.
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
///   - padding: What surrounds the image; it never wins. Smaller than the window.
public func maxPool2D(
  _ x: Tensor, windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("maxPool2D", fileID, line) { c in
    try c(ReduceWindow(.max, window: c.window(x, 2, windowSize, stride, padding)), x)
  }
}

/// The mean of the elements in each position of a window.
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`, floating-point.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
///   - padding: What surrounds the image. Smaller than the window.
///   - countsPadding: Whether the padding counts as zeros; by default means are over what lies inside the image.
public func averagePool2D(
  _ x: Tensor, windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid, countsPadding: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("averagePool2D", fileID, line) { c in
    try c.averagePool(x, c.window(x, 2, windowSize, stride, padding), countsPadding: countsPadding)
  }
}

/// The largest element in each position of a window. NaN wins; the first of equal elements gets the derivative.
///
/// - Parameters:
///   - x: `[batch, depth, height, width, channels]`.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
///   - padding: What surrounds the image; it never wins. Smaller than the window.
public func maxPool3D(
  _ x: Tensor, windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("maxPool3D", fileID, line) { c in
    try c(ReduceWindow(.max, window: c.window(x, 3, windowSize, stride, padding)), x)
  }
}

/// The mean of the elements in each position of a window.
///
/// - Parameters:
///   - x: `[batch, depth, height, width, channels]`, floating-point.
///   - windowSize: The window's size along each spatial dimension.
///   - stride: Steps between positions; the window's size unless given.
///   - padding: What surrounds the image. Smaller than the window.
///   - countsPadding: Whether the padding counts as zeros; by default means are over what lies inside the image.
public func averagePool3D(
  _ x: Tensor, windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid, countsPadding: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("averagePool3D", fileID, line) { c in
    try c.averagePool(x, c.window(x, 3, windowSize, stride, padding), countsPadding: countsPadding)
  }
}

/// The largest element of each channel of each image.
///
/// - Returns: `[batch, spatial..., channels]` gives `[batch, channels]`.
public func globalMaxPool(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("globalMaxPool", fileID, line) { c in try c.reduce(.max, x, c.spatialAxes(x)) }
}

/// The mean of each channel of each image.
///
/// - Returns: `[batch, spatial..., channels]` gives `[batch, channels]`.
public func globalAveragePool(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("globalAveragePool", fileID, line) { c in
    try c.widened(x) { wide in try c.mean(wide, c.spatialAxes(x)) }
  }
}

extension Composition {
  func window(
    _ x: Tensor, _ rank: Int, _ size: Spatial, _ stride: Spatial?, _ padding: Padding
  ) throws(GraphError) -> Window {
    let spatial = ["length", "height, width", "depth, height, width"][rank - 1]
    if x.rank != rank + 2 { throw mistake("needs an image [batch, \(spatial), channels], got \(x.shape)") }
    let sizes = try size.resolved(rank, "window size")
    let strides = try stride?.resolved(rank, "stride") ?? sizes
    let (low, high) = try padding.resolved(Array(x.shape[1...rank]), extents: sizes, strides: strides)
    return Window(
      sizes: Shape([1] + sizes + [1]), strides: Shape([1] + strides + [1]),
      paddingLow: Shape([0] + low + [0]), paddingHigh: Shape([0] + high + [0]))
  }

  func averagePool(_ x: Tensor, _ window: Window, countsPadding: Bool) throws -> Tensor {
    try checkFloatingPoint(x)
    return try widened(x) { x in
      let sums = try self(ReduceWindow(.sum, window: window), x)
      let isPadded = window.paddingLow.contains { $0 > 0 } || window.paddingHigh.contains { $0 > 0 }
      if countsPadding || !isPadded {
        return try binary(.divide, sums, Double(window.sizes.elementCount))
      }
      // How much of each window lies inside is the same for every image and channel.
      let image = Shape([1] + x.shape[1..<(x.rank - 1)] + [1])
      let counts = try self(ReduceWindow(.sum, window: window), full(1, TensorType(x.dtype, image)))
      return try binary(.divide, sums, counts)
    }
  }

  func spatialAxes(_ x: Tensor) throws(GraphError) -> AxisList {
    if x.rank < 3 { throw mistake("needs [batch, spatial…, channels], got \(x.shape)") }
    return AxisList(1..<(x.rank - 1))
  }
}
