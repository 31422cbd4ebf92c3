public import MartletGraph

/// A convolution of sequences, with a bias.
public struct Conv1D: Layer {
  /// The filter, `[length, in / groups, out]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?
  public let stride, dilation: Int
  public let padding: Padding
  public let groups: Int

  /// A convolution from `inputCount` to `outputCount` channels.
  public init(
    _ inputCount: Int, _ outputCount: Int, kernelSize: Int, stride: Int = 1, dilation: Int = 1,
    padding: Padding = .valid, groups: Int = 1, hasBias: Bool = true, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let depth = groupDepth(inputCount, outputCount, groups, "Conv1D", fileID, line)
    weight = initializer.parameter([kernelSize, depth, outputCount], dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, self.groups) = (stride, dilation, padding, groups)
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: `[batch, length, out]`, shorter as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, weight: weight.tensor) }
}

/// A convolution of images, with a bias.
public struct Conv2D: Layer {
  /// The filter, `[height, width, in / groups, out]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?
  public let stride, dilation: Spatial
  public let padding: Padding
  public let groups: Int

  /// A convolution from `inputCount` to `outputCount` channels.
  ///
  /// - Parameter kernelSize: Height and width of the filter: `3` or `[3, 5]`.
  public init(
    _ inputCount: Int, _ outputCount: Int, kernelSize: Spatial, stride: Spatial = 1, dilation: Spatial = 1,
    padding: Padding = .valid, groups: Int = 1, hasBias: Bool = true, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(2, "Conv2D", fileID, line)
    let depth = groupDepth(inputCount, outputCount, groups, "Conv2D", fileID, line)
    weight = initializer.parameter(Shape(sizes + [depth, outputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
    (self.stride, self.dilation, self.padding, self.groups) = (stride, dilation, padding, groups)
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height, width, out]`, smaller as stride and padding say.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, weight: weight.tensor) }
}

/// The channels of a group, or a stop at the line that built the layer.
func groupDepth(
  _ inputCount: Int, _ outputCount: Int, _ groups: Int, _ layer: String, _ fileID: StaticString, _ line: UInt
) -> Int {
  if groups > 0, inputCount % groups == 0, outputCount % groups == 0 { return inputCount / groups }
  let message = "\(inputCount) channels in and \(outputCount) out do not divide into \(groups) groups"
  _ = stop(GraphError(layer, message), at: SourceLocation(fileID, line))
  return 1
}

extension Spatial {
  /// The numbers for `count` dimensions, or a stop at the line that built the layer.
  func layerSizes(_ count: Int, _ layer: String, _ fileID: StaticString, _ line: UInt) -> [Int] {
    do {
      return try resolved(count, "kernel size")
    } catch {
      _ = stop(GraphError(layer, error.message), at: SourceLocation(fileID, line))
      return Array(repeating: 1, count: count)
    }
  }
}
