public import MartletGraph

/// A convolution of volumes, with a bias.
public struct Conv3D: WeightedLayer {
  /// The filter, `[depth, height, width, in / groups, out]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?
  public let stride, dilation: Spatial
  public let padding: Padding
  public let groups: Int

  /// A convolution from `inputCount` to `outputCount` channels.
  ///
  /// - Parameter kernelSize: Depth, height and width of the filter: `3` or `[1, 3, 3]`.
  public init(
    _ inputCount: Int, _ outputCount: Int, kernelSize: Spatial, stride: Spatial = 1, dilation: Spatial = 1,
    padding: Padding = .valid, groups: Int = 1, hasBias: Bool = true, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(3, "Conv3D", fileID, line)
    let depth = groupDepth(inputCount, outputCount, groups, "Conv3D", fileID, line)
    weight = initializer.parameter(Shape(sizes + [depth, outputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, self.groups) = (stride, dilation, padding, groups)
  }

  /// - Parameter x: `[batch, depth, height, width, in]`.
  /// - Returns: `[batch, depth, height, width, out]`, smaller as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, weight: weight.tensor) }

  public func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor {
    let result = conv3D(x, weight, stride: stride, dilation: dilation, padding: padding, groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}
