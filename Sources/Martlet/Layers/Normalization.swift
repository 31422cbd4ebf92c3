public import MartletGraph

// Composed from a mean, a variance and their uses, in one order, so that an engine makes one sweep of each.

/// Normalizes the last dimension to mean 0 and variance 1, then scales and shifts it.
///
/// - Note: Ba, Kiros and Hinton, *Layer normalization*, 2016.
public struct LayerNorm: Layer {
  /// `[width]`; begins at one.
  public let scale: Parameter
  /// `[width]`; begins at zero.
  public let shift: Parameter?
  public let epsilon: Double

  /// - Parameters:
  ///   - width: The size of the last dimension.
  ///   - epsilon: Added to the variance.
  ///   - hasShift: Whether a shift is learned.
  public init(
    _ width: Int, epsilon: Double = 1e-5, hasShift: Bool = true, dtype: DType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    checkEpsilon(epsilon, "LayerNorm", fileID, line)
    scale = Parameter(.ones([width], dtype: dtype))
    shift = hasShift ? Parameter(.zeros([width], dtype: dtype)) : nil
    self.epsilon = epsilon
  }

  /// - Parameter x: `[..., width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard hasChannels(x, scale.shape[0], "LayerNorm") else { return x }
    return inFloat32(x) { x in
      let scaled = normalized(x, axes: -1, epsilon: epsilon) * scale.tensor.cast(to: x.dtype)
      return shift.map { scaled + $0.tensor.cast(to: x.dtype) } ?? scaled
    }
  }
}

/// Divides the last dimension by the root of its mean square, then scales it.
///
/// - Note: Zhang and Sennrich, *Root mean square layer normalization*, NeurIPS 2019.
public struct RMSNorm: Layer {
  /// `[width]`; begins at one.
  public let scale: Parameter
  public let epsilon: Double

  /// - Parameter epsilon: Added to the mean square.
  public init(
    _ width: Int, epsilon: Double = 1e-6, dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    checkEpsilon(epsilon, "RMSNorm", fileID, line)
    scale = Parameter(.ones([width], dtype: dtype))
    self.epsilon = epsilon
  }

  /// - Parameter x: `[..., width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard hasChannels(x, scale.shape[0], "RMSNorm") else { return x }
    return inFloat32(x) { x in
      x * rsqrt((x * x).mean(axes: -1, keepingAxes: true) + epsilon) * scale.tensor.cast(to: x.dtype)
    }
  }
}

/// Normalizes groups of channels of each example, over all positions, then scales and shifts each channel.
///
/// - Note: Wu and He, *Group normalization*, ECCV 2018.
public struct GroupNorm: Layer {
  /// `[channels]`; begins at one.
  public let scale: Parameter
  /// `[channels]`; begins at zero.
  public let shift: Parameter
  public let groups: Int
  public let epsilon: Double

  /// - Parameters:
  ///   - channels: The size of the last dimension, a multiple of `groups`.
  ///   - epsilon: Added to the variance.
  public init(
    _ channels: Int, groups: Int, epsilon: Double = 1e-5, dtype: DType = .float32, fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkEpsilon(epsilon, "GroupNorm", fileID, line)
    if groups < 1 || channels % groups != 0 {
      let message = "\(channels) channels do not divide into \(groups) groups"
      _ = stop(GraphError("GroupNorm", message), at: SourceLocation(fileID, line))
    }
    let groups = max(groups, 1)
    scale = Parameter(.ones([channels], dtype: dtype))
    shift = Parameter(.zeros([channels], dtype: dtype))
    (self.groups, self.epsilon) = (groups, epsilon)
  }

