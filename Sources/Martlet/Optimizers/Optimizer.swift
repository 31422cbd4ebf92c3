import MartletGraph

/// What changes parameters by their gradients.
///
/// An optimizer is a reference: its counters and averages are ``State``, so that a step is part of a program, can be
/// `compiled`, and is saved and resumed.
public protocol Optimizer: AnyObject, Sendable {
  /// Changes every parameter that has a gradient, and ends the step: everything recorded so far runs as one program,
  /// while recording goes on.
  ///
  /// A failure that only values show (a label that is no class) is reported at the next read or by an enclosing
  /// ``checked(_:)``; all variables are then what they were before the step. Gradients that nobody keeps
  /// never exist in memory.
  func update(with gradients: consuming Gradients)

  /// The parameters it changes.
  var parameters: [Parameter] { get }

  /// Everything a checkpoint must hold, with names such as `adam.first.head.weight`.
  var states: [State] { get }

  /// The number of updates done, `int64 []`.
  var step: State { get }

  /// What the schedule gives is multiplied by this, `float64 []`; 1 at first. To lower the rate while training.
  var learningRateFactor: State { get }
}

/// How some parameters are treated unlike the others.
public struct ParameterRule: Sendable {
  /// Multiplies the learning rate; 0 leaves the parameters as they are.
  public var learningRateFactor: Double
  /// Replaces the optimizer's weight decay.
  public var weightDecay: Double?
  /// Which parameters the rule is for. The first rule that holds counts.
  public var isFor: @Sendable (Parameter) -> Bool

  /// A rule for the parameters that `isFor` chooses, by name or by shape.
  ///
  /// ```swift
  /// AdamW(
  ///   model.parameters, learningRate: 3e-4, weightDecay: 0.1,
  ///   rules: [ParameterRule(weightDecay: 0) { $0.shape.rank < 2 }])
  /// ```
  public init(
    learningRateFactor: Double = 1, weightDecay: Double? = nil, _ isFor: @escaping @Sendable (Parameter) -> Bool
  ) {
    (self.learningRateFactor, self.weightDecay, self.isFor) = (learningRateFactor, weightDecay, isFor)
  }
}
