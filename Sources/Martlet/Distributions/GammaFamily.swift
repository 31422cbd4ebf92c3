import MartletGraph

/// The waiting time of several events; for integers of concentration the sum of as many exponential numbers.
public struct Gamma: Distribution {
  public let concentration, rate: Tensor

  public init(concentration: Tensor, rate: Tensor) {
    let parameters = broadcastParameters("Gamma", [concentration, rate])
    (self.concentration, self.rate) = (parameters[0], parameters[1])
  }

  public var batchShape: Shape { rate.shape }
  public var mean: Tensor { concentration / rate }
  public var variance: Tensor { concentration / (rate * rate) }
  public var entropy: Tensor {
    concentration - log(rate) + logGammaOfPositive(concentration)
      + (1 - concentration) * digammaOfPositive(concentration)
  }

  public func logProbability(_ x: Tensor) -> Tensor {
    let isInside = x .> 0
    let safe = select(isInside, x, 1)
    return inside(
      isInside,
      concentration * log(rate) + (concentration - 1) * log(safe) - rate * safe - logGammaOfPositive(concentration))
  }

  /// By the method of Marsaglia and Tsang; the derivative by the concentration is that at a fixed value of the
  /// distribution function.
  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    gammaNumbers(concentration.broadcast(to: joined(shape, batchShape)), key) / rate
  }

  public func divergence(to other: Gamma) -> Tensor {
    (concentration - other.concentration) * digammaOfPositive(concentration) - logGammaOfPositive(concentration)
      + logGammaOfPositive(other.concentration) + other.concentration * (log(rate) - log(other.rate))
      + concentration * (other.rate / rate - 1)
  }
}

/// Gamma numbers of rate 1, differentiable by their concentrations.
///
/// - Note: Marsaglia and Tsang, *A simple method for generating gamma variables*, ACM TOMS 26 (2000).
func gammaNumbers(_ concentration: Tensor, _ key: Tensor) -> Tensor {
  let numbers = rejected(stopGradient(concentration.cast(to: concentration.dtype.wide)), key)
  let narrow = numbers.cast(to: concentration.dtype)
  // The numbers pass through; their derivative is the slope along the distribution function.
  return withDerivative(at: [concentration, narrow]) {
    [$0[1]]
  } pullback: { x, _, cotangents in
    [cotangents[0] * gammaSlope(x[0], x[1]).cast(to: x[0].dtype), .zeros(like: x[1])]
  }[0]
}

/// The cube of a moved normal number is accepted with a probability above 0.95; those that are not are drawn again.
private func rejected(_ concentration: Tensor, _ key: Tensor) -> Tensor {
  let (shape, dtype) = (concentration.shape, concentration.dtype)
  let keys = split(key, 3)
  // Below 1: a number of concentration a + 1, times a uniform one to the power of 1 / a.
  let isSmall = concentration .< 1
  let a = select(isSmall, concentration + 1, concentration)
  let d = a - 1.0 / 3
  let c = rsqrt(d * 9)
  let start = [
    Tensor.zeros([], dtype: .int64), Tensor.zeros(shape, dtype: dtype), Tensor.full(shape, value: 1, dtype: .bool),
  ]
  let found = whileLoop(start) { carry in
    carry[2].any() & (carry[0] .< 1000)
  } do: { carry in
    let normal = standardNormal(shape, dtype, advanced(keys[0], by: carry[0]))
    let u = openNumbers(shape, dtype, advanced(keys[1], by: carry[0]))
    let base = normal * c + 1
    let cube = base * base * base
    let isPositive = cube .> 0
    let bound = normal * normal * 0.5 + d - d * cube + d * log(select(isPositive, cube, 1))
    let isGood = carry[2] & isPositive & (log(u) .< bound)
    return [carry[0] + 1, select(isGood, d * cube, carry[1]), carry[2] & !isGood]
  }
  let u = openNumbers(shape, dtype, keys[2])
  return found[1] * select(isSmall, exp(log(u) / select(isSmall, concentration, 1)), 1)
}

/// The distribution of a share: of the probability of yes after so many yes and no.
public struct Beta: Distribution {
  public let alpha, beta: Tensor

  public init(alpha: Tensor, beta: Tensor) {
    let parameters = broadcastParameters("Beta", [alpha, beta])
    (self.alpha, self.beta) = (parameters[0], parameters[1])
  }

  public var batchShape: Shape { alpha.shape }
  private var total: Tensor { alpha + beta }
  private var logNormalizer: Tensor {
    logGammaOfPositive(alpha) + logGammaOfPositive(beta) - logGammaOfPositive(total)
  }
  public var mean: Tensor { alpha / total }
  public var variance: Tensor { alpha * beta / (total * total * (total + 1)) }
  public var entropy: Tensor {
    logNormalizer - (alpha - 1) * digammaOfPositive(alpha) - (beta - 1) * digammaOfPositive(beta)
      + (total - 2) * digammaOfPositive(total)
  }

