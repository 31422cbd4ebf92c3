import MartletGraph

/// Yes or no.
///
/// Samples are 0 and 1 in the parameters' type, and have no derivative.
public struct Bernoulli: Distribution {
  /// The logarithms of the odds.
  public let logits: Tensor

  public init(logits: Tensor) { self.logits = broadcastParameters("Bernoulli", [logits])[0] }

  /// - Parameter probabilities: Of yes, in 0...1.
  public init(probabilities: Tensor) {
    let p = broadcastParameters("Bernoulli", [probabilities])[0]
    logits = log(p) - log1p(-p)
  }

  public var batchShape: Shape { logits.shape }
  public var mean: Tensor { sigmoid(logits) }
  public var variance: Tensor { sigmoid(logits) * sigmoid(-logits) }
  public var entropy: Tensor {
    softplus(-abs(logits)) + abs(logits) * sigmoid(-abs(logits))
  }

  public func logProbability(_ x: Tensor) -> Tensor {
    let isYes = x .== 1
    let signed = select(isYes, logits, -logits)
    return inside(isYes | (x .== 0), logSigmoid(signed))
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let u = unitNumbers(joined(shape, batchShape), logits.dtype, key)
    return (u .< stopGradient(mean)).cast(to: logits.dtype)
  }

  public func divergence(to other: Bernoulli) -> Tensor {
    mean * (logSigmoid(logits) - logSigmoid(other.logits))
      + sigmoid(-logits) * (logSigmoid(-logits) - logSigmoid(-other.logits))
  }
}

/// One of several classes.
///
/// Samples are `int64`, by the largest of logits and Gumbel numbers, and have no derivative; those of
/// ``relaxedSample(_:temperature:key:)`` have one.
public struct Categorical: Distribution {
  /// `[batch..., classes]`.
  public let logits: Tensor

  /// - Parameter logits: `[..., classes]`; any number may be added to all of a row.
  public init(logits: Tensor) {
    self.logits = broadcastParameters("Categorical", [logits])[0]
    if logits.rank == 0 {
      let error = GraphError("Categorical", "needs logits [..., classes], got a scalar")
      _ = stop(error, at: SourceLocation(programCounter: 0))
    }
  }

  /// - Parameter probabilities: `[..., classes]`; rows are divided by their sums.
  public init(probabilities: Tensor) { self.init(logits: log(probabilities)) }

  public var batchShape: Shape { Shape(logits.shape.dropLast()) }
  /// The number of classes.
  public var classCount: Int { logits.shape.last ?? 0 }
  /// `[batch..., classes]`.
  public var probabilities: Tensor { logits.softmax() }
  private var numbers: Tensor { .range(0..<classCount, dtype: logits.dtype) }
  /// Of the class's number.
  public var mean: Tensor { (probabilities * numbers).sum(axes: -1) }
  /// Of the class's number.
  public var variance: Tensor { (probabilities * numbers * numbers).sum(axes: -1) - mean * mean }
  public var entropy: Tensor { -expectation(logits.logSoftmax()) }

  /// - Parameter x: Classes, of any integer type.
  public func logProbability(_ x: Tensor) -> Tensor {
    let isClass = x.cast(to: .int64).expandingDimensions(at: -1) .== Tensor.range(0..<classCount)
    let chosen = select(isClass, logits.logSoftmax(), 0).sum(axes: -1)
    return inside(isClass.any(axes: -1), chosen)
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    noisy(shape, key).argMax(axis: -1)
  }

  /// Probabilities near a corner, `shape + [batch..., classes]`, differentiable by the logits.
  ///
  /// - Note: Jang, Gu and Poole, *Categorical reparameterization with Gumbel-softmax*, ICLR 2017.
  public func relaxedSample(_ shape: Shape = [], temperature: Double, key: Tensor) -> Tensor {
    (noisy(shape, key) / temperature).softmax()
  }

  private func noisy(_ shape: Shape, _ key: Tensor) -> Tensor {
    let standard = compose("sample", #fileID, #line) {
      try $0.gumbel(TensorType(logits.dtype, joined(shape, logits.shape)), key: key)
    }
    return logits + standard
  }

  public func divergence(to other: Categorical) -> Tensor {
    expectation(logits.logSoftmax() - other.logits.logSoftmax())
  }

  /// Classes of probability 0 do not count.
  private func expectation(_ values: Tensor) -> Tensor {
    let p = probabilities
    let isPossible = p .> 0
    return select(isPossible, p * select(isPossible, values, 0), 0).sum(axes: -1)
  }
}

/// How often no comes before the first yes.
public struct Geometric: Distribution {
  /// Of yes.
  public let probability: Tensor

  /// - Parameter probability: Of yes, above 0 and up to 1.
  public init(probability: Tensor) { self.probability = broadcastParameters("Geometric", [probability])[0] }

  public var batchShape: Shape { probability.shape }
  public var mean: Tensor { (1 - probability) / probability }
  public var variance: Tensor { (1 - probability) / (probability * probability) }
  public var entropy: Tensor {
    let rest = 1 - probability
    let isPositive = rest .> 0
    return (select(isPositive, -rest * log(select(isPositive, rest, 1)), 0) - probability * log(probability))
      / probability
  }

