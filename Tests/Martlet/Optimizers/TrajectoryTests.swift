import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// A hundred steps of every optimizer, on the problems of `Tests/Fixtures/cases/trajectories.py`.
@Suite(.endsAtZero) struct TrajectoryTests {
  @Test func `every optimizer goes where its peer went`() throws {
    let cases = try RecordedCase.family("trajectories") + RecordedCase.family("moreTrajectories")
    #expect(cases.count >= 151)
    let problems = Dictionary(grouping: cases, by: \.operation).mapValues { Set($0.map { $0.string("problem") }) }
    #expect(problems.filter { $0.value.count < 3 }.keys.sorted() == [], "on fewer than three problems")
    let complaints = cases.compactMap { it in it.complaint(about: trajectory).map { "\($0) \(it.attributes)" } }
    #expect(complaints.isEmpty, "\(complaints.count): \(complaints.joined(separator: "\n"))")
  }

  @Test func `every schedule gives the rates of its peer`() throws {
    let cases = try RecordedCase.family("schedules")
    let complaints = cases.compactMap { $0.complaint(about: rates) }
    #expect(cases.count >= 23 && complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }
}

/// The parameters after each recorded number of steps.
private func trajectory(_ it: RecordedCase) throws -> [Tensor] {
  let count = it.int("parameterCount")
  let parameters = it.inputs.prefix(count).map { Parameter($0) }
  let data = Array(it.inputs.dropFirst(count))
  let loss = problem(it, parameters, data)
  let steps = it.ints("steps")
  var results: [Tensor] = []
  let optimizer = peer(it, parameters)
  for step in 1...steps.last! {
    switch optimizer {
    case .plain(let optimizer):
      optimizer.update(with: valueAndGradient { loss(step) }.gradients)
    case .pair(let first, let second):
      let gradients = valueAndGradient { loss(step) }.gradients
      first.update(with: gradients)
      second.update(with: gradients)
    case .sharpness(let optimizer): optimizer.update { loss(step) }
    case .lbfgs(let optimizer):
      optimizer.minimize(
        iterations: it.int("iterations"), search: it.bool("hasSearch") ? .strongWolfe : .fixed,
        evaluations: it.int("evaluations")
      ) { loss(step) }
    }
    if steps.contains(step) { results += parameters.map(\.tensor) }
  }
  if it.bool("averaged"), case .plain(let optimizer as ScheduleFreeAdamW) = optimizer {
    results += optimizer.withAverages { parameters.map(\.tensor) }
  }
  return results
}

private func problem(
  _ it: RecordedCase, _ p: [Parameter], _ data: [Tensor]
) -> (_ step: Int) -> Tensor {
  switch it.string("problem") {
  case "quadratic":
    { _ in
      let difference = matmul(data[0], p[0].tensor) - data[1]
      return (difference * difference).mean() * 0.5
    }
  case "rosenbrock":
    { _ in
      let x = p[0].tensor
      let curve = x[1...] - x[..<(-1)] * x[..<(-1)]
      let rest = 1 - x[..<(-1)]
      return (curve * curve * 10 + rest * rest).sum()
    }
  case "classes":
    { _ in
      let logs = matmul(data[0], p[0].tensor).logSoftmax()
      return -(logs * data[1]).sum() / Double(data[1].shape[0]) + (p[0].tensor * p[0].tensor).sum() * 0.02
    }
  case "table":
    { step in
      (tanh(p[0].tensor.gathered(at: data[1][step - 1])) * data[0]).sum()
    }
  case "tableSquares":
    { step in
      let difference = p[0].tensor.gathered(at: data[1][step - 1]) - data[0]
      return (difference * difference).sum()
    }
  case "tableProducts":
    { step in
      let rows = p[0].tensor.gathered(at: data[1][step - 1])
      return sigmoid((rows[1...] * rows[..<(-1)] * data[0][1...]).sum(axes: 1)).sum()
    }
  default:
    { _ in
      let z = matmul(tanh(matmul(data[0], p[0].tensor) + p[1].tensor), p[2].tensor) + p[3].tensor
      return -(z.logSoftmax() * data[1]).sum() / Double(data[1].shape[0])
    }
  }
}

private enum Peer {
  case plain(any Optimizer)
  case pair(any Optimizer, any Optimizer)
  case sharpness(SharpnessAware)
  case lbfgs(LBFGS)
}

private func peer(_ it: RecordedCase, _ p: [Parameter]) -> Peer {
  let rate = it.double("learningRate")
  let decay = it.double("weightDecay")
  let epsilon = it.double("epsilon")
  let momentum = it.double("momentum")
  let list = it.attributes["betas"]?.arrayValue?.compactMap(\.doubleValue) ?? [0, 0]
  let betas = (list[0], list[1])
  let rules =
    it.bool("hasRules") ? [ParameterRule(learningRateFactor: 0.5, weightDecay: 0) { $0.shape.rank < 2 }] : []
  switch it.operation {
  case "sgd":
    return .plain(
      SGD(
        p, learningRate: rate, momentum: momentum, dampening: it.double("dampening"), weightDecay: decay,
        isNesterov: it.bool("isNesterov"), rules: rules))
  case "adam":
    return .plain(
      Adam(
        p, learningRate: rate, betas: betas, epsilon: epsilon, weightDecay: decay, isAMSGrad: it.bool("isAMSGrad"),
        rules: rules))
  case "adamW":
    return .plain(
      AdamW(
        p, learningRate: rate, betas: betas, epsilon: epsilon, weightDecay: decay, isAMSGrad: it.bool("isAMSGrad"),
        rules: rules))
  case "lazyAdam": return .plain(LazyAdam(p, learningRate: rate, betas: betas, epsilon: epsilon))
  case "nadam":
    return .plain(
      NAdam(
        p, learningRate: rate, betas: betas, epsilon: epsilon, weightDecay: decay,
        isDecoupled: it.bool("isDecoupled"), rules: rules))
  case "radam":
    return .plain(
      RAdam(
        p, learningRate: rate, betas: betas, epsilon: epsilon, weightDecay: decay,
        isDecoupled: it.bool("isDecoupled"), rules: rules))
  case "adagrad":
    return .plain(
      Adagrad(
        p, learningRate: rate, rateDecay: it.double("rateDecay"), initialSum: it.double("initialSum"),
        epsilon: epsilon, weightDecay: decay, rules: rules))
  case "adadelta":
    return .plain(
      Adadelta(p, learningRate: rate, decay: it.double("decay"), epsilon: epsilon, weightDecay: decay, rules: rules))
  case "rmsProp":
    return .plain(
      RMSProp(
        p, learningRate: rate, decay: it.double("decay"), epsilon: epsilon, momentum: momentum,
        isCentered: it.bool("isCentered"), weightDecay: decay, rules: rules))
  case "adafactor":
    return .plain(
      Adafactor(
        p, learningRate: rate, decayExponent: it.double("decayExponent"),
        clippingThreshold: it.double("clippingThreshold"), weightDecay: decay, rules: rules))
  case "scheduleFree":
    return .plain(
      ScheduleFreeAdamW(p, learningRate: rate, betas: betas, epsilon: epsilon, weightDecay: decay))
  case "lion": return .plain(Lion(p, learningRate: rate, betas: betas, weightDecay: decay))
  case "lamb": return .plain(LAMB(p, learningRate: rate, betas: betas, epsilon: epsilon, weightDecay: decay))
  case "lars":
    return .plain(
      LARS(
        p, learningRate: rate, momentum: momentum, trustCoefficient: it.double("trustCoefficient"), epsilon: epsilon,
        weightDecay: decay, isNesterov: it.bool("isNesterov")))
  case "lookahead":
    return .plain(
      Lookahead(Adam(p, learningRate: rate), interval: it.int("interval"), share: it.double("share")))
  case "sam":
    return .sharpness(
      SharpnessAware(
        SGD(p, learningRate: rate, momentum: momentum), radius: it.double("radius"), isAdaptive: it.bool("isAdaptive")))
  case "shampoo": return .plain(Shampoo(p, learningRate: rate, epsilon: epsilon, weightDecay: decay))
  case "lbfgs": return .lbfgs(LBFGS(p, learningRate: rate, memory: it.int("memory")))
  default:
    let scaling: [String: Muon.Scaling] = [
      "original": .original, "match_rms_adamw": .matchingAdamW, "spectral_unclamped": .spectral,
    ]
    let matrices = Muon(
      p.filter { $0.shape.rank == 2 }, learningRate: rate, momentum: momentum, weightDecay: decay,
      scaling: scaling[it.string("scaling")]!)
    return .pair(matrices, SGD(p.filter { $0.shape.rank < 2 }, learningRate: 0.1))
  }
}

private func rates(_ it: RecordedCase) throws -> [Tensor] {
  if it.operation == "plateau" { return [plateauRates(it)] }
  let factor = it.double("factor")
  let schedule: any LearningRate =
    switch it.operation {
    case "constant": 0.1
    case "step": StepSchedule(0.1, factor: factor, every: it.int("interval"))
    case "multiStep": MultiStepSchedule(0.1, factor: factor, at: it.ints("milestones"))
    case "exponential": ExponentialSchedule(0.1, factor: factor)
    case "cosine": CosineSchedule(peak: 0.1, stepCount: it.int("stepCount"), floor: it.double("floor"))
    case "cosineRestart":
      CosineRestartSchedule(
        peak: 0.1, period: it.int("period"), periodFactor: it.int("periodFactor"), floor: it.double("floor"))
    case "polynomial": PolynomialSchedule(0.1, stepCount: it.int("stepCount"), exponent: it.double("exponent"))
    case "oneCycle":
      OneCycleSchedule(
        peak: 0.5, stepCount: it.int("stepCount"), rise: it.double("rise"),
        annealing: it.string("annealing") == "cos" ? .cosine : .linear, initialDivisor: 20, finalDivisor: 500,
        hasThreePhases: it.bool("hasThreePhases"))
    case "warmupStableDecay":
      WarmupStableDecaySchedule(
        peak: 0.1, warmupSteps: it.int("warmupSteps"), stableSteps: it.int("stableSteps"),
        decaySteps: it.int("decaySteps"))
    case "cyclic":
      CyclicSchedule(low: 0.1, high: 0.4, upSteps: it.int("upSteps"), downSteps: it.int("downSteps"), factor: factor)
    case "sequential":
      SequentialSchedule(
        [ExponentialSchedule(0.1, factor: 0.9), StepSchedule(0.1, factor: 0.5, every: 5)], at: [it.int("milestone")])
    default:
      ChainedSchedule([ExponentialSchedule(0.1, factor: 0.95), StepSchedule(1, factor: 0.5, every: 9)])
    }
  return [Tensor((0..<it.outputs[0].shape[0]).map { schedule.rate(at: Tensor($0)).scalar })]
}

private func plateauRates(_ it: RecordedCase) -> Tensor {
  let optimizer = SGD([], learningRate: 1.0)
  var plateau = ReduceOnPlateau(
    factor: 0.4, patience: it.int("patience"), cooldown: it.int("cooldown"),
    threshold: it.bool("isRelative") ? .relative(0.01) : .absolute(0.01), minimumFactor: 0.02,
    isLargerBetter: it.bool("isLargerBetter"))
  return Tensor(
    it.inputs[0].doubles.map { value in
      plateau.observe(value, optimizer)
      return optimizer.learningRateFactor.tensor.scalar
    })
}
