public import MartletGraph

/// Normalizes each channel over the batch and all positions, then scales and shifts it.
///
/// While training (see ``Mode``) with the mean and variance of the batch, which also move the running statistics; in
/// evaluation with the running statistics. They are ``State``: the change is part of the program, carries no
/// derivative, and happens once even where a checkpointed block is recomputed.
///
/// - Note: Ioffe and Szegedy, *Batch normalization*, ICML 2015.
public struct BatchNorm: Layer {
  /// `[channels]`; begins at one.
  public let scale: Parameter
  /// `[channels]`; begins at zero.
  public let shift: Parameter
  /// `[channels]`, at least float 32; begins at zero.
  public let runningMean: State
  /// `[channels]`, the unbiased variance; begins at one.
  public let runningVariance: State
  public let momentum: Double
  public let epsilon: Double

  /// - Parameters:
  ///   - channels: The size of the last dimension.
  ///   - momentum: The share of the newest batch in the running statistics.
  ///   - epsilon: Added to the variance.
  public init(
    _ channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5, dtype: DType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    checkEpsilon(epsilon, "BatchNorm", fileID, line)
    scale = Parameter(.ones([channels], dtype: dtype))
    shift = Parameter(.zeros([channels], dtype: dtype))
    runningMean = State(.zeros([channels], dtype: dtype.wide))
    runningVariance = State(.ones([channels], dtype: dtype.wide))
    (self.momentum, self.epsilon) = (momentum, epsilon)
  }

  /// - Parameter x: `[batch, ..., channels]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    hasChannels(x, scale.shape[0], "BatchNorm") ? inFloat32(x, normalizing) : x
  }

  private func normalizing(_ x: Tensor) -> Tensor {
    let (scale, shift) = (scale.tensor.cast(to: x.dtype), shift.tensor.cast(to: x.dtype))
    guard Mode.current == .training else {
      let factor = scale * rsqrt(runningVariance.tensor + epsilon)
      return x * factor + (shift - runningMean.tensor * factor)
    }
    let axes = Axes(Array(0..<max(x.rank - 1, 0)))
    let mean = x.mean(axes: axes)
    let centred = x - mean
    let variance = (centred * centred).mean(axes: axes)
    moveStatistics(
      mean: stopGradient(mean), variance: stopGradient(variance), count: x.elementCount / max(scale.shape[0], 1))
    return centred * (scale * rsqrt(variance + epsilon)) + shift
  }

  private func moveStatistics(mean: Tensor, variance: Tensor, count: Int) {
    let unbiased = variance * (Double(count) / Double(max(count - 1, 1)))
    runningMean.tensor = runningMean.tensor * (1 - momentum) + mean * momentum
    runningVariance.tensor = runningVariance.tensor * (1 - momentum) + unbiased * momentum
  }
}