  public func logProbability(_ x: Tensor) -> Tensor {
    let isNone = x .== 0
    let tail = log1p(-probability) * x
    return inside((x .>= 0) & (floor(x) .== x), select(isNone, 0, tail) + log(probability))
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let u = openNumbers(joined(shape, batchShape), probability.dtype, key)
    return floor(log(u) / log1p(-stopGradient(probability)))
  }

  public func divergence(to other: Geometric) -> Tensor {
    log(probability / other.probability)
      + (1 - probability) / probability * (log1p(-probability) - log1p(-other.probability))
  }
}

/// How often something happens in a time in which it happens `rate` times on average.
///
/// Samples are whole numbers in the parameters' type, and have no derivative.
public struct Poisson: Distribution {
  public let rate: Tensor

  /// - Parameter rate: Not negative.
  public init(rate: Tensor) { self.rate = broadcastParameters("Poisson", [rate])[0] }

  public var batchShape: Shape { rate.shape }
  public var mean: Tensor { rate }
  public var variance: Tensor { rate }

  /// By its sum over counts up to twelve deviations above the rate.
  ///
  /// - Complexity: As many terms as the largest rate and fifty; reads the rates.
  public var entropy: Tensor {
    let largest = rate.elementCount == 0 ? 0 : rate.max().scalar
    let count = Int((largest + 12 * largest.squareRoot()).rounded(.up)) + 50
    let counts = Tensor.range(0..<count, dtype: rate.dtype)
      .reshaped(to: Shape([count] + Array(repeating: 1, count: rate.rank)))
    let logs = logProbability(counts)
    let isPossible = isFinite(logs)
    let safe = select(isPossible, logs, 0)
    return -select(isPossible, exp(safe) * safe, 0).sum(axes: 0)
  }

  public func logProbability(_ x: Tensor) -> Tensor {
    let isCount = (x .>= 0) & (floor(x) .== x)
    let safe = select(isCount, x, 0)
    let isRate = rate .> 0
    let power = safe * log(select(isRate, rate, 1)) - rate
    let atZero = select(safe .== 0, Tensor.zeros([], dtype: rate.dtype), -Double.infinity)
    return inside(isCount, select(isRate, power - logGammaOfPositive(safe + 1), atZero))
  }

  public func sample(_ shape: Shape, key: Tensor) -> Tensor {
    let keys = split(key, 2)
    let rates = stopGradient(rate).broadcast(to: joined(shape, batchShape)).cast(to: .float64)
    let isSmall = rates .< 10
    let few = counted(select(isSmall, rates, 1), keys[0])
    let many = transformed(select(isSmall, 10, rates), keys[1])
    return select(isSmall, few, many).cast(to: rate.dtype)
  }

  public func divergence(to other: Poisson) -> Tensor {
    rate * (log(rate) - log(other.rate)) - (rate - other.rate)
  }
}

/// Poisson numbers by adding up probabilities until they pass a uniform number.
private func counted(_ rates: Tensor, _ key: Tensor) -> Tensor {
  let u = unitNumbers(rates.shape, .float64, key)
  let first = exp(-rates)
  let zero = Tensor.zeros(rates.shape, dtype: .float64)
  return whileLoop([zero, first, first]) { carry in
    ((u .>= carry[2]) & (carry[0] .< 200)).any()
  } do: { carry in
    let isShort = (u .>= carry[2]) & (carry[0] .< 200)
    let count = select(isShort, carry[0] + 1, carry[0])
    let probability = carry[1] * rates / maximum(count, 1)
    return [
      count, select(isShort, probability, carry[1]), select(isShort, carry[2] + probability, carry[2]),
    ]
  }[0]
}

/// Poisson numbers of rates of at least 10, by transformed rejection with a squeeze.
///
/// - Note: Hörmann, *The transformed rejection method for generating Poisson random variables*, Insurance: Math. Econ. 12
///   (1993), algorithm PTRS.
private func transformed(_ rates: Tensor, _ key: Tensor) -> Tensor {
  let shape = rates.shape
  let keys = split(key, 2)
  let root = sqrt(rates)
  let b = root * 2.53 + 0.931
  let a = b * 0.02483 - 0.059
  let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
  let right = 0.9277 - 3.6224 / (b - 2)
  let logRate = log(rates)
  let start = [
    Tensor.zeros([], dtype: .int64), Tensor.zeros(shape, dtype: .float64), Tensor.full(shape, value: 1, dtype: .bool),
  ]
  return whileLoop(start) { carry in
    carry[2].any() & (carry[0] .< 1000)
  } do: { carry in
    let u = openNumbers(shape, .float64, advanced(keys[0], by: carry[0])) - 0.5
    let v = openNumbers(shape, .float64, advanced(keys[1], by: carry[0]))
    let us = 0.5 - abs(u)
    let k = floor((a * 2 / us + b) * u + rates + 0.43)
    let isQuick = (us .>= 0.07) & (v .<= right)
    let isOut = (k .< 0) | ((us .< 0.013) & (v .> us))
    let safe = maximum(k, 0)
    let left = log(v) + log(inverseAlpha) - log(a / (us * us) + b)
    let isSlow = !isOut & (left .<= safe * logRate - rates - logGammaOfPositive(safe + 1))
    let isGood = carry[2] & (isQuick | isSlow)
    return [carry[0] + 1, select(isGood, k, carry[1]), carry[2] & !isGood]
  }[1]
}
