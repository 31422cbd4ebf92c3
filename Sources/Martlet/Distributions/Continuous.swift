import MartletGraph

/// The normal distribution.
public struct Normal: Distribution {
  public let mean, standardDeviation: Tensor

  public init(mean: Tensor, standardDeviation: Tensor) {
    let parameters = broadcastParameters("Normal", [mean, standardDeviation])
    (self.mean, self.standardDeviation) = (parameters[0], parameters[1])
  }

  public var batchShape: Shape { mean.shape }
  public var variance: Tensor { standardDeviation * standardDeviation }
  public var entropy: Tensor { log(standardDeviation) + 1.4189385332046727 }

  public func logProbability(_ x: Tensor) -> Tensor {
    let z = (x - mean) / standardDeviation
    return z * z * -0.5 - log(standardDeviation) - 0.9189385332046727
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    mean + standardDeviation * standardNormal(joined(shape, batchShape), mean.dtype, key)
  }

  public func divergence(to other: Normal) -> Tensor {
    let ratio = standardDeviation / other.standardDeviation
    let distance = (mean - other.mean) / other.standardDeviation
    return (ratio * ratio + distance * distance - 1) * 0.5 - log(ratio)
  }

  /// The probability of a number up to `x`.
  public func cumulativeProbability(_ x: Tensor) -> Tensor {
    erfc((mean - x) / (standardDeviation * 2.0.squareRoot())) * 0.5
  }
}

/// The distribution of the exponential of a normal number.
public struct LogNormal: Distribution {
  /// Of the logarithm.
  public let normal: Normal

  /// - Parameters:
  ///   - mean: Of the logarithm.
  ///   - standardDeviation: Of the logarithm.
  public init(mean: Tensor, standardDeviation: Tensor) {
    normal = Normal(mean: mean, standardDeviation: standardDeviation)
  }

  public var batchShape: Shape { normal.batchShape }
  public var mean: Tensor { exp(normal.mean + normal.variance * 0.5) }
  public var variance: Tensor { expm1(normal.variance) * exp(normal.mean * 2 + normal.variance) }
  public var entropy: Tensor { normal.entropy + normal.mean }

  public func logProbability(_ x: Tensor) -> Tensor {
    let isPositive = x .> 0
    let logs = log(select(isPositive, x, 1))
    return inside(isPositive, normal.logProbability(logs) - logs)
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor { exp(normal.sample(shape, key: key)) }
  public func divergence(to other: LogNormal) -> Tensor { normal.divergence(to: other.normal) }
}

/// All numbers of a range alike.
public struct Uniform: Distribution {
  public let low, high: Tensor

  public init(low: Tensor, high: Tensor) {
    let parameters = broadcastParameters("Uniform", [low, high])
    (self.low, self.high) = (parameters[0], parameters[1])
  }

  public var batchShape: Shape { low.shape }
  public var mean: Tensor { (low + high) * 0.5 }
  public var variance: Tensor { (high - low) * (high - low) / 12 }
  public var entropy: Tensor { log(high - low) }

  public func logProbability(_ x: Tensor) -> Tensor {
    inside((x .>= low) & (x .<= high), x * 0 - log(high - low))
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    low + (high - low) * unitNumbers(joined(shape, batchShape), low.dtype, key)
  }

  /// Infinite where the other range does not hold this one.
  public func divergence(to other: Uniform) -> Tensor {
    let isHeld = (other.low .<= low) & (other.high .>= high)
    return select(isHeld, log((other.high - other.low) / (high - low)), .infinity)
  }
}

/// The waiting time of what happens at a rate.
public struct Exponential: Distribution {
  public let rate: Tensor

  public init(rate: Tensor) { self.rate = broadcastParameters("Exponential", [rate])[0] }

  public var batchShape: Shape { rate.shape }
  public var mean: Tensor { reciprocal(rate) }
  public var variance: Tensor { reciprocal(rate * rate) }
  public var entropy: Tensor { 1 - log(rate) }

  public func logProbability(_ x: Tensor) -> Tensor { inside(x .>= 0, log(rate) - rate * x) }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    -log(openNumbers(joined(shape, batchShape), rate.dtype, key)) / rate
  }

  public func divergence(to other: Exponential) -> Tensor {
    let ratio = other.rate / rate
    return ratio - 1 - log(ratio)
  }
}

/// An exponential distribution to both sides.
public struct Laplace: Distribution {
  public let mean, scale: Tensor

  public init(mean: Tensor, scale: Tensor) {
    let parameters = broadcastParameters("Laplace", [mean, scale])
    (self.mean, self.scale) = (parameters[0], parameters[1])
  }

  public var batchShape: Shape { mean.shape }
  public var variance: Tensor { scale * scale * 2 }
  public var entropy: Tensor { log(scale * 2) + 1 }

  public func logProbability(_ x: Tensor) -> Tensor { -abs(x - mean) / scale - log(scale * 2) }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let u = openNumbers(joined(shape, batchShape), mean.dtype, key) - 0.5
    return mean - scale * sign(u) * log1p(abs(u) * -2)
  }

  public func divergence(to other: Laplace) -> Tensor {
    let (ratio, distance) = (scale / other.scale, abs(mean - other.mean))
    return ratio * exp(-distance / scale) + distance / other.scale - log(ratio) - 1
  }
}

/// The distribution of the largest of many numbers: -log(-log *u*).
public struct Gumbel: Distribution {
  public let location, scale: Tensor

  public init(location: Tensor, scale: Tensor) {
    let parameters = broadcastParameters("Gumbel", [location, scale])
    (self.location, self.scale) = (parameters[0], parameters[1])
  }

  public var batchShape: Shape { location.shape }
  public var mean: Tensor { location + scale * 0.5772156649015329 }
  public var variance: Tensor { scale * scale * (Double.pi * Double.pi / 6) }
  public var entropy: Tensor { log(scale) + 1.5772156649015329 }

  public func logProbability(_ x: Tensor) -> Tensor {
    let z = (x - location) / scale
    return -z - exp(-z) - log(scale)
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let standard = compose("sample", #fileID, #line) {
      try $0.gumbel(TensorType(location.dtype, joined(shape, batchShape)), key: key)
    }
    return location + scale * standard
  }

  public func divergence(to other: Gumbel) -> Tensor {
    let ratio = scale / other.scale
    let distance = (location - other.location) / other.scale
    return -log(ratio) + (ratio - 1) * 0.5772156649015329
      + exp(-distance + logGammaOfPositive(ratio + 1)) - 1 + distance
  }
}

/// The distribution of the ratio of two normal numbers; it has neither mean nor variance.
public struct Cauchy: Distribution {
  public let location, scale: Tensor

  public init(location: Tensor, scale: Tensor) {
    let parameters = broadcastParameters("Cauchy", [location, scale])
    (self.location, self.scale) = (parameters[0], parameters[1])
  }

  public var batchShape: Shape { location.shape }
  /// NaN.
  public var mean: Tensor { location * .nan }
  /// NaN.
  public var variance: Tensor { location * .nan }
  public var entropy: Tensor { log(scale * (4 * Double.pi)) }

  public func logProbability(_ x: Tensor) -> Tensor {
    let z = (x - location) / scale
    return -log1p(z * z) - log(scale * Double.pi)
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    location + scale * tan((openNumbers(joined(shape, batchShape), location.dtype, key) - 0.5) * Double.pi)
  }

  public func divergence(to other: Cauchy) -> Tensor {
    let (sum, distance) = (scale + other.scale, location - other.location)
    return log((sum * sum + distance * distance) / (scale * other.scale * 4))
  }
}
