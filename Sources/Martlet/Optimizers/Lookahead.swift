/// Another optimizer, which after every few updates goes back a part of the way it has come.
///
/// - Note: Zhang et al., *Lookahead optimizer: k steps forward, 1 step back*, NeurIPS 2019.
public final class Lookahead: Optimizer {
  /// The optimizer that goes forward.
  public let base: any Optimizer
  /// Updates between two steps back.
  public let interval: Int
  /// The share of the way that is kept.
  public let share: Double
  private let anchors: [State]

  public init(_ base: any Optimizer, interval: Int = 5, share: Double = 0.5) {
    var core = OptimizerCore("lookahead", base.parameters, 1.0, weightDecay: 0, rules: [], hasWideCopies: false)
    anchors = core.states("lookahead.anchor") { $0.tensor.cast(to: $0.type.dtype.wide) }
    (self.base, self.interval, self.share) = (base, max(interval, 1), share)
  }

  public var parameters: [Parameter] { base.parameters }
  public var step: State { base.step }
  public var learningRateFactor: State { base.learningRateFactor }
  public var states: [State] { base.states + anchors }

  public func update(with gradients: consuming Gradients) {
    base.update(with: gradients)
    let isDue = step.tensor % Double(interval) .== 0
    for (parameter, anchor) in zip(parameters, anchors) {
      let value = parameter.tensor
      let back = anchor.tensor.moved(toward: value.cast(to: anchor.type.dtype), by: share)
      anchor.tensor = select(isDue, back, anchor.tensor)
      parameter.tensor = select(isDue, back.cast(to: value.dtype), value)
    }
    Recorder.current.endStep()
  }
}

/// Another optimizer, fed with the gradients at the worst point nearby, so that it seeks flat minima.
///
/// Every update computes two gradients; states that change, such as running statistics, change twice.
///
/// - Note: Foret et al., *Sharpness-aware minimization for efficiently improving generalization*, ICLR 2021; adaptive
///   as in Kwon et al., *ASAM*, ICML 2021.
public final class SharpnessAware: Sendable {
  /// The optimizer that changes the parameters; its states are all there are.
  public let base: any Optimizer
  /// How far away nearby is.
  public let radius: Double
  /// Whether nearby is measured in proportion to each element of a parameter.
  public let isAdaptive: Bool

  public init(_ base: any Optimizer, radius: Double = 0.05, isAdaptive: Bool = false) {
    (self.base, self.radius, self.isAdaptive) = (base, radius, isAdaptive)
  }

  /// Changes the parameters, and ends the step.
  ///
  /// - Returns: The loss where the parameters were.
  @discardableResult
  public func update(_ loss: () throws -> Tensor) rethrows -> Tensor {
    let (value, gradients) = try valueAndGradient(loss)
    let held = base.parameters.map(\.tensor)
    climb(gradients)
    let second: Gradients
    do {
      second = try valueAndGradient(loss).gradients
    } catch {
      putBack(held)
      throw error
    }
    putBack(held)
    base.update(with: second)
    return value
  }

  private func putBack(_ held: [Tensor]) {
    for (parameter, value) in zip(base.parameters, held) { parameter.tensor = value }
  }

  private func climb(_ gradients: Gradients) {
    let own = base.parameters.compactMap { parameter in gradients[parameter].map { (parameter, $0) } }
    let lengths = own.map { parameter, gradient in
      let scaled = isAdaptive ? gradient * abs(parameter.tensor) : gradient
      return (scaled * scaled).sum().cast(to: .float64)
    }
    guard let first = lengths.first else { return }
    let scale = radius / (sqrt(lengths.dropFirst().reduce(first) { $0 + $1 }) + 1e-12)
    for (parameter, gradient) in own {
      let value = parameter.tensor
      let move = gradient * scale.cast(to: gradient.dtype)
      parameter.tensor = value + (isAdaptive ? move * value * value : move)
    }
  }
}
