public import MartletGraph

/// A convolution of each channel of sequences by itself, with a bias.
public struct DepthwiseConv1D: WeightedLayer {
  /// The filter, `[length, 1, in · multiplier]`: the outputs of one channel are neighbors.
  public let weight: Parameter
  /// `[in · multiplier]`.
  public let bias: Parameter?
  public let stride, dilation: Spatial
  public let padding: Padding
  public let groups: Int

  /// - Parameters:
  ///   - channels: The number of channels.
  ///   - multiplier: How many outputs each channel has.
  public init(
    _ channels: Int, multiplier: Int = 1, kernelSize: Spatial, stride: Spatial = 1, dilation: Spatial = 1,
    padding: Padding = .valid, hasBias: Bool = true, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(1, "DepthwiseConv1D", fileID, line)
    weight = initializer.parameter(Shape(sizes + [1, channels * multiplier]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([channels * multiplier], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, groups) = (stride, dilation, padding, channels)
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: `[batch, length, in · multiplier]`, smaller as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, weight: weight.tensor) }

  public func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor {
    let result = conv1D(x, weight, stride: stride, dilation: dilation, padding: padding, groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}

/// A convolution of each channel of sequences by itself, then one of a single position that mixes channels.
///
/// - Note: Chollet, *Xception: deep learning with depthwise separable convolutions*, CVPR 2017.
public struct SeparableConv1D: Layer {
  public let depthwise: DepthwiseConv1D
  public let pointwise: Conv1D

  /// - Parameter multiplier: How many outputs each channel has before they are mixed.
  public init(
    _ inputCount: Int, _ outputCount: Int, multiplier: Int = 1, kernelSize: Spatial, stride: Spatial = 1,
    dilation: Spatial = 1, padding: Padding = .valid, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    (depthwise, pointwise) = withSeed(seed) {
      (
        DepthwiseConv1D(
          inputCount, multiplier: multiplier, kernelSize: kernelSize, stride: stride, dilation: dilation,
          padding: padding, hasBias: false, initializer: initializer, dtype: dtype, fileID: fileID, line: line),
        Conv1D(
          inputCount * multiplier, outputCount, kernelSize: 1, hasBias: hasBias, initializer: initializer,
          dtype: dtype)
      )
    }
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: `[batch, length, out]`, smaller as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor { pointwise(depthwise(x)) }
}

/// A convolution of each channel of images by itself, with a bias.
public struct DepthwiseConv2D: WeightedLayer {
  /// The filter, `[height, width, 1, in · multiplier]`: the outputs of one channel are neighbors.
  public let weight: Parameter
  /// `[in · multiplier]`.
  public let bias: Parameter?
  public let stride, dilation: Spatial
  public let padding: Padding
  public let groups: Int

  /// - Parameters:
  ///   - channels: The number of channels.
  ///   - multiplier: How many outputs each channel has.
  public init(
    _ channels: Int, multiplier: Int = 1, kernelSize: Spatial, stride: Spatial = 1, dilation: Spatial = 1,
    padding: Padding = .valid, hasBias: Bool = true, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(2, "DepthwiseConv2D", fileID, line)
    weight = initializer.parameter(Shape(sizes + [1, channels * multiplier]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([channels * multiplier], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, groups) = (stride, dilation, padding, channels)
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height, width, in · multiplier]`, smaller as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, weight: weight.tensor) }

  public func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor {
    let result = conv2D(x, weight, stride: stride, dilation: dilation, padding: padding, groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}

/// A convolution of each channel of images by itself, then one of a single position that mixes channels.
///
/// - Note: Chollet, *Xception: deep learning with depthwise separable convolutions*, CVPR 2017.
public struct SeparableConv2D: Layer {
  public let depthwise: DepthwiseConv2D
  public let pointwise: Conv2D

  /// - Parameter multiplier: How many outputs each channel has before they are mixed.
  public init(
    _ inputCount: Int, _ outputCount: Int, multiplier: Int = 1, kernelSize: Spatial, stride: Spatial = 1,
    dilation: Spatial = 1, padding: Padding = .valid, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    (depthwise, pointwise) = withSeed(seed) {
      (
        DepthwiseConv2D(
          inputCount, multiplier: multiplier, kernelSize: kernelSize, stride: stride, dilation: dilation,
          padding: padding, hasBias: false, initializer: initializer, dtype: dtype, fileID: fileID, line: line),
        Conv2D(
          inputCount * multiplier, outputCount, kernelSize: 1, hasBias: hasBias, initializer: initializer,
          dtype: dtype)
      )
    }
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height, width, out]`, smaller as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor { pointwise(depthwise(x)) }
}
