public import Martlet

/// A convolution without bias, and batch normalization.
public struct NormalizedConvolution: Layer {
  /// The convolution.
  public let convolution: Conv2D
  /// The normalization of its result.
  public let norm: BatchNorm

  /// Odd kernels keep the size of the picture, up to the stride.
  ///
  /// - Parameter groups: Groups of channels that do not mix; as many as channels for a depthwise convolution.
  public init(_ inputCount: Int, _ outputCount: Int, kernelSize: Int, stride: Int = 1, groups: Int = 1) {
    convolution = Conv2D(
      inputCount, outputCount, kernelSize: Spatial(kernelSize), stride: Spatial(stride),
      padding: .explicit(Spatial(kernelSize / 2)), groups: groups, hasBias: false, initializer: .heNormal)
    norm = BatchNorm(outputCount)
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height / stride, width / stride, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { norm(convolution(x)) }
}
