public import MartletGraph

/// Adds elements around images.
public struct SpatialPadding: Layer {
  public let before, after: Spatial
  public let mode: PaddingMode

  /// - Parameters:
  ///   - before: How many before each spatial dimension; negative ones crop, with a constant alone.
  ///   - after: How many after it.
  ///   - mode: What is added: a constant, the mirror image, the border, or the opposite side.
  public init(before: Spatial, after: Spatial, mode: PaddingMode = .constant(0)) {
    (self.before, self.after, self.mode) = (before, after, mode)
  }

  /// As many on both sides.
  public init(_ width: Spatial, mode: PaddingMode = .constant(0)) {
    self.init(before: width, after: width, mode: mode)
  }

  /// - Parameter x: `[batch, spatial..., channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let count = max(x.rank - 2, 0)
    let low = before.layerSizes(count, "SpatialPadding", #fileID, #line)
    let high = after.layerSizes(count, "SpatialPadding", #fileID, #line)
    return x.padded([(0, 0)] + zip(low, high).map { ($0, $1) } + [(0, 0)], mode: mode)
  }
}

/// Cuts the borders off images.
public struct Cropping: Layer {
  public let before, after: Spatial

  public init(before: Spatial, after: Spatial) { (self.before, self.after) = (before, after) }
  public init(_ width: Spatial) { self.init(before: width, after: width) }

  /// - Parameter x: `[batch, spatial..., channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let count = max(x.rank - 2, 0)
    let low = before.layerSizes(count, "Cropping", #fileID, #line).map { -$0 }
    let high = after.layerSizes(count, "Cropping", #fileID, #line).map { -$0 }
    return x.padded([(0, 0)] + zip(low, high).map { ($0, $1) } + [(0, 0)])
  }
}

/// Makes images larger by whole factors.
public struct UpSampling: Layer {
  /// Where new elements come from.
  public enum Method: Sendable, Hashable {
    /// The nearest one.
    case nearest
    /// The two nearest along each dimension, with pixels as areas (align-corners off).
    case linear
  }

  public let factor: Spatial
  public let method: Method

  public init(_ factor: Spatial, method: Method = .nearest) { (self.factor, self.method) = (factor, method) }

  /// - Parameter x: `[batch, spatial..., channels]`.
  /// - Returns: `[batch, spatial · factor..., channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let factors = factor.layerSizes(max(x.rank - 2, 0), "UpSampling", #fileID, #line)
    return factors.indices.reduce(x) { part, index in
      let (axis, factor) = (index + 1, factors[index])
      if factor == 1 { return part }
      if method == .nearest { return part.repeated(factor, axis: axis) }
      return enlarged(part, axis, factor)
    }
  }

  private func enlarged(_ x: Tensor, _ axis: Int, _ factor: Int) -> Tensor {
    let size = x.shape[axis]
    let places = (Tensor.range(0..<(size * factor), dtype: x.dtype.wide) + 0.5) / Double(factor) - 0.5
    let inside = places.clipped(to: 0...Double(max(size - 1, 0)))
    let low = Martlet.floor(inside)
    let high = minimum(low + 1, Double(max(size - 1, 0)))
    var sizes = Array(repeating: 1, count: x.rank)
    sizes[axis] = size * factor
    let share = (inside - low).cast(to: x.dtype).reshaped(to: Shape(sizes))
    let first = x.gathered(at: low.cast(to: .int64), axis: axis)
    return first + (x.gathered(at: high.cast(to: .int64), axis: axis) - first) * share
  }
}

/// A bilinear map of two vectors: `xᵀ · weight · y + bias` for each output.
public struct Bilinear: Module {
  /// `[out, left, right]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?

  /// - Parameter seed: Determines the initial weight; see ``withSeed(_:_:)``.
  public init(
    _ leftCount: Int, _ rightCount: Int, _ outputCount: Int, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil
  ) {
    weight = initializer.parameter([outputCount, leftCount, rightCount], dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros([outputCount], dtype: dtype)) : nil
  }

  /// - Parameters:
  ///   - x: `[..., left]`.
  ///   - y: `[..., right]`.
  /// - Returns: `[..., out]`.
  public func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor {
    // [..., out, right]
    let left = tensordot(x, weight.tensor, leftAxes: [-1], rightAxes: [1])
    let product = (left * y.expandingDimensions(at: -2)).sum(axes: -1)
    return bias.map { product + $0.tensor } ?? product
  }
}
