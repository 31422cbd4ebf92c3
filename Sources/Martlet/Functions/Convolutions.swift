import MartletGraph

// Convolutions, which in this field are cross-correlations. Images are `[batch, spatial..., channels]`.

/// Slides filters over sequences.
///
/// - Parameters:
///   - x: `[batch, length, channels]`.
///   - filter: `[size, channels / groups, out]`.
///   - stride: Steps between positions of the filter.
///   - dilation: Steps between neighboring elements of the filter.
///   - padding: What surrounds the image; negative explicit numbers crop it.
///   - groups: Channels fall into this many groups that do not mix; as many as there are channels make the
///     convolution depthwise.
/// - Returns: `[batch, length, out]`; a spatial size is ⌊(size + padding - extent) / stride⌋ + 1.
/// - Precondition: Same element type; the filter is not larger than the padded image.
/// - Note: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016.
public func conv1D(
  _ x: Tensor, _ filter: Tensor, stride: Spatial = 1, dilation: Spatial = 1, padding: Padding = .valid,
  groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("conv1D", fileID, line) { c in
    try c.convolve(x, filter, rank: 1, stride: stride, dilation: dilation, padding: padding, groups: groups)
  }
}

/// Slides filters over images.
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - filter: `[height, width, channels / groups, out]`.
///   - stride: Steps between positions of the filter.
///   - dilation: Steps between neighboring elements of the filter.
///   - padding: What surrounds the image; negative explicit numbers crop it.
///   - groups: Channels fall into this many groups that do not mix; as many as there are channels make the
///     convolution depthwise.
/// - Returns: `[batch, height, width, out]`; a spatial size is ⌊(size + padding - extent) / stride⌋ + 1.
/// - Precondition: Same element type; the filter is not larger than the padded image.
/// - Note: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016.
public func conv2D(
  _ x: Tensor, _ filter: Tensor, stride: Spatial = 1, dilation: Spatial = 1, padding: Padding = .valid,
  groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("conv2D", fileID, line) { c in
    try c.convolve(x, filter, rank: 2, stride: stride, dilation: dilation, padding: padding, groups: groups)
  }
}

/// Slides filters over volumes.
///
/// - Parameters:
///   - x: `[batch, depth, height, width, channels]`.
///   - filter: `[depth, height, width, channels / groups, out]`.
///   - stride: Steps between positions of the filter.
///   - dilation: Steps between neighboring elements of the filter.
///   - padding: What surrounds the image; negative explicit numbers crop it.
///   - groups: Channels fall into this many groups that do not mix; as many as there are channels make the
///     convolution depthwise.
/// - Returns: `[batch, depth, height, width, out]`; a spatial size is ⌊(size + padding - extent) / stride⌋ + 1.
/// - Precondition: Same element type; the filter is not larger than the padded image.
/// - Note: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016.
public func conv3D(
  _ x: Tensor, _ filter: Tensor, stride: Spatial = 1, dilation: Spatial = 1, padding: Padding = .valid,
  groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("conv3D", fileID, line) { c in
    try c.convolve(x, filter, rank: 3, stride: stride, dilation: dilation, padding: padding, groups: groups)
  }
}

/// The transpose of ``conv1D(_:_:stride:dilation:padding:groups:fileID:line:)``: spreads every element of `x` over the
/// place of a filter, and so enlarges sequences by `stride`.
///
/// - Parameters:
///   - x: `[batch, length, channels]`.
///   - filter: `[size, out / groups, channels]`: the filter of the convolution that this is the
///     transpose of.
///   - padding: That convolution's. With `.same` a spatial size of the result is size · stride.
///   - outputPadding: Positions added at the end, to tell apart the sizes that the convolution would shrink alike.
/// - Returns: `[batch, length, out]`; a spatial size is (size - 1) · stride + extent - padding.
public func transposedConv1D(
  _ x: Tensor, _ filter: Tensor, stride: Spatial = 1, dilation: Spatial = 1, padding: Padding = .valid,
  outputPadding: Spatial = 0, groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("transposedConv1D", fileID, line) { c in
    try c.convolveTransposed(
      x, filter, rank: 1, stride: stride, dilation: dilation, padding: padding, outputPadding: outputPadding,
      groups: groups)
  }
}

