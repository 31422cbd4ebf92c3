public import MartletGraph

// Transposed convolutions, which enlarge by their stride. Filters have the outputs before the inputs, as those of the
// convolution that each is the transpose of.

/// The transpose of a convolution of sequences, with a bias; see ``transposedConv1D(_:_:stride:dilation:padding:outputPadding:groups:fileID:line:)``.
public struct TransposedConv1D: Layer {
  /// The filter, `[length, out / groups, in]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?
  public let stride, dilation, outputPadding: Spatial
  public let padding: Padding
  public let groups: Int

  /// From `inputCount` to `outputCount` channels.
  ///
  /// - Parameters:
  ///   - padding: That of the convolution: it is taken off the result.
  ///   - outputPadding: Positions added at the end of each dimension, fewer than the stride.
  public init(
    _ inputCount: Int, _ outputCount: Int, kernelSize: Spatial, stride: Spatial = 1, dilation: Spatial = 1,
    padding: Padding = .valid, outputPadding: Spatial = 0, groups: Int = 1, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(1, "TransposedConv1D", fileID, line)
    let depth = groupDepth(outputCount, inputCount, groups, "TransposedConv1D", fileID, line)
    weight = initializer.parameter(Shape(sizes + [depth, inputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, self.groups) = (stride, dilation, padding, groups)
    self.outputPadding = outputPadding
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: `[batch, length, out]`, larger as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let result = transposedConv1D(
      x, weight.tensor, stride: stride, dilation: dilation, padding: padding, outputPadding: outputPadding,
      groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}

/// The transpose of a convolution of images, with a bias; see ``transposedConv2D(_:_:stride:dilation:padding:outputPadding:groups:fileID:line:)``.
public struct TransposedConv2D: Layer {
  /// The filter, `[height, width, out / groups, in]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?
  public let stride, dilation, outputPadding: Spatial
  public let padding: Padding
  public let groups: Int

  /// From `inputCount` to `outputCount` channels.
  ///
  /// - Parameters:
  ///   - padding: That of the convolution: it is taken off the result.
  ///   - outputPadding: Positions added at the end of each dimension, fewer than the stride.
  public init(
    _ inputCount: Int, _ outputCount: Int, kernelSize: Spatial, stride: Spatial = 1, dilation: Spatial = 1,
    padding: Padding = .valid, outputPadding: Spatial = 0, groups: Int = 1, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(2, "TransposedConv2D", fileID, line)
    let depth = groupDepth(outputCount, inputCount, groups, "TransposedConv2D", fileID, line)
    weight = initializer.parameter(Shape(sizes + [depth, inputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, self.groups) = (stride, dilation, padding, groups)
    self.outputPadding = outputPadding
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height, width, out]`, larger as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let result = transposedConv2D(
      x, weight.tensor, stride: stride, dilation: dilation, padding: padding, outputPadding: outputPadding,
      groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}

/// The transpose of a convolution of volumes, with a bias; see ``transposedConv3D(_:_:stride:dilation:padding:outputPadding:groups:fileID:line:)``.
public struct TransposedConv3D: Layer {
  /// The filter, `[depth, height, width, out / groups, in]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?
  public let stride, dilation, outputPadding: Spatial
  public let padding: Padding
  public let groups: Int

  /// From `inputCount` to `outputCount` channels.
  ///
  /// - Parameters:
  ///   - padding: That of the convolution: it is taken off the result.
  ///   - outputPadding: Positions added at the end of each dimension, fewer than the stride.
  public init(
    _ inputCount: Int, _ outputCount: Int, kernelSize: Spatial, stride: Spatial = 1, dilation: Spatial = 1,
    padding: Padding = .valid, outputPadding: Spatial = 0, groups: Int = 1, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(3, "TransposedConv3D", fileID, line)
    let depth = groupDepth(outputCount, inputCount, groups, "TransposedConv3D", fileID, line)
    weight = initializer.parameter(Shape(sizes + [depth, inputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, self.groups) = (stride, dilation, padding, groups)
    self.outputPadding = outputPadding
  }

  /// - Parameter x: `[batch, depth, height, width, in]`.
  /// - Returns: `[batch, depth, height, width, out]`, larger as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let result = transposedConv3D(
      x, weight.tensor, stride: stride, dilation: dilation, padding: padding, outputPadding: outputPadding,
      groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}
