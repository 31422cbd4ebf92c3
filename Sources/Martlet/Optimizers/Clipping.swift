import MartletGraph

extension Gradients {
  /// The root of the sum of the squares of all elements, `float32 []`; 0 if there are none.
  public var norm: Tensor {
    let squares = entries.map { _, gradient in
      let wide = gradient.dtype == .float64 ? gradient : gradient.cast(to: .float32)
      return (wide * wide).sum().cast(to: .float32)
    }
    return squares.isEmpty ? .zeros([]) : sqrt(squares.dropFirst().reduce(squares[0]) { $0 + $1 })
  }

  /// All gradients scaled by one factor so that their common ``norm`` is at most `limit`.
  ///
  /// The factor is `limit / (norm + 1e-6)` where that is below 1, as PyTorch has it. A norm that is not finite makes
  /// every gradient NaN or 0: check the loss.
  public func clipped(toNorm limit: Double) -> Gradients { clipped(toNorm: limit, norm: norm) }

  /// As ``clipped(toNorm:)``, for a norm that is known already.
  public func clipped(toNorm limit: Double, norm: Tensor) -> Gradients {
    let factor = minimum(limit / (norm + 1e-6), 1)
    return mapGradients { $0 * factor.cast(to: $0.dtype) }
  }

  /// Every element kept inside `-limit...limit`.
  public func clipped(toValue limit: Double) -> Gradients { mapGradients { $0.clipped(to: -limit...limit) } }
}

/// The mean of the gradients of several small batches, for the step of a large one.
///
/// ```swift
/// for part in batch.parts { accumulator.add(gradients(part)) }
/// optimizer.update(with: accumulator.take())
/// ```
public final class GradientAccumulator: Sendable {
  /// The parameters whose gradients are added up.
  public let parameters: [Parameter]
  /// The number of gradients added since the last ``take()``, `int64 []`.
  public let count: State
  private let sums: [State]

  public init(_ parameters: [Parameter]) {
    let core = OptimizerCore("accumulator", parameters, 1.0, weightDecay: 0, rules: [])
    self.parameters = core.parameters
    count = State(.zeros([], dtype: .int64))
    count.name = "accumulator.count"
    sums = core.zeros("accumulator.sum")
  }

  /// Everything a checkpoint must hold.
  public var states: [State] { [count] + sums }

  /// Adds gradients, and runs everything recorded so far as one program.
  public func add(_ gradients: consuming Gradients) {
    count.tensor = count.tensor + 1
    for (parameter, sum) in zip(parameters, sums) {
      if let gradient = gradients[parameter] { sum.tensor = sum.tensor + gradient }
    }
    _ = consume gradients
    Recorder.current.endStep()
  }

  /// The mean of what was added, zero for parameters that had no gradient; begins again.
  public func take() -> Gradients {
    let divisor = maximum(count.tensor, 1)
    let means = zip(parameters, sums).map { parameter, sum in
      (parameter: parameter, gradient: sum.tensor / divisor.cast(to: parameter.type.dtype))
    }
    for state in states { state.tensor = .zeros(state.shape, dtype: state.type.dtype) }
    return Gradients(means)
  }
}

/// Moving averages of parameters, which often do better than the last values.
///
/// - Note: Polyak and Juditsky, *SIAM J. Control Optim.* 30 (1992).
public final class AveragedWeights: Sendable {
  /// The parameters that are averaged.
  public let parameters: [Parameter]
  /// The averages, with names such as `average.head.weight`.
  public let states: [State]
  /// The share of the old average that an update keeps.
  public let decay: Double

  /// Averages that begin with the present values.
  public init(_ parameters: [Parameter], decay: Double) {
    let core = OptimizerCore("average", parameters, 1.0, weightDecay: 0, rules: [])
    self.parameters = core.parameters
    states = core.zeros("average")
    self.decay = decay
    for (parameter, state) in zip(core.parameters, states) { state.storage = parameter.storage }
  }

  /// Moves the averages toward the present values; call it after the optimizer.
  public func update() {
    for (parameter, state) in zip(parameters, states) {
      state.tensor = state.tensor * decay + parameter.tensor * (1 - decay)
    }
    Recorder.current.endStep()
  }

  /// Runs `body` while the parameters hold the averages.
  public func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
    let held = parameters.map(\.tensor)
    defer { for (parameter, value) in zip(parameters, held) { parameter.tensor = value } }
    for (parameter, state) in zip(parameters, states) { parameter.tensor = state.tensor }
    return try body()
  }
}
