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

/// What all optimizers have: parameters, a counter, a schedule, rules.
struct OptimizerCore: Sendable {
  let parameters: [Parameter]
  let step: State
  let learningRateFactor: State
  let schedule: any LearningRate
  private let settings: [ObjectIdentifier: (index: Int, factor: Double, weightDecay: Double)]

  init(
    _ name: String, _ parameters: [Parameter], _ schedule: any LearningRate, weightDecay: Double, rules: [ParameterRule]
  ) {
    var settings: [ObjectIdentifier: (index: Int, factor: Double, weightDecay: Double)] = [:]
    var distinct: [Parameter] = []
    for parameter in parameters where settings[ObjectIdentifier(parameter)] == nil {
      let rule = rules.first { $0.isFor(parameter) }
      settings[ObjectIdentifier(parameter)] =
        (distinct.count, rule?.learningRateFactor ?? 1, rule?.weightDecay ?? weightDecay)
      distinct.append(parameter)
    }
    self.parameters = distinct
    self.settings = settings
    self.schedule = schedule
    step = State(.zeros([], dtype: .int64))
    step.name = "\(name).step"
    learningRateFactor = State(.ones([], dtype: .float64))
    learningRateFactor.name = "\(name).learningRateFactor"
    // Initial values in a program of their own, so that the first step is the same program as all others.
    Recorder.current.evaluate(distinct.map(\.storage))
  }

  /// A state for every parameter, beginning at zero.
  func zeros(_ name: String) -> [State] {
    var counts: [String: Int] = [:]
    let states = parameters.enumerated().map { index, parameter in
      let state = State(.zeros(parameter.shape, dtype: parameter.type.dtype))
      let path = parameter.name.isEmpty ? String(index) : parameter.name
      counts[path, default: 0] += 1
      // Two models that are trained by one optimizer may have the same paths.
      state.name = counts[path] == 1 ? "\(name).\(path)" : "\(name).\(path)#\(counts[path]!)"
      return state
    }
    Recorder.current.evaluate(states.map(\.storage))
    return states
  }
}

/// One parameter's turn in an update.
struct ParameterUpdate {
  let parameter: Parameter
  /// The position of the parameter, and of what belongs to it, in the optimizer's lists.
  let index: Int
  let gradient: Tensor
  /// The learning rate, `float64 []`.
  let learningRate: Tensor
  let weightDecay: Double
}

extension OptimizerCore {
  /// Counts the step, calls `change` for every parameter that has a gradient, and runs the program.
  func update(
    with gradients: consuming Gradients, _ change: (ParameterUpdate, _ step: Tensor) -> Void
  ) {
    let before = step.tensor
    let rate = schedule.rate(at: before) * learningRateFactor.tensor
    let count = before + 1
    step.tensor = count
    var entries = gradients.entries
    _ = consume gradients
    // From the last, each dropped as it is used: a gradient that a tensor stands for would have to be kept.
    entries.reverse()
    while let (parameter, gradient) = entries.popLast() {
      guard let own = settings[ObjectIdentifier(parameter)], parameter.isTrainable else { continue }
      let ownRate = own.factor == 1 ? rate : rate * own.factor
      change(
        ParameterUpdate(
          parameter: parameter, index: own.index, gradient: gradient, learningRate: ownRate,
          weightDecay: own.weightDecay), count)
    }
    Recorder.current.endStep()
  }
}
