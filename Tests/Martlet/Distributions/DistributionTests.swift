import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Distributions against SciPy and PyTorch, their samples against quantiles and counts, derivatives against differences.
@Suite(.endsAtZero) struct DistributionTests {
  @Test func `densities, entropies, moments and divergences are those of the peers`() throws {
    let cases = try RecordedCase.family("distributions").filter {
      !$0.operation.hasPrefix("sample")
    }
    let complaints = cases.compactMap { it in
      it.complaint(about: answer).map { "\($0) \(it.attributes)" }
    }
    #expect(
      cases.count >= 130 && complaints.isEmpty,
      "\(complaints.count):\n\(complaints.prefix(20).joined(separator: "\n"))")
  }

  @Test func `a hundred thousand samples follow the distribution function`() throws {
    let cases = try RecordedCase.family("distributions").filter {
      $0.operation == "sampleQuantiles"
    }
    #expect(cases.count >= 15)
    let n = 100_000
    for it in cases {
      for dtype in [MartletGraph.DType.float64, .float32] {
        let distribution = distribution(it.string("kind"), it.inputs.map { $0.cast(to: dtype) })
        let samples = distribution.sample([n], seed: 11).cast(to: .float64).scalars(as: Double.self)
          .sorted()
        var (below, largest) = (0, 0.0)
        for (index, point) in it.outputs[0].doubles.enumerated() {
          while below < n && samples[below] <= point { below += 1 }
          largest = max(largest, abs(Double(below) / Double(n) - Double(index + 1) / 200))
        }
        // Kolmogorov's distribution is exceeded at 2.23 / √n once in 10,000 times.
        #expect(
          largest < 2.23 / Double(n).squareRoot(),
          "\(it.name) \(it.string("kind")) \(dtype): \(largest)")
      }
    }
  }

  @Test func `counts of a hundred thousand samples are those expected`() throws {
    let cases = try RecordedCase.family("distributions").filter { $0.operation == "sampleCounts" }
    #expect(cases.count >= 8)
    let n = 100_000.0
    for it in cases {
      let distribution = distribution(it.string("kind"), it.inputs)
      let chances = it.outputs[0].doubles
      var counts = Array(repeating: 0.0, count: chances.count + 1)
      for sample in distribution.sample([Int(n)], seed: 5).scalars(as: Double.self) {
        counts[min(Int(sample), chances.count)] += 1
      }
      // Counts that are rarely expected are one.
      var (statistic, rest, expectedRest) = (
        0.0, counts[chances.count], n * max(1 - chances.reduce(0, +), 0)
      )
      for (count, chance) in zip(counts, chances) {
        if chance * n < 5 {
          (rest, expectedRest) = (rest + count, expectedRest + chance * n)
        } else {
          statistic += (count - chance * n) * (count - chance * n) / (chance * n)
        }
      }
      if expectedRest > 1 {
        statistic += (rest - expectedRest) * (rest - expectedRest) / expectedRest
      }
      #expect(statistic < it.outputs[1].scalar, "\(it.name) \(it.string("kind")): \(statistic)")
    }
    let probabilities = Tensor([0.1, 0.2, 0.3, 0.4])
    let classes = Categorical(probabilities: probabilities).sample([Int(n)], seed: 2).scalars(
      as: Int.self)
    let found = (0..<4).map { label in Double(classes.filter { $0 == label }.count) }
    let statistic = zip(found, [0.1, 0.2, 0.3, 0.4]).reduce(0) {
      $0 + ($1.0 - $1.1 * n) * ($1.0 - $1.1 * n) / ($1.1 * n)
    }
    // Of three degrees of freedom, exceeded once in 10,000 times.
    #expect(statistic < 21.11)
  }

  @Test func `vectors have the moments of their distribution`() {
    let n = 100_000
    let concentration = Tensor([0.5, 2.0, 4.0])
    let dirichlet = Dirichlet(concentration)
    let shares = dirichlet.sample([n], seed: 3)
    #expect(abs(shares.sum(axes: 1) - 1).max().scalar < 1e-12)
    // Six standard errors of numbers of a deviation below 0.2.
    #expect(
      abs(shares.mean(axes: 0) - dirichlet.mean).max().scalar < 6 * 0.2 / Double(n).squareRoot())
    #expect(
      abs(shares.variance(axes: 0) - dirichlet.variance).max().scalar < 6 * 0.05
        / Double(n).squareRoot())
    let covariance = Tensor([[2.0, 0.6], [0.6, 1.0]])
    let normal = MultivariateNormal(mean: Tensor([1.0, -2.0]), covariance: covariance)
    #expect(abs(normal.covariance - covariance).max().scalar < 1e-12)
    let centered = normal.sample([n], seed: 4) - normal.mean
    let found = matmul(centered.transposed(), centered) / Double(n)
    #expect(abs(found - covariance).max().scalar < 6 * 3 / Double(n).squareRoot())
  }

  @Test(arguments: [[2], [3], [1, 2], [2, 2], [4]])
  func `derivatives of densities, entropies and divergences are what differences say`(sizes: [Int]) {
    let shape = Shape(sizes)
    func numbers(_ seed: UInt64, _ range: ClosedRange<Double>) -> Tensor {
      .uniform(shape, in: range, dtype: .float64, seed: seed)
    }
    for (kind, ranges) in Self.kinds {
      let p = ranges.indices.map { numbers(UInt64($0) + 1, ranges[$0]) }
      let q = ranges.indices.map { numbers(UInt64($0) + 11, ranges[$0]) }
      let x = kind == "beta" ? numbers(21, 0.2...0.8) : numbers(21, 0.5...1.5)
      let count = numbers(22, 0...1) * 0 + 1
      let isDiscrete = ["bernoulli", "geometric", "poisson"].contains(kind)
      let density = derivativeComplaint(at: p + (isDiscrete ? [] : [x])) {
        distribution(kind, Array($0.prefix(p.count))).logProbability(isDiscrete ? count : $0.last!)
      }
      #expect(density == nil, "\(kind) density: \(density ?? "")")
      let entropy = derivativeComplaint(at: p) { distribution(kind, $0).entropy }
      #expect(entropy == nil, "\(kind) entropy: \(entropy ?? "")")
      if kind == "studentT" { continue }
      let far = kind == "uniform" ? [q[0] - 2, q[1] + 2] : q
      let apart = derivativeComplaint(at: p + far) {
        divergence(kind, Array($0.prefix(p.count)), Array($0.dropFirst(p.count)))
      }
      #expect(apart == nil, "\(kind) divergence: \(apart ?? "")")
    }
    let vectors = Tensor.uniform(Shape(sizes + [3]), in: 0.5...2, dtype: .float64, seed: 31)
    let others = Tensor.uniform(Shape(sizes + [3]), in: 0.5...2, dtype: .float64, seed: 32)
    let factor = Tensor.uniform(Shape(sizes + [3, 3]), in: 0.5...1.5, dtype: .float64, seed: 33)
    let covariance = matmul(factor, factor.transposed()) + .eye(3, dtype: .float64) * 2
    let shares = vectors / vectors.sum(axes: -1, keepingAxes: true)
    let bodies: [(String, [Tensor], ([Tensor]) -> Tensor)] = [
      ("dirichlet", [vectors, others], { Dirichlet($0[0]).divergence(to: Dirichlet($0[1])) }),
      (
        "dirichlet density", [vectors],
        { Dirichlet($0[0]).logProbability(shares) + Dirichlet($0[0]).entropy }
      ),
      (
        "categorical", [vectors, others],
        { Categorical(logits: $0[0]).divergence(to: Categorical(logits: $0[1])) }
      ),
      ("categorical entropy", [vectors], { Categorical(logits: $0[0]).entropy }),
      (
        "multivariate", [vectors, others, covariance],
        {
          MultivariateNormal(mean: $0[0], covariance: ($0[2] + $0[2].transposed()) * 0.5)
            .logProbability($0[1])
        }
      ),
      (
        "multivariate divergence", [vectors, others, covariance],
        {
          let symmetric = ($0[2] + $0[2].transposed()) * 0.5
          let other = MultivariateNormal(mean: $0[1], factor: .eye(3, dtype: .float64) * 2)
          return MultivariateNormal(mean: $0[0], covariance: symmetric).divergence(to: other)
        }
      ),
    ]
    for (name, inputs, body) in bodies {
      let complaint = derivativeComplaint(at: inputs, elements: 12, body)
      #expect(complaint == nil, "\(name): \(complaint ?? "")")
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5])
  func `samples move with their parameters as differences say`(seed: UInt64) {
    let a = Tensor.uniform([4], in: 0.5...3, dtype: .float64, seed: seed)
    let b = Tensor.uniform([4], in: 0.5...2, dtype: .float64, seed: seed + 10)
    for kind in ["normal", "logNormal", "exponential", "laplace", "gumbel", "cauchy"] {
      let p = kind == "exponential" ? [a] : [a, b]
      let complaint = derivativeComplaint(at: p, tolerance: 1e-5) {
        distribution(kind, $0).sample([3], seed: seed)
      }
      #expect(complaint == nil, "\(kind): \(complaint ?? "")")
    }
    let uniform = derivativeComplaint(at: [a, b + 4]) {
      Uniform(low: $0[0], high: $0[1]).sample([3], seed: seed)
    }
    #expect(uniform == nil, "\(uniform ?? "")")
    // Of these the rejected proposals change with the parameters, so what is compared is the mean's derivative.
    let n = 20_000
    let slope = gradient(at: [a, b]) {
      Gamma(concentration: $0[0], rate: $0[1]).sample([n], seed: seed).mean()
    }
    let expected = [reciprocal(b), -a / (b * b)]
    for (got, want) in zip(slope, expected) { #expect(abs(got * 4 - want).max().scalar < 0.1) }
    let share = gradient(at: a) { (Beta(alpha: $0, beta: b).sample([n], seed: seed)).mean() } * 4
    #expect(abs(share - b / ((a + b) * (a + b))).max().scalar < 0.03)
    let relaxed = derivativeComplaint(at: [a]) {
      Categorical(logits: $0[0]).relaxedSample([2], temperature: 0.7, key: Tensor([seed, 0]))
    }
    #expect(relaxed == nil, "\(relaxed ?? "")")
  }

  @Test func `samples depend on the seed and the request alone`() {
    let distributions: [any Distribution] = Self.kinds.map { kind, ranges in
      distribution(
        kind,
        ranges.map { Tensor.full([3], value: ($0.lowerBound + $0.upperBound) / 2, dtype: .float64) }
      )
    }
    for distribution in distributions {
      let first = distribution.sample([50], seed: 3).scalars(as: Double.self)
      #expect(first == distribution.sample([50], seed: 3).scalars(as: Double.self))
      var source = RandomGenerator(seed: 3)
      #expect(first == distribution.sample([50], using: &source).scalars(as: Double.self))
      #expect(first != distribution.sample([50], using: &source).scalars(as: Double.self))
      #expect(first != distribution.sample([50], seed: 4).scalars(as: Double.self))
      #expect(distribution.sample(seed: 1).shape == [3])
    }
  }

  @Test func `parameters that do not fit are mistakes`() {
    #expect(throws: ProgramError.self) {
      try checked { _ = Normal(mean: .zeros([2]), standardDeviation: .ones([3])) }
    }
    #expect(throws: ProgramError.self) {
      try checked { _ = Normal(mean: .zeros([2], dtype: .int32), standardDeviation: .ones([2])) }
    }
    #expect(throws: ProgramError.self) {
      try checked { _ = MultivariateNormal(mean: .zeros([2]), factor: .ones([3, 3])) }
    }
    #expect(throws: ProgramError.self) { try checked { _ = Dirichlet(.ones([])) } }
  }

  static let kinds: [(String, [ClosedRange<Double>])] = [
    ("normal", [-1...1, 0.5...2]), ("logNormal", [-1...1, 0.5...1]), ("uniform", [-1...0, 2...3]),
    ("exponential", [0.5...2]), ("laplace", [-1...0.3, 0.5...2]), ("gumbel", [-1...1, 0.5...2]),
    ("cauchy", [-1...1, 0.5...2]), ("gamma", [0.3...12, 0.5...2]), ("beta", [0.5...4, 0.5...4]),
    ("studentT", [2.5...9, -1...1, 0.5...2]), ("bernoulli", [0.2...0.8]),
    ("geometric", [0.2...0.8]),
    ("poisson", [0.5...12]),
  ]
}

