import MartletGraph

extension Initializer {
  /// What a variance is divided by.
  public enum Fan: Sendable, Hashable { case fanIn, fanOut, average }
  /// The shape of a distribution.
  public enum Form: Sendable, Hashable { case normal, truncatedNormal, uniform }

  /// A variance of `scale` over the fan, of any distribution; what the named ones are cases of.
  ///
  /// The truncated normal distribution is widened so that what is left has that variance, as in Keras.
  public static func varianceScaling(
    _ scale: Double = 1, fan: Fan = .fanIn, form: Form = .truncatedNormal
  ) -> Initializer {
    Initializer { type, seed in
      let (fanIn, fanOut) = fans(type.shape)
      let size: Double =
        switch fan {
        case .fanIn: fanIn
        case .fanOut: fanOut
        case .average: (fanIn + fanOut) / 2
        }
      let deviation = (scale / size).squareRoot()
      switch form {
      case .normal: return .normal(type.shape, standardDeviation: deviation, dtype: type.dtype, seed: seed)
      case .truncatedNormal:
        // The standard deviation of a standard normal number cut at 2.
        let wide = deviation / 0.87962566103423978
        return .truncatedNormal(type.shape, standardDeviation: wide, dtype: type.dtype, seed: seed)
      case .uniform:
        let bound = deviation * 3.0.squareRoot()
        return .uniform(type.shape, in: -bound...bound, dtype: type.dtype, seed: seed)
      }
    }
  }

  /// Ones on the diagonal of the last two dimensions, times `gain`; zeros elsewhere.
  public static func identity(gain: Double = 1) -> Initializer {
    Initializer { type, _ in
      let sizes = Array(type.shape.suffix(2))
      guard sizes.count == 2 else { return .full(type.shape, value: gain, dtype: type.dtype) }
      return (Tensor.eye(sizes[0], columns: sizes[1], dtype: type.dtype) * gain).broadcast(to: type.shape)
    }
  }

  /// A filter `[window..., in, out]` that gives its input back: the identity at the window's middle.
  public static let dirac = Initializer { type, _ in
    let window = Array(type.shape.dropLast(2))
    var result = Tensor.eye(type.shape[window.count], columns: type.shape[window.count + 1], dtype: type.dtype)
    for size in window.reversed() {
      let isMiddle = (Tensor.range(0..<size) .== Double(size / 2)).cast(to: type.dtype)
      let sizes = [size] + Array(repeating: 1, count: result.rank)
      result = isMiddle.reshaped(to: Shape(sizes)) * result.expandingDimensions(at: 0)
    }
    return result
  }

  /// Rows, or columns if there are fewer of them, that are orthogonal and of length `gain`; all such matrices are equally
  /// likely.
  ///
  /// All dimensions but the last are one.
  ///
  /// - Note: Saxe, McClelland and Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural
  ///   networks*, ICLR 2014. By the polar factor of a normal matrix, in place of its QR factor.
  public static func orthogonal(gain: Double = 1) -> Initializer {
    Initializer { type, seed in
      let columns = type.shape.last ?? 1
      let rows = columns == 0 ? 0 : type.elementCount / columns
      if rows == 0 { return .zeros(type.shape, dtype: type.dtype) }
      let normal = Tensor.normal([rows, columns], dtype: .float64, seed: seed)
      let wide = polarFactor(rows > columns ? normal.transposed() : normal)
      let matrix = rows > columns ? wide.transposed() : wide
      return (matrix * gain).cast(to: type.dtype).reshaped(to: type.shape)
    }
  }

  /// Normal numbers of which a share of each column is 0.
  ///
  /// - Note: Martens, *Deep learning via Hessian-free optimization*, ICML 2010.
  public static func sparse(zeroShare: Double, standardDeviation: Double = 0.01) -> Initializer {
    Initializer { type, seed in
      let values = Tensor.normal(type.shape, standardDeviation: standardDeviation, dtype: type.dtype, seed: seed)
      let inputs = type.shape.rank > 1 ? type.shape[type.shape.rank - 2] : 1
      let order = Tensor.uniform(type.shape, dtype: .float64, seed: seed &+ 1)
      let rank = order.argSorted(axis: max(type.shape.rank - 2, 0)).argSorted(axis: max(type.shape.rank - 2, 0))
      let zeros = (Double(inputs) * zeroShare).rounded(.up)
      return select(rank .< zeros, 0, values)
    }
  }
}

/// The matrix with orthogonal rows that is nearest to a wide matrix: X ← X (3 - Xᵀ X) / 2, which brings every singular
/// value below √3 to 1.
private func polarFactor(_ matrix: Tensor) -> Tensor {
  let identity = Tensor.eye(matrix.shape[0], dtype: matrix.dtype)
  let start = [matrix / matrix.norm(), Tensor.full([], value: 1, dtype: matrix.dtype), Tensor.zeros([], dtype: .int64)]
  return whileLoop(start) { carry in
    (carry[1] .> 1e-13) & (carry[2] .< 200)
  } do: { carry in
    let gram = matmul(carry[0], carry[0].transposed())
    let next = matmul(identity * 1.5 - gram * 0.5, carry[0])
    return [next, abs(gram - identity).max(), carry[2] + 1]
  }[0]
}