  /// - Parameter x: `[batch, spatial..., channels]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let channels = scale.shape[0]
    guard hasChannels(x, channels, "GroupNorm") else { return x }
    return inFloat32(x) { x in
      let operands = [x, scale.tensor.cast(to: x.dtype), shift.tensor.cast(to: x.dtype)]
      // A derivative has much in common with the layer, and finds it in what is recorded; else one name does.
      if Recorder.current.isDifferentiating { return normalizedGroups(operands, isNamed: false) }
      return named("groupNorm", [Double(groups), epsilon], operands, at: SourceLocation(#fileID, #line)) {
        [normalizedGroups($0, isNamed: true)]
      }[0]
    }
  }

  /// - Parameters:
  ///   - operands: `[batch, spatial..., channels]`, and scale and shift of its type.
  ///   - isNamed: Whether mean and variance go by a name for which engines may have a kernel.
  private func normalizedGroups(_ operands: [Tensor], isNamed: Bool) -> Tensor {
    let x = operands[0]
    // Not left to be inferred: an empty batch has any number of positions.
    let positions = x.shape.dropFirst().dropLast().reduce(1, *)
    let (batch, channels) = (x.shape.first ?? 1, scale.shape[0])
    let rows = x.reshaped(to: [batch, positions, channels])
    let location = SourceLocation(#fileID, #line)
    let found =
      isNamed ? named("group moments", [Double(groups)], [rows], at: location) { moments($0[0]) } : moments(rows)
    let (center, rate) = (found[0], rsqrt(found[1] + epsilon))
    // All that is done to a channel as one factor and one addend.
    let factor = rate * operands[1].reshaped(to: [groups, channels / groups])
    let addend = operands[2].reshaped(to: [groups, channels / groups]) - center * factor
    let result = rows * factor.reshaped(to: [batch, 1, channels]) + addend.reshaped(to: [batch, 1, channels])
    return result.reshaped(to: x.shape)
  }

  /// The mean and the variance of each group, `[batch, groups, 1]`, of `[batch, positions, channels]`.
  private func moments(_ rows: Tensor) -> [Tensor] {
    let (batch, positions, channels) = (rows.shape[0], rows.shape[1], rows.shape[2])
    let width = channels / groups
    // By channels first, which lie side by side; the mean of a group is then that of a few numbers.
    func mean(_ x: Tensor) -> Tensor {
      let sums = x.sum(axes: 1).reshaped(to: [batch, groups, width])
      return sums.sum(axes: 2, keepingAxes: true) / Double(positions * width)
    }
    let center = mean(rows)
    let centred = rows - center.broadcast(to: [batch, groups, width]).reshaped(to: [batch, 1, channels])
    return [center, mean(centred * centred)]
  }
}

/// Stops where the last dimension is not what the layer was made for; one channel would otherwise stand for any number.
func hasChannels(_ x: Tensor, _ channels: Int, _ layer: String) -> Bool {
  if x.shape.last == channels { return true }
  let message = "the last dimension of \(x.shape) is not \(channels), for which the layer was made"
  _ = stop(GraphError(layer, message), at: SourceLocation(programCounter: 0))
  return false
}

/// Stops for a negative epsilon, with which a variance of zero has no root, and for one that leaves nothing.
func checkEpsilon(_ epsilon: Double, _ layer: String, _ fileID: StaticString, _ line: UInt) {
  if epsilon >= 0 && epsilon < .infinity { return }
  _ = stop(GraphError(layer, "epsilon \(epsilon) is negative or not finite"), at: SourceLocation(fileID, line))
}

/// Computes with 16-bit floats in float 32, and rounds once at the end.
func inFloat32(_ x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
  x.dtype.isNarrow ? body(x.cast(to: .float32)).cast(to: x.dtype) : body(x)
}

/// (x - mean) / √(variance + epsilon) over some axes; the variance divides by the count.
func normalized(_ x: Tensor, axes: Axes, epsilon: Double) -> Tensor {
  let centred = x - x.mean(axes: axes, keepingAxes: true)
  return centred * rsqrt((centred * centred).mean(axes: axes, keepingAxes: true) + epsilon)
}
