import Martlet
import MartletGraph
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct OptimizerTests {
  @Test func `five updates give what PyTorch gave`() throws {
    let known: Set = ["sgd", "adam", "adamW", "clipByGlobalNorm"]
    let cases = try RecordedCase.family("optimizers").filter {
      known.contains($0.operation) && !$0.bool("isAMSGrad")
    }
    let complaints = cases.compactMap { $0.complaint(about: optimizerAnswer) }
    #expect(cases.count >= 20 && complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test func `rows that were looked up change as they do with the gradient of the whole table`() throws {
    let indices = Tensor([3, 0, 3, 1])
    func trained(_ loss: (Embedding) -> Tensor) -> [Float] {
      let table = Embedding(5, 4, seed: 3)
      let optimizer = SGD(table.parameters, learningRate: 0.5)
      for _ in 0..<3 { optimizer.update(with: valueAndGradient { loss(table) }.gradients) }
      return table.weight.tensor.scalars()
    }
    let direct = trained { table in exp(table(indices)).sum() }
    let dense = trained { table in exp(table(indices)).sum() + table.weight.tensor.sum() * 0 }
    // One rounding more or less where a row occurs twice.
    for (a, b) in zip(direct, dense) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
    let untouched = Embedding(5, 4, seed: 3).weight.tensor.scalars(as: Float.self)
    #expect(Array(direct[8..<12]) == Array(untouched[8..<12]))
  }

  @Test func `a step that fails leaves parameters and states as they were`() throws {
    let model = Dense(3, 2, seed: 1)
    let optimizer = Adam(model.parameters, learningRate: 0.1)
    func step(_ labels: [Int]) throws {
      try checked {
        let x = Tensor.normal([2, 3], seed: 5)
        optimizer.update(with: valueAndGradient { softmaxCrossEntropy(model(x), labels: Tensor(labels)) }.gradients)
      }
    }
    try step([0, 1])
    let variables = model.variables + optimizer.states
    let before = variables.map { $0.tensor.words }
    #expect(throws: ExecutionError.self) { try step([0, 2]) }
    #expect(variables.map { $0.tensor.words } == before)
    try step([1, 0])
    #expect(optimizer.step.tensor.scalar == 2)
    #expect(variables.map { $0.tensor.words } != before)
  }

  @Test func `rules give some parameters their own decay and rate`() throws {
    let model = Dense(2, 2, seed: 1)
    let still = model.bias!
    still.tensor = .ones([2])
    let optimizer = AdamW(
      model.parameters, learningRate: 0.1, weightDecay: 0.5,
      rules: [ParameterRule(weightDecay: 0) { $0.name == "bias" }])
    let before = model.weight.tensor.scalars(as: Float.self)
    let zeros = Gradients(model.parameters.map { ($0, .zeros($0.shape)) })
    optimizer.update(with: zeros)
    #expect(still.tensor.scalars(as: Float.self) == [1, 1])
    for (a, b) in zip(model.weight.tensor.scalars(as: Float.self), before) { #expect(abs(a - b * 0.95) < 1e-6) }
  }

  @Test func `schedules follow their formulas`() {
    func rates(_ schedule: some LearningRate, _ steps: [Int]) -> [Double] {
      steps.map { schedule.rate(at: Tensor($0)).scalar }
    }
    func close(_ a: [Double], _ b: [Double]) -> Bool {
      zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 } && a.count == b.count
    }
    #expect(close(rates(StepSchedule(1, factor: 0.5, every: 3), [0, 2, 3, 7]), [1, 1, 0.5, 0.25]))
    #expect(close(rates(LinearSchedule(peak: 1, stepCount: 10, floor: 0.5), [0, 5, 10, 20]), [1, 0.75, 0.5, 0.5]))
    let cosine = CosineSchedule(peak: 1, stepCount: 12, warmupSteps: 4, floor: 0.1)
    #expect(close(rates(cosine, [0, 3, 4, 8, 12, 50]), [0.25, 1, 1, 0.55, 0.1, 0.1]))
  }

  @Test func `the mean of accumulated gradients is that of one large batch`() throws {
    let x = Tensor.normal([4, 3], seed: 5)
    func trained(isAccumulating: Bool) -> [Float] {
      let model = Dense(3, 2, seed: 1)
      let optimizer = SGD(model.parameters, learningRate: 0.1)
      let accumulator = GradientAccumulator(model.parameters)
      for _ in 0..<2 {
        if isAccumulating {
          for part in x.chunks(2, axis: 0) { accumulator.add(valueAndGradient { tanh(model(part)).mean() }.gradients) }
          optimizer.update(with: accumulator.take())
        } else {
          optimizer.update(with: valueAndGradient { tanh(model(x)).mean() }.gradients)
        }
      }
      return model.weight.tensor.scalars()
    }
    // Four numbers are added in another order.
    for (a, b) in zip(trained(isAccumulating: true), trained(isAccumulating: false)) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func `averaged weights are in place only inside the closure`() {
    let model = Dense(1, 1, hasBias: false, initializer: .ones)
    let averages = AveragedWeights(model.parameters, decay: 0.75)
    model.weight.tensor = .full([1, 1], value: 5)
    averages.update()
    #expect(averages.withAverages { model.weight.tensor.scalar } == 2)
    #expect(model.weight.tensor.scalar == 5)
    #expect(averages.states.map(\.name) == ["average.weight"])
  }

  @Test func `states have the names of their parameters`() {
    let model = Sequential {
      Dense(2, 3); Dense(3, 1, hasBias: false)
    }
    let names = Adam(model.parameters, learningRate: 0.1).states.map(\.name)
    #expect(
      names == ["adam.step", "adam.learningRateFactor"]
        + ["first", "second"].flatMap { kind in
          ["0.weight", "0.bias", "1.weight"].map { "adam.\(kind).\($0)" }
        })
  }
}

private func optimizerAnswer(_ it: RecordedCase) throws -> [Tensor] {
  if it.operation == "clipByGlobalNorm" {
    let gradients = Gradients(it.inputs.map { (Parameter($0), $0) })
    return [gradients.norm] + gradients.clipped(toNorm: it.double("limit")).entries.map(\.gradient)
  }
  let parameter = Parameter(it.inputs[0])
  let rate = it.double("learningRate")
  let decay = it.double("weightDecay")
  let betas = it.attributes["betas"]?.arrayValue?.compactMap(\.doubleValue) ?? [0, 0]
  let optimizer: any Optimizer =
    switch it.operation {
    case "sgd":
      SGD(
        [parameter], learningRate: rate, momentum: it.double("momentum"), dampening: it.double("dampening"),
        weightDecay: decay, isNesterov: it.bool("isNesterov"))
    case "adam":
      Adam(
        [parameter], learningRate: rate, betas: (betas[0], betas[1]), epsilon: it.double("epsilon"),
        weightDecay: decay)
    default:
      AdamW(
        [parameter], learningRate: rate, betas: (betas[0], betas[1]), epsilon: it.double("epsilon"),
        weightDecay: decay)
    }
  return it.inputs.dropFirst().map { gradient in
    optimizer.update(with: Gradients([(parameter, gradient)]))
    return parameter.tensor
  }
}
