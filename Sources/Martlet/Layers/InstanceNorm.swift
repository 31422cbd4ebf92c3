public import MartletGraph

/// Normalizes each channel of each example over all positions, then scales and shifts it if wanted.
///
/// - Note: Ulyanov, Vedaldi and Lempitsky, *Instance normalization: the missing ingredient for fast stylization*, 2016.
public struct InstanceNorm: Layer {
  /// `[channels]`; begins at one, and at zero.
  public let scale, shift: Parameter?
  public let channels: Int
  public let epsilon: Double

  /// - Parameters:
  ///   - channels: The size of the last dimension.
  ///   - epsilon: Added to the variance.
  ///   - isAffine: Whether scale and shift are learned.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, isAffine: Bool = false, dtype: DType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    checkEpsilon(epsilon, "InstanceNorm", fileID, line)
    self.channels = channels
    scale = isAffine ? Parameter(.ones([channels], dtype: dtype)) : nil
    shift = isAffine ? Parameter(.zeros([channels], dtype: dtype)) : nil
    self.epsilon = epsilon
  }

  /// - Parameter x: `[batch, spatial..., channels]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard hasChannels(x, channels, "InstanceNorm") else { return x }
    return inFloat32(x) { x in
      let result = normalized(x, axes: Axes(Array(1..<max(x.rank - 1, 1))), epsilon: epsilon)
      guard let scale, let shift else { return result }
      return result * scale.tensor.cast(to: x.dtype) + shift.tensor.cast(to: x.dtype)
    }
  }
}

/// Divides each element by a power of the mean square of its neighbors in other channels.
///
/// - Note: Krizhevsky, Sutskever and Hinton, *ImageNet classification with deep convolutional neural networks*, NeurIPS
///   2012, whose sum is a mean here, as in PyTorch.
public struct LocalResponseNorm: Layer {
  public let size: Int
  public let alpha, beta, k: Double

  /// - Parameter size: The number of neighbors, itself included.
  public init(size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1) {
    (self.size, self.alpha, self.beta, self.k) = (max(size, 1), alpha, beta, k)
  }

  /// - Parameter x: `[..., channels]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let channels = x.shape.last ?? 1
    let squares = (x * x).reshaped(to: [-1, channels])
    let padded = squares.padded([(0, 0), (size / 2, (size - 1) / 2)])
    let sums = (0..<size).map { padded[.all, $0..<($0 + channels)] }
    let mean = sums.dropFirst().reduce(sums[0]) { $0 + $1 } / Double(size)
    return x / power(mean * alpha + k, beta).reshaped(to: x.shape)
  }
}
