import MartletGraph

/// Normal vectors whose elements depend on each other.
public struct MultivariateNormal: Distribution {
  /// `[batch..., n]`.
  public let mean: Tensor
  /// A lower triangular matrix whose product with its transpose is the covariance, `[batch..., n, n]`.
  public let factor: Tensor

  /// - Parameters:
  ///   - mean: `[..., n]`.
  ///   - factor: Lower triangular, `[..., n, n]`, with a positive diagonal.
  public init(mean: Tensor, factor: Tensor, fileID: StaticString = #fileID, line: UInt = #line) {
    let n = mean.shape.last ?? 0
    if mean.rank == 0 || Array(factor.shape.suffix(2)) != [n, n] || factor.dtype != mean.dtype {
      let message = "needs a mean [..., n] and a factor [..., n, n] of one type, got \(mean.type) and \(factor.type)"
      _ = stop(GraphError("MultivariateNormal", message), at: SourceLocation(fileID, line))
    }
    let pair = broadcastParameters(
      "MultivariateNormal", [mean.expandingDimensions(at: -1), factor])
    self.mean = pair[0][.ellipsis, 0]
    self.factor = pair[1]
  }

  /// - Parameter covariance: Symmetric and positive definite, `[..., n, n]`.
  public init(mean: Tensor, covariance: Tensor, fileID: StaticString = #fileID, line: UInt = #line) {
    self.init(mean: mean, factor: choleskyFactor(covariance), fileID: fileID, line: line)
  }

  public var batchShape: Shape { Shape(mean.shape.dropLast()) }
  public var eventShape: Shape { Shape(mean.shape.suffix(1)) }
  private var size: Double { Double(mean.shape.last ?? 0) }
  public var covariance: Tensor { matmul(factor, factor.transposed()) }
  public var variance: Tensor { (factor * factor).sum(axes: -1) }
  private var logDeterminant: Tensor { log(factor.diagonal()).sum(axes: -1) }
  public var entropy: Tensor { logDeterminant + size * 1.4189385332046727 }

  /// - Parameter x: `[..., n]`.
  public func logProbability(_ x: Tensor) -> Tensor {
    let z = solvedLower(factor, x - mean)
    return (z * z).sum(axes: -1) * -0.5 - logDeterminant - size * 0.9189385332046727
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let normal = standardNormal(joined(shape, mean.shape), mean.dtype, key)
    return mean + (factor * normal.expandingDimensions(at: -2)).sum(axes: -1)
  }

  public func divergence(to other: MultivariateNormal) -> Tensor {
    let distance = solvedLower(other.factor, other.mean - mean)
    // Column by column: rows of the transpose.
    let columns = solvedLower(other.factor.expandingDimensions(at: -3), factor.transposed())
    let square = (columns * columns).sum(axes: [-2, -1]) + (distance * distance).sum(axes: -1)
    return (square - size) * 0.5 + other.logDeterminant - logDeterminant
  }
}

/// The lower triangular matrix whose product with its transpose is a positive definite one, column by column.
private func choleskyFactor(_ matrix: Tensor) -> Tensor {
  let n = matrix.shape.last ?? 0
  let basis = Tensor.eye(n, dtype: matrix.dtype)
  let start = Tensor.zeros(like: matrix)
  let (carry, _) = scan([start], over: [basis]) { carry, step in
    let unit = step[0]
    let row = (carry[0] * unit.expandingDimensions(at: -1)).sum(axes: -2)
    let rest = (matrix * unit).sum(axes: -1) - (carry[0] * row.expandingDimensions(at: -2)).sum(axes: -1)
    let pivot = (rest * unit).sum(axes: -1, keepingAxes: true)
    // Above the diagonal nothing is left but rounding.
    let isBelow = unit.cumulativeSum(axis: 0) .> 0
    let column = select(isBelow, rest * rsqrt(pivot), 0)
    return ([carry[0] + column.expandingDimensions(at: -1) * unit], [])
  }
  return carry[0]
}

/// The solution *z* of `factor · z = x` by forward substitution; shapes `[..., n, n]` and `[..., n]` broadcast.
private func solvedLower(_ factor: Tensor, _ x: Tensor) -> Tensor {
  let n = x.shape.last ?? 0
  let basis = Tensor.eye(n, dtype: x.dtype)
  let start = (factor * x.expandingDimensions(at: -2)).sum(axes: -1) * 0
  let (carry, _) = scan([start], over: [basis]) { carry, step in
    let unit = step[0]
    let row = (factor * unit.expandingDimensions(at: -1)).sum(axes: -2)
    let pivot = (row * unit).sum(axes: -1, keepingAxes: true)
    let rest = ((x - start) * unit).sum(axes: -1, keepingAxes: true) - (row * carry[0]).sum(axes: -1, keepingAxes: true)
    return ([carry[0] + rest / pivot * unit], [])
  }
  return carry[0]
}
