import MartletGraph

/// A layer that is linear in one weight, and can be called with another in its place.
///
/// What ``SpectralNorm`` and ``WeightNorm`` wrap. The outputs of the weight are its last dimension.
public protocol WeightedLayer: Layer {
  /// The weight.
  var weight: Parameter { get }
  /// The values of the layer at `x` with `weight` in place of its own.
  func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor
}

/// A layer whose weight is divided by its largest singular value.
///
/// While training every call improves an estimate of the singular vectors, which are ``State``, by one power iteration.
///
/// - Note: Miyato et al., *Spectral normalization for generative adversarial networks*, ICLR 2018.
public struct SpectralNorm<Base: WeightedLayer>: Layer {
  public let base: Base
  /// Estimates of the left and the right singular vector, `[in]` and `[out]` of the weight as a matrix.
  public let left, right: State
  public let iterations: Int
  public let epsilon: Double

  /// - Parameters:
  ///   - iterations: Power iterations a call.
  ///   - epsilon: The smallest length to divide by.
  ///   - seed: Determines the first estimate; see ``withSeed(_:_:)``.
  public init(_ base: Base, iterations: Int = 1, epsilon: Double = 1e-12, seed: UInt64? = nil) {
    (self.base, self.iterations, self.epsilon) = (base, iterations, epsilon)
    let dtype = base.weight.type.dtype
    let matrix = base.weight.tensor.reshaped(to: [-1, base.weight.shape.last ?? 1])
    var out = unit(
      Tensor.normal([matrix.shape[1]], dtype: dtype, seed: seed ?? InitialSeeds.next()), epsilon)
    var into = Tensor.zeros([matrix.shape[0]], dtype: dtype)
    for _ in 0..<15 {
      into = unit(matmul(matrix, out), epsilon)
      out = unit(matmul(into, matrix), epsilon)
    }
    (left, right) = (State(into), State(out))
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let weight = base.weight.tensor
    let matrix = weight.reshaped(to: [-1, weight.shape.last ?? 1])
    if Mode.current == .training {
      let fixed = stopGradient(matrix)
      for _ in 0..<iterations {
        right.tensor = unit(matmul(left.tensor, fixed), epsilon)
        left.tensor = unit(matmul(fixed, right.tensor), epsilon)
      }
    }
    let size = dot(left.tensor, matmul(matrix, right.tensor))
    return base(x, weight: weight / size)
  }
}

private func unit(_ x: Tensor, _ epsilon: Double) -> Tensor { x / maximum(x.norm(), epsilon) }

/// A layer whose weight is a direction and a length for each output, learned apart.
///
/// - Note: Salimans and Kingma, *Weight normalization*, NeurIPS 2016.
public struct WeightNorm<Base: WeightedLayer>: Layer {
  /// Its weight is the direction.
  public let base: Base
  /// `[out]`; begins with the lengths that the weight has.
  public let magnitude: Parameter

  public init(_ base: Base) {
    self.base = base
    magnitude = Parameter(lengths(base.weight.tensor).flattened())
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let direction = base.weight.tensor
    return base(x, weight: direction * (magnitude.tensor / lengths(direction)))
  }
}

/// The length of each output's part of a weight, `[1, …, out]`.
private func lengths(_ weight: Tensor) -> Tensor {
  weight.norm(axes: Axes(Array(0..<max(weight.rank - 1, 0))), keepingAxes: true)
}

extension Dense: WeightedLayer {
  public func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor {
    let product = matmul(x, weight)
    return bias.map { product + $0.tensor } ?? product
  }
}

extension Conv1D: WeightedLayer {
  public func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor {
    let result = conv1D(
      x, weight, stride: Spatial(stride), dilation: Spatial(dilation), padding: padding, groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}

extension Conv2D: WeightedLayer {
  public func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor {
    let result = conv2D(x, weight, stride: stride, dilation: dilation, padding: padding, groups: groups)
    return bias.map { result + $0.tensor } ?? result
  }
}
