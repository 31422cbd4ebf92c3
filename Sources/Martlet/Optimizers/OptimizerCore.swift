import MartletGraph

/// What all optimizers have: parameters, a counter, a schedule, rules, states.
///
/// Parameters of 16-bit floats are changed by way of a copy in float 32, which is one of the states, because small steps
/// would be lost in them; averages and everything else are computed and kept in float 32 as well.
struct OptimizerCore: Sendable {
  let parameters: [Parameter]
  let step: State
  let learningRateFactor: State
  let schedule: any LearningRate
  /// Counter, factor, what ``zeros(_:)`` and ``number(_:_:)`` made, and the wide copies.
  private(set) var states: [State]
  private let settings: [ObjectIdentifier: (index: Int, factor: Double, weightDecay: Double)]
  private var wideCopies: [State?] = []

  init(
    _ name: String, _ parameters: [Parameter], _ schedule: any LearningRate, weightDecay: Double,
    rules: [ParameterRule], hasWideCopies: Bool = true
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
    states = [step, learningRateFactor]
    // Initial values in a program of their own, so that the first step is the same program as all others.
    Recorder.current.evaluate(distinct.map(\.storage))
    if hasWideCopies { makeWideCopies(name) }
  }

  private mutating func makeWideCopies(_ name: String) {
    guard parameters.contains(where: { $0.type.dtype.isNarrow }) else { return }
    let copies = makeStates("\(name).wide") { $0.type.dtype.isNarrow ? $0.tensor.cast(to: .float32) : .zeros([]) }
    wideCopies = zip(parameters, copies).map { $0.type.dtype.isNarrow ? $1 : nil }
    states += wideCopies.compactMap { $0 }
  }

  /// A state for every parameter, beginning at zero; of float 32 where the parameter has 16 bits.
  mutating func zeros(_ name: String) -> [State] { full(name, 0) }

  /// A state for every parameter, all elements beginning at `value`.
  mutating func full(_ name: String, _ value: Double) -> [State] {
    self.states(name) { .full($0.shape, value: value, dtype: $0.type.dtype.wide) }
  }

  /// A state for every parameter, beginning with what `initial` gives.
  mutating func states(_ name: String, _ initial: (Parameter) -> Tensor) -> [State] {
    let made = makeStates(name, initial)
    states += made
    return made
  }

  /// A state of no parameter of its own.
  mutating func add(_ state: State) { states.append(state) }

  /// One number, `float64 []`.
  mutating func number(_ name: String, _ value: Double) -> State {
    let state = State(.full([], value: value, dtype: .float64))
    state.name = name
    states.append(state)
    Recorder.current.evaluate([state.storage])
    return state
  }