/// The transpose of ``conv2D(_:_:stride:dilation:padding:groups:fileID:line:)``: spreads every element of `x` over the
/// place of a filter, and so enlarges images by `stride`.
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - filter: `[height, width, out / groups, channels]`: the filter of the convolution that this is the
///     transpose of.
///   - padding: That convolution's. With `.same` a spatial size of the result is size · stride.
///   - outputPadding: Positions added at the end, to tell apart the sizes that the convolution would shrink alike.
/// - Returns: `[batch, height, width, out]`; a spatial size is (size - 1) · stride + extent - padding.
public func transposedConv2D(
  _ x: Tensor, _ filter: Tensor, stride: Spatial = 1, dilation: Spatial = 1, padding: Padding = .valid,
  outputPadding: Spatial = 0, groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("transposedConv2D", fileID, line) { c in
    try c.convolveTransposed(
      x, filter, rank: 2, stride: stride, dilation: dilation, padding: padding, outputPadding: outputPadding,
      groups: groups)
  }
}

/// The transpose of ``conv3D(_:_:stride:dilation:padding:groups:fileID:line:)``: spreads every element of `x` over the
/// place of a filter, and so enlarges volumes by `stride`.
///
/// - Parameters:
///   - x: `[batch, depth, height, width, channels]`.
///   - filter: `[depth, height, width, out / groups, channels]`: the filter of the convolution that this is the
///     transpose of.
///   - padding: That convolution's. With `.same` a spatial size of the result is size · stride.
///   - outputPadding: Positions added at the end, to tell apart the sizes that the convolution would shrink alike.
/// - Returns: `[batch, depth, height, width, out]`; a spatial size is (size - 1) · stride + extent - padding.
public func transposedConv3D(
  _ x: Tensor, _ filter: Tensor, stride: Spatial = 1, dilation: Spatial = 1, padding: Padding = .valid,
  outputPadding: Spatial = 0, groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("transposedConv3D", fileID, line) { c in
    try c.convolveTransposed(
      x, filter, rank: 3, stride: stride, dilation: dilation, padding: padding, outputPadding: outputPadding,
      groups: groups)
  }
}

extension Composition {
  func convolve(
    _ x: Tensor, _ filter: Tensor, rank: Int, stride: Spatial, dilation: Spatial, padding: Padding, groups: Int
  ) throws -> Tensor {
    try checkImage(x, filter, rank)
    let strides = try stride.resolved(rank, "stride")
    let dilations = try dilation.resolved(rank, "dilation")
    let (low, high) = try padding.resolved(
      Array(x.shape[1...rank]), extents: extents(filter, dilations), strides: strides)
    let operation = Convolve(
      strides: Shape(strides), dilations: Shape(dilations), paddingLow: Shape(low), paddingHigh: Shape(high),
      groups: groups)
    return try contracting(x, filter) { try self(operation, $0, $1) }
  }

  func convolveTransposed(
    _ x: Tensor, _ filter: Tensor, rank: Int, stride: Spatial, dilation: Spatial, padding: Padding,
    outputPadding: Spatial, groups: Int
  ) throws -> Tensor {
    try checkImage(x, filter, rank)
    let strides = try stride.resolved(rank, "stride")
    let dilations = try dilation.resolved(rank, "dilation")
    let extra = try outputPadding.resolved(rank, "output padding")
    let extents = extents(filter, dilations)
    if let i = extra.indices.first(where: { extra[$0] < 0 || extra[$0] >= Swift.max(strides[$0], 1) }) {
      throw mistake("output padding \(extra[i]) is not in 0..<\(strides[i]), the stride")
    }
    // The sizes of the image whose convolution gives x.
    let target = (0..<rank).map { x.shape[$0 + 1] * strides[$0] }
    let (low, high) = try padding.resolved(target, extents: extents, strides: strides)
    let sizes = (0..<rank).map { i -> Int in
      if padding == .same { return target[i] + extra[i] }
      let spread = (x.shape[i + 1] - 1) * strides[i] + extents[i]
      return spread - low[i] - high[i] + extra[i]
    }
    if sizes.contains(where: { $0 < 0 }) { throw mistake("nothing is left of \(x.shape) without its padding") }
    let operation = Convolve(
      .inputGradient, strides: Shape(strides), dilations: Shape(dilations), paddingLow: Shape(low),
      paddingHigh: Shape(high), groups: groups, resultSizes: Shape(sizes))
    return try contracting(x, filter) { try self(operation, $0, $1) }
  }

  private func checkImage(_ x: Tensor, _ filter: Tensor, _ rank: Int) throws(GraphError) {
    let spatial = ["length", "height, width", "depth, height, width"][rank - 1]
    if x.rank != rank + 2 { throw mistake("needs an image [batch, \(spatial), channels], got \(x.shape)") }
    if filter.rank != rank + 2 {
      throw mistake("needs a filter [\(spatial), channels, out], got \(filter.shape)")
    }
  }

  /// What the filter covers along each dimension.
  private func extents(_ filter: Tensor, _ dilations: [Int]) -> [Int] {
    dilations.indices.map { (filter.shape[$0] - 1) * dilations[$0] + 1 }
  }
}
