/// Convolution (cross-correlation) over any number of spatial dimensions, and its two transposes.
///
/// Images are `[batch, spatial…, channels]`, filters `[spatial…, channels / groups, out channels]`. The three forms
/// are bilinear, and each one's derivatives are the other two, so the set is closed under differentiation.
///
/// - Note: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016.
public struct Convolve: PrimitiveRules {
  public enum Form: UInt8, Sendable, Hashable, CaseIterable {
    /// Operands image and filter; gives the output.
    case forward
    /// Operands output-shaped gradient and filter; gives the gradient of the image (a transposed convolution).
    case inputGradient
    /// Operands image and output-shaped gradient; gives the gradient of the filter.
    case filterGradient
  }

  public var form: Form
  /// One entry a spatial dimension, as all below.
  public var strides: Shape
  public var dilations: Shape
  /// May be negative, which crops.
  public var paddingLow: Shape
  public var paddingHigh: Shape
  /// Channels fall into this many groups that do not mix.
  public var groups: Int
  /// The spatial sizes of the result of the two gradient forms, which their operands do not determine: of the image
  /// for ``Form/inputGradient``, of the filter for ``Form/filterGradient``. Not used by ``Form/forward``.
  public var resultSizes: Shape

  public init(
    _ form: Form = .forward, strides: Shape, dilations: Shape, paddingLow: Shape, paddingHigh: Shape,
    groups: Int = 1, resultSizes: Shape = Shape()
  ) {
    self.form = form
    self.strides = strides
    self.dilations = dilations
    self.paddingLow = paddingLow
    self.paddingHigh = paddingHigh
    self.groups = groups
    self.resultSizes = resultSizes
  }

  public var name: String { form == .forward ? "conv" : "conv \(form)" }
  public var primitive: Primitive { .convolve(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(form)
    for part in [strides, dilations, paddingLow, paddingHigh, resultSizes] { hash.mix(part) }
    hash.mix(groups)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let a = operands[operands.startIndex]
    let b = operands[operands.startIndex + 1]
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    if a.dtype == .bool { throw GraphError(name, "bool has no arithmetic; cast it first") }
    try checkWindow(a, b)
    let shape: Shape =
      switch form {
      case .forward: try outputShape(image: a.shape, filter: b.shape)
      case .inputGradient: try imageShape(gradient: a.shape, filter: b.shape)
      case .filterGradient: try filterShape(image: a.shape, gradient: b.shape)
      }
    return TensorType(a.dtype, shape)
  }

  private func checkWindow(_ a: TensorType, _ b: TensorType) throws(GraphError) {
    let spatial = a.rank - 2
    if spatial < 1 || a.rank != b.rank {
      throw GraphError(
        name, "needs [batch, spatial…, channels] and a filter of the same rank, got \(a.shape) and \(b.shape)")
    }
    for (part, label) in [(strides, "stride"), (dilations, "dilation")] {
      if part.rank != spatial { throw GraphError(name, "\(label) \(part) does not fit \(spatial) spatial dimensions") }
      if let bad = part.first(where: { $0 < 1 }) { throw GraphError(name, "\(label) \(bad) is less than 1") }
    }
    if paddingLow.rank != spatial || paddingHigh.rank != spatial {
      throw GraphError(name, "padding \(paddingLow), \(paddingHigh) does not fit \(spatial) spatial dimensions")
    }
    if groups < 1 { throw GraphError(name, "\(groups) groups are less than 1") }
    if form != .forward && resultSizes.rank != spatial {
      throw GraphError(name, "result sizes \(resultSizes) do not fit \(spatial) spatial dimensions")
    }
  }

  /// The shape of the output for an image and a filter.
  private func outputShape(image: Shape, filter: Shape) throws(GraphError) -> Shape {
    let rank = image.rank
    let channels = image[rank - 1]
    if channels % groups != 0 || filter[rank - 2] != channels / groups {
      throw GraphError(
        name,
        "the filter \(filter) takes \(filter[rank - 2]) channels in each of \(groups) groups, the image \(image) has "
          + "\(channels)")
    }
    if filter[rank - 1] % groups != 0 {
      throw GraphError(name, "\(filter[rank - 1]) output channels do not divide into \(groups) groups")
    }
    var result: Shape = [image[0]]
    for i in 0..<(rank - 2) {
      for number in [image[i + 1], filter[i], strides[i], dilations[i], paddingLow[i], paddingHigh[i]] {
        try checkWindowNumber(number, axis: i, operation: name)
      }
      if filter[i] < 1 { throw GraphError(name, "the filter \(filter) is empty along axis \(i)") }
      let extent = (filter[i] - 1) * dilations[i] + 1
      let padded = image[i + 1] + paddingLow[i] + paddingHigh[i]
      if padded < extent {
        throw GraphError(
          name, "the filter (\(extent)) is larger than axis \(i + 1) of \(image) with its padding (\(padded))")
      }
      result.append((padded - extent) / strides[i] + 1)
    }
    result.append(filter[rank - 1])
    return result
  }

  private func imageShape(gradient: Shape, filter: Shape) throws(GraphError) -> Shape {
    let rank = gradient.rank
    var image: Shape = [gradient[0]]
    for size in resultSizes { image.append(size) }
    let (channels, overflow) = filter[rank - 2].multipliedReportingOverflow(by: groups)
    if overflow { throw GraphError(name, "\(groups) groups of \(filter[rank - 2]) channels are too many") }
    image.append(channels)
    try check(gradient, against: try outputShape(image: image, filter: filter))
    return image
  }

  private func filterShape(image: Shape, gradient: Shape) throws(GraphError) -> Shape {
    let rank = image.rank
    var filter = resultSizes
    if image[rank - 1] % groups != 0 {
      throw GraphError(name, "\(image[rank - 1]) channels do not divide into \(groups) groups")
    }
    filter.append(image[rank - 1] / groups)
    filter.append(gradient[rank - 1])
    try check(gradient, against: try outputShape(image: image, filter: filter))
    return filter
  }

  private func check(_ gradient: Shape, against expected: Shape) throws(GraphError) {
    if gradient != expected { throw GraphError(name, "the gradient has shape \(gradient), expected \(expected)") }
  }
}