  private func makeStates(_ name: String, _ initial: (Parameter) -> Tensor) -> [State] {
    var counts: [String: Int] = [:]
    let states = parameters.enumerated().map { index, parameter in
      let state = State(initial(parameter))
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

/// Stops for a setting with which no step means anything: a share outside of 0..<1, a negative number, NaN.
func checkSettings(
  _ optimizer: String, _ fileID: StaticString, _ line: UInt, shares: KeyValuePairs<String, Double> = [:],
  notNegative: KeyValuePairs<String, Double> = [:]
) {
  let badShare = shares.first { !(0..<1).contains($0.value) }.map { ($0, "0..<1") }
  let badNumber = notNegative.first { !($0.value >= 0) }.map { ($0, "0...") }
  guard let (setting, range) = badShare ?? badNumber else { return }
  let error = GraphError(optimizer, "the \(setting.key) \(setting.value) is outside \(range)")
  _ = stop(error, at: SourceLocation(fileID, line))
}

extension DType {
  /// Whether this is a floating-point type of 16 bits.
  var isNarrow: Bool { self == .float16 || self == .bfloat16 }
  /// The type to compute and add up in: float 32 for 16-bit floats.
  var wide: DType { isNarrow ? .float32 : self }
}

/// One parameter's turn in an update.
struct ParameterUpdate {
  let parameter: Parameter
  /// The position of the parameter, and of what belongs to it, in the optimizer's lists.
  let index: Int
  let derivative: Derivative
  /// The learning rate, `float64 []`.
  let learningRate: Tensor
  let weightDecay: Double
  fileprivate let wideCopy: State?

  /// The type to compute in.
  var dtype: DType { parameter.type.dtype.wide }
  /// The whole gradient.
  var gradient: Tensor { derivative.whole.cast(to: dtype) }
  /// The whole gradient, and the parameter times its weight decay.
  var decayedGradient: Tensor { weightDecay == 0 ? gradient : gradient + value * weightDecay }
  /// The learning rate in the type to compute in.
  var rate: Tensor { learningRate.cast(to: dtype) }

  /// The parameter's value, in the type to compute in.
  var value: Tensor {
    get {
      guard let wideCopy else { return parameter.tensor }
      // Somebody else may have changed the parameter since: then its value counts, not that of the copy.
      let own = wideCopy.tensor
      let narrow = parameter.tensor
      return select(own.cast(to: narrow.dtype) .== narrow, own, narrow.cast(to: .float32))
    }
    nonmutating set {
      parameter.tensor = newValue.cast(to: parameter.type.dtype)
      wideCopy?.tensor = newValue
    }
  }

  /// Takes a share of the parameter away that no average sees.
  func decay() {
    if weightDecay != 0 { value = value * (1 - learningRate * weightDecay).cast(to: dtype) }
  }

  /// The rows to change, if the gradient is nothing else and nothing else may change.
  var rows: GradientRows? {
    guard weightDecay == 0, wideCopy == nil, case .rows(let rows) = derivative else { return nil }
    return rows
  }
}

extension OptimizerCore {
  /// Counts the step, calls `change` for every parameter that has a gradient, and runs the program.
  func update(with gradients: consuming Gradients, _ change: (ParameterUpdate, _ step: Tensor) -> Void) {
    update(with: gradients, prepare: { $0 }, change)
  }

  /// As ``update(with:_:)``, with what `prepare` computes once for all parameters from the number of the update (1 for
  /// the first) and its learning rate, `float64 []` both.
  func update<Shared>(
    with gradients: consuming Gradients, shared prepare: (_ step: Tensor, _ rate: Tensor) -> Shared,
    _ change: (ParameterUpdate, Shared) -> Void
  ) {
    update(
      with: gradients, prepare: { prepare($0.cast(to: .float64), learningRate(before: $0)) }, change)
  }

  /// The learning rate of the update that makes the counter `count`.
  private func learningRate(before count: Tensor) -> Tensor {
    schedule.rate(at: count - 1) * learningRateFactor.tensor
  }

  private func update<Shared>(
    with gradients: consuming Gradients, prepare: (_ step: Tensor) -> Shared,
    _ change: (ParameterUpdate, Shared) -> Void
  ) {
    let recorder = Recorder.current
    let outer = recorder.beginPhase(.update)
    defer { recorder.endPhase(outer) }
    let before = step.tensor
    let rate = schedule.rate(at: before) * learningRateFactor.tensor
    let count = before + 1
    step.tensor = count
    let shared = prepare(count)
    var derivatives = gradients.derivatives
    _ = consume gradients
    // From the last, each dropped as it is used: a gradient that a tensor stands for would have to be kept.
    derivatives.reverse()
    while let (parameter, derivative) = derivatives.popLast() {
      guard let own = settings[ObjectIdentifier(parameter)], parameter.isTrainable else { continue }
      let ownRate = own.factor == 1 ? rate : rate * own.factor
      change(
        ParameterUpdate(
          parameter: parameter, index: own.index, derivative: derivative, learningRate: ownRate,
          weightDecay: own.weightDecay, wideCopy: wideCopies.isEmpty ? nil : wideCopies[own.index]), shared)
    }
    Recorder.current.endStep()
  }
}