  public func logProbability(_ x: Tensor) -> Tensor {
    let isInside = (x .> 0) & (x .< 1)
    let safe = select(isInside, x, 0.5)
    return inside(isInside, (alpha - 1) * log(safe) + (beta - 1) * log1p(-safe) - logNormalizer)
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let keys = split(key, 2)
    let whole = joined(shape, batchShape)
    let (a, b) = (
      gammaNumbers(alpha.broadcast(to: whole), keys[0]), gammaNumbers(beta.broadcast(to: whole), keys[1])
    )
    return a / (a + b)
  }

  public func divergence(to other: Beta) -> Tensor {
    other.logNormalizer - logNormalizer + (alpha - other.alpha) * digammaOfPositive(alpha)
      + (beta - other.beta) * digammaOfPositive(beta) + (other.total - total) * digammaOfPositive(total)
  }
}

/// The distribution of shares that add up to 1.
public struct Dirichlet: Distribution {
  /// `[batch..., classes]`.
  public let concentration: Tensor

  public init(_ concentration: Tensor) {
    self.concentration = broadcastParameters("Dirichlet", [concentration])[0]
    if concentration.rank == 0 {
      let error = GraphError("Dirichlet", "needs concentrations [..., classes], got a scalar")
      _ = stop(error, at: SourceLocation(programCounter: 0))
    }
  }

  public var batchShape: Shape { Shape(concentration.shape.dropLast()) }
  public var eventShape: Shape { Shape(concentration.shape.suffix(1)) }
  private var total: Tensor { concentration.sum(axes: -1) }
  private var logNormalizer: Tensor { logGammaOfPositive(concentration).sum(axes: -1) - logGammaOfPositive(total) }
  private var shares: Tensor { concentration / concentration.sum(axes: -1, keepingAxes: true) }
  public var mean: Tensor { shares }
  public var variance: Tensor { shares * (1 - shares) / (total + 1).expandingDimensions(at: -1) }
  public var entropy: Tensor {
    let classes = Double(concentration.shape.last ?? 0)
    return logNormalizer + (total - classes) * digammaOfPositive(total)
      - ((concentration - 1) * digammaOfPositive(concentration)).sum(axes: -1)
  }

  /// - Parameter x: `[..., classes]`, each row adding up to 1.
  public func logProbability(_ x: Tensor) -> Tensor {
    let isInside = x .> 0
    let logs = log(select(isInside, x, 1))
    return inside(isInside.all(axes: -1), ((concentration - 1) * logs).sum(axes: -1) - logNormalizer)
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let numbers = gammaNumbers(concentration.broadcast(to: joined(shape, concentration.shape)), key)
    return numbers / numbers.sum(axes: -1, keepingAxes: true)
  }

  public func divergence(to other: Dirichlet) -> Tensor {
    let digammas = digammaOfPositive(concentration) - digammaOfPositive(total).expandingDimensions(at: -1)
    return other.logNormalizer - logNormalizer + ((concentration - other.concentration) * digammas).sum(axes: -1)
  }
}

/// A normal distribution with heavier tails: what is left when the variance was estimated.
public struct StudentT: Distribution {
  public let degreesOfFreedom, location, scale: Tensor

  public init(degreesOfFreedom: Tensor, location: Tensor, scale: Tensor) {
    let parameters = broadcastParameters("StudentT", [degreesOfFreedom, location, scale])
    (self.degreesOfFreedom, self.location, self.scale) = (parameters[0], parameters[1], parameters[2])
  }

  public var batchShape: Shape { location.shape }
  /// NaN up to one degree of freedom.
  public var mean: Tensor { select(degreesOfFreedom .> 1, location, .nan) }
  /// Infinite up to two degrees of freedom, NaN up to one.
  public var variance: Tensor {
    let isFinite = degreesOfFreedom .> 2
    let safe = select(isFinite, degreesOfFreedom, 3)
    let wide = select(degreesOfFreedom .> 1, Tensor.full(like: scale, value: .infinity), .nan)
    return select(isFinite, scale * scale * safe / (safe - 2), wide)
  }
  private var logNormalizer: Tensor {
    let half = degreesOfFreedom * 0.5
    return logGammaOfPositive(half) - logGammaOfPositive(half + 0.5) + log(degreesOfFreedom * Double.pi) * 0.5
      + log(scale)
  }
  public var entropy: Tensor {
    let half = degreesOfFreedom * 0.5
    return (half + 0.5) * (digammaOfPositive(half + 0.5) - digammaOfPositive(half)) + logNormalizer
  }

  public func logProbability(_ x: Tensor) -> Tensor {
    let z = (x - location) / scale
    return (degreesOfFreedom + 1) * -0.5 * log1p(z * z / degreesOfFreedom) - logNormalizer
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let keys = split(key, 2)
    let whole = joined(shape, batchShape)
    let normal = standardNormal(whole, location.dtype, keys[0])
    let half = degreesOfFreedom * 0.5
    let square = gammaNumbers(half.broadcast(to: whole), keys[1]) / half
    return location + scale * normal * rsqrt(square)
  }

  /// There is no closed form.
  public func divergence(to other: StudentT) -> Tensor {
    let error = GraphError("StudentT", "the divergence has no closed form; estimate it from samples")
    return Tensor(storage: stop(error, at: SourceLocation(programCounter: 0)))
  }
}