private func distribution(_ kind: String, _ p: [Tensor]) -> any Distribution {
  switch kind {
  case "normal": Normal(mean: p[0], standardDeviation: p[1])
  case "logNormal": LogNormal(mean: p[0], standardDeviation: p[1])
  case "uniform": Uniform(low: p[0], high: p[1])
  case "exponential": Exponential(rate: p[0])
  case "laplace": Laplace(mean: p[0], scale: p[1])
  case "gumbel": Gumbel(location: p[0], scale: p[1])
  case "cauchy": Cauchy(location: p[0], scale: p[1])
  case "gamma": Gamma(concentration: p[0], rate: p[1])
  case "beta": Beta(alpha: p[0], beta: p[1])
  case "studentT": StudentT(degreesOfFreedom: p[0], location: p[1], scale: p[2])
  case "bernoulli": Bernoulli(probabilities: p[0])
  case "geometric": Geometric(probability: p[0])
  case "poisson": Poisson(rate: p[0])
  case "categorical": Categorical(logits: p[0])
  case "dirichlet": Dirichlet(p[0])
  default: MultivariateNormal(mean: p[0], covariance: p[1])
  }
}

private func divergence(_ kind: String, _ p: [Tensor], _ q: [Tensor]) -> Tensor {
  func apart<D: Distribution>(_ one: D) -> Tensor {
    one.divergence(to: distribution(kind, q) as! D)
  }
  return apart(distribution(kind, p))
}

private func answer(_ it: RecordedCase) throws -> [Tensor] {
  let x = it.inputs
  if it.operation == "gammaSlope" { return [gammaSlope(x[0], x[1])] }
  if it.operation == "divergence" {
    return [divergence(it.string("kind"), Array(x[..<(x.count / 2)]), Array(x[(x.count / 2)...]))]
  }
  let found = distribution(it.operation, Array(x.dropLast()))
  return [found.logProbability(x.last!), found.entropy, found.mean, found.variance]
}
