import MartletGraph

/// A probability distribution, or a tensor of them: its parameters are tensors that broadcast.
///
/// Samples are a pure function of key, stream and position, so they are the same on every engine and with any number of
/// threads. Those of continuous distributions have a derivative by the parameters (reparameterization).
///
/// ```swift
/// let prior = Normal(mean: .zeros([8]), standardDeviation: .ones([8]))
/// let code = Normal(mean: mean, standardDeviation: exp(logDeviation))
/// let z = code.sample(using: &source)
/// let loss = -likelihood(z) + code.divergence(to: prior).sum()
/// ```
public protocol Distribution: Sendable {
  /// The sizes of the parameters together, before those of one sample.
  var batchShape: Shape { get }
  /// The sizes of one sample: `[]`, or `[classes]`, `[n]` of distributions over vectors.
  var eventShape: Shape { get }
  /// The logarithm of the density, or of the probability, at `x`; `-inf` where there is none.
  ///
  /// - Parameter x: Broadcasts with batch and event.
  func logProbability(_ x: Tensor) -> Tensor
  /// The mean of -log *p*, of each distribution.
  var entropy: Tensor { get }
  /// Of each element of a sample.
  var mean: Tensor { get }
  /// Of each element of a sample.
  var variance: Tensor { get }
  /// Samples for a key of ``RandomSource/nextKey()``, `shape + batch + event`.
  func sample(_ shape: Shape, key: Tensor) -> Tensor
  /// The mean of log *p* - log *q* under this distribution, for another, *q*, of its kind: the Kullback–Leibler divergence.
  func divergence(to other: Self) -> Tensor
}

extension Distribution {
  public var eventShape: Shape { [] }

  /// Samples.
  ///
  /// - Parameter shape: How many; `[]` gives one of each distribution.
  /// - Returns: `shape + batch + event`.
  public func sample(_ shape: Shape = [], seed: UInt64) -> Tensor { sample(shape, key: Tensor([seed, 0])) }

  /// Samples, the next ones of `source`.
  public func sample(_ shape: Shape = [], using source: inout some RandomSource) -> Tensor {
    sample(shape, key: source.nextKey())
  }

  /// The density, or the probability, at `x`.
  public func probability(_ x: Tensor) -> Tensor { exp(logProbability(x)) }

  /// The square root of the variance.
  public var standardDeviation: Tensor { sqrt(variance) }
}

// MARK: - What distributions are written with

/// Parameters in one shape and one floating-point type.
func broadcastParameters(_ name: String, _ parameters: [Tensor]) -> [Tensor] {
  do {
    var shape = Shape()
    for parameter in parameters {
      try checkFloatingPoint(parameter)
      if parameter.dtype != parameters[0].dtype {
        throw mistake("the parameters have different types, \(parameters.map(\.type))")
      }
      shape = try broadcastShape(shape, parameter.shape, operation: name)
    }
    return parameters.map { $0.broadcast(to: shape) }
  } catch {
    _ = stop(GraphError(name, (error as? GraphError)?.message ?? "\(error)"), at: SourceLocation(programCounter: 0))
    return parameters
  }
}

/// Numbers k / 2ⁿ in 0..<1.
func unitNumbers(_ shape: Shape, _ dtype: DType, _ key: Tensor) -> Tensor {
  compose("sample", #fileID, #line) { try $0.unitUniform(TensorType(dtype, shape), key: key) }
}

/// Numbers strictly between 0 and 1, whose logarithm is finite.
func openNumbers(_ shape: Shape, _ dtype: DType, _ key: Tensor) -> Tensor {
  let half: Double = dtype == .float64 ? 0x1p-54 : 0x1p-25
  // The last number of a type rounds to 1 when half a step is added; it is the only one.
  return minimum(unitNumbers(shape, dtype, key) + half, 1 - 2 * half)
}

func standardNormal(_ shape: Shape, _ dtype: DType, _ key: Tensor) -> Tensor {
  compose("sample", #fileID, #line) { try $0.normal(TensorType(dtype, shape), 0, 1, key: key) }
}

/// Keys that have nothing to do with each other, from one.
func split(_ key: Tensor, _ count: Int) -> [Tensor] {
  let words = compose("sample", #fileID, #line) { try $0(RandomBits(TensorType(.uint64, [count])), key) }
  let zero = Tensor.zeros([], dtype: .uint64)
  return (0..<count).map { Tensor(stacking: [words[$0], zero]) }
}

/// The key that is `step` requests further on.
func advanced(_ key: Tensor, by step: Tensor) -> Tensor {
  Tensor(stacking: [key[0], key[1] + step.cast(to: .uint64)])
}

func joined(_ a: Shape, _ b: Shape) -> Shape { Shape(Array(a) + Array(b)) }

/// -inf where `isInside` is false.
func inside(_ isInside: Tensor, _ value: Tensor) -> Tensor { select(isInside, value, -Double.infinity) }
