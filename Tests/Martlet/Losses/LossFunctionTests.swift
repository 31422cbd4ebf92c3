import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Losses against what PyTorch and torchvision gave, and their derivatives against differences.
@Suite(.endsAtZero) struct LossFunctionTests {
  @Test func `values and derivatives are those of the peers`() throws {
    let cases = try RecordedCase.family("lossFunctions")
    let complaints = cases.compactMap { it in it.complaint(about: lossFunctionAnswer).map { "\($0) \(it.attributes)" } }
    #expect(
      cases.count >= 287 && complaints.isEmpty,
      "\(complaints.count):\n\(complaints.prefix(20).joined(separator: "\n"))")
  }

  @Test(arguments: [[4], [2, 3], [1, 5], [3, 2, 2], [7]])
  func `derivatives of element losses are what differences say`(sizes: [Int]) {
    for (name, inputs, body) in Self.elementLosses(sizes) {
      let complaint = derivativeComplaint(at: inputs, body)
      #expect(complaint == nil, "\(name): \(complaint ?? "")")
    }
  }

  @Test(arguments: [[3, 4], [2, 2], [1, 5], [5, 3], [4, 6]])
  func `derivatives of vector losses are what differences say`(sizes: [Int]) {
    for (name, inputs, body) in Self.vectorLosses(sizes) {
      let complaint = derivativeComplaint(at: inputs, body)
      #expect(complaint == nil, "\(name): \(complaint ?? "")")
    }
  }

  /// Losses by the names of the functions, each with what it is differentiated by.
  static func elementLosses(_ sizes: [Int]) -> [(String, [Tensor], ([Tensor]) -> Tensor)] {
    let shape = Shape(sizes)
    let a = Tensor.normal(shape, dtype: .float64, seed: 1)
    let b = Tensor.normal(shape, dtype: .float64, seed: 2)
    let p = Tensor.uniform(shape, in: 0.1...0.9, dtype: .float64, seed: 3)
    let t = Tensor.uniform(shape, in: 0.1...0.9, dtype: .float64, seed: 4)
    let signs = Tensor.full(shape, value: 1, dtype: .float64) * sign(b)
    return [
      (
        "sigmoidBinaryCrossEntropy", [a, t],
        { sigmoidBinaryCrossEntropy($0[0], labels: $0[1], positiveWeight: p * 2, weights: t) }
      ),
      ("binaryCrossEntropy", [p, t], { binaryCrossEntropy($0[0], labels: $0[1], weights: t, reduction: .none) }),
      ("meanSquaredError", [a, b], { meanSquaredError($0[0], $0[1]) }),
      ("meanAbsoluteError", [a, b], { meanAbsoluteError($0[0], $0[1]) }),
      ("huberLoss", [a * 3, b], { huberLoss($0[0], $0[1], delta: 0.7, reduction: .sum) }),
      ("smoothL1Loss", [a, b], { smoothL1Loss($0[0], $0[1], beta: 0.4) }),
      ("logCoshLoss", [a * 4, b], { logCoshLoss($0[0], $0[1], reduction: .none) }),
      ("klDivergenceLoss", [log(p), t], { klDivergenceLoss($0[0], $0[1]) }),
      (
        "klDivergenceLoss of logarithms", [log(p), log(t)],
        { klDivergenceLoss($0[0], $0[1], areTargetsLogarithms: true) }
      ),
      ("poissonLoss", [a, t * 5], { poissonLoss($0[0], counts: $0[1], isFull: true) }),
      ("poissonLoss of rates", [p, t], { poissonLoss($0[0], counts: $0[1], arePredictionsLogarithms: false) }),
      ("gaussianLoss", [a, b, t], { gaussianLoss($0[0], $0[1], variances: $0[2], isFull: true) }),
      ("hingeLoss", [a], { hingeLoss($0[0], signs: signs, isSquared: true) }),
      ("hingeEmbeddingLoss", [p], { hingeEmbeddingLoss($0[0], signs: signs) }),
      ("marginRankingLoss", [a, b], { marginRankingLoss($0[0], $0[1], signs: signs, margin: 0.3) }),
      ("focalLoss", [a], { focalLoss($0[0], labels: signs * 0.5 + 0.5, reduction: .sum) }),
      ("diceLoss", [p, t], { diceLoss($0[0], $0[1], axes: .all, isSquared: true) }),
      ("tverskyLoss", [p, t], { tverskyLoss($0[0], $0[1], axes: .all, falsePositiveWeight: 0.2) }),
    ]
  }

  /// Losses by the names of the functions, each with what it is differentiated by.
  static func vectorLosses(_ sizes: [Int]) -> [(String, [Tensor], ([Tensor]) -> Tensor)] {
    let shape = Shape(sizes)
    let (n, classes) = (sizes[0], sizes[1])
    let a = Tensor.normal(shape, dtype: .float64, seed: 1)
    let b = Tensor.normal(shape, dtype: .float64, seed: 2)
    let c = Tensor.normal(shape, dtype: .float64, seed: 3)
    let labels = Tensor.range(0..<n) % Double(classes)
    let weights = Tensor.uniform([classes], in: 0.5...2, dtype: .float64, seed: 5)
    let signs = Tensor((0..<n).map { $0 % 2 == 0 ? 1.0 : -1 })
    let corners = Tensor.uniform([n, 2], in: 0...2, dtype: .float64, seed: 6)
    let extents = Tensor.uniform([n, 2], in: 1...3, dtype: .float64, seed: 7)
    let other = Tensor(concatenating: [corners + 0.4, corners + extents * 0.9 + 0.3], axis: 1)
    func boxes(_ x: [Tensor]) -> Tensor { Tensor(concatenating: [x[0], x[0] + x[1]], axis: 1) }
    var losses: [(String, [Tensor], ([Tensor]) -> Tensor)] = [
      (
        "softmaxCrossEntropy", [a, weights],
        { softmaxCrossEntropy($0[0], labels: labels, classWeights: $0[1], labelSmoothing: 0.1) }
      ),
      (
        "softmaxCrossEntropy of probabilities", [a, b, weights],
        { softmaxCrossEntropy($0[0], probabilities: $0[1].softmax(), classWeights: $0[2], labelSmoothing: 0.1) }
      ),
      (
        "negativeLogLikelihood", [a],
        { negativeLogLikelihood($0[0], labels: labels, classWeights: weights, reduction: .none) }
      ),
      ("multiMarginLoss", [a], { multiMarginLoss($0[0], labels: labels, isSquared: true) }),
      ("tripletLoss", [a, b, c], { tripletLoss(anchor: $0[0], positive: $0[1], negative: $0[2], isSwapping: true) }),
      ("cosineSimilarity", [a, b], { cosineSimilarity($0[0], $0[1]) }),
      ("cosineEmbeddingLoss", [a, b], { cosineEmbeddingLoss($0[0], $0[1], signs: signs, margin: -0.9) }),
      (
        "contrastiveLoss", [a, b], { contrastiveLoss(queries: $0[0], keys: $0[1], temperature: 0.4, isSymmetric: true) }
      ),
    ]
    for measure in BoxOverlap.allCases where measure != .complete {
      losses.append(
        ("boxLoss \(measure)", [corners, extents], { boxLoss(boxes($0), other, measure, reduction: .none) }))
      losses.append(("boxOverlap \(measure)", [corners, extents], { boxOverlap(boxes($0), other, measure) }))
    }
    return losses
  }

  @Test(arguments: [(1, 4, 3, 1), (2, 6, 4, 2), (3, 5, 3, 2), (2, 8, 5, 3), (1, 9, 2, 4)])
  func `the derivative of CTC is what differences say`(sizes: (batch: Int, time: Int, classes: Int, length: Int)) {
    let logits = Tensor.normal([sizes.batch, sizes.time, sizes.classes], dtype: .float64, seed: 1)
    let labels = Tensor.randomIntegers([sizes.batch, sizes.length], in: 1..<sizes.classes, seed: 2)
    let times = Tensor((0..<sizes.batch).map { sizes.time - $0 % 2 })
    let counts = Tensor((0..<sizes.batch).map { max(sizes.length - $0, 0) })
    let complaint = derivativeComplaint(at: [logits], elements: 100) {
      ctcLoss($0[0].logSoftmax(), labels: labels, inputLengths: times, labelLengths: counts)
    }
    #expect(complaint == nil, "\(complaint ?? "")")
  }

  @Test func `CTC of a thousand steps neither underflows nor loses its derivative`() {
    let logits = Tensor.normal([1, 1000, 50], seed: 1) * 20
    let labels = Tensor.randomIntegers([1, 300], in: 1..<50, seed: 2)
    let (loss, slope) = valueAndGradient(at: logits) {
      ctcLoss($0.logSoftmax(), labels: labels, inputLengths: Tensor([1000]), labelLengths: Tensor([300]))
    }
    #expect(loss.scalar.isFinite && loss.scalar > 0)
    #expect(isFinite(slope).all().scalar == 1 && abs(slope).max().scalar > 0)
  }

  @Test func `labels and lengths that cannot be are errors`() throws {
    let logits = Tensor.zeros([2, 4, 3])
    let (labels, times, counts) = (Tensor([[1, 2], [1, 1]]), Tensor([4, 4]), Tensor([2, 2]))
    func loss(_ labels: Tensor, _ times: Tensor, _ counts: Tensor) throws {
      try checked {
        _ = try ctcLoss(logits, labels: labels, inputLengths: times, labelLengths: counts).evaluated()
      }
    }
    try loss(labels, times, counts)
    for bad in [Tensor([[1, 3], [1, 1]]), Tensor([[1, -1], [1, 1]])] {
      #expect(throws: ExecutionError.self) { try loss(bad, times, counts) }
    }
    #expect(throws: ExecutionError.self) { try loss(labels, Tensor([4, 5]), counts) }
    #expect(throws: ExecutionError.self) { try loss(labels, Tensor([-1, 4]), counts) }
    #expect(throws: ExecutionError.self) { try loss(labels, times, Tensor([2, 3])) }
    #expect(throws: ProgramError.self) { try loss(labels[0], times, counts) }
    #expect(throws: ExecutionError.self) {
      try checked {
        _ = try softmaxCrossEntropy(.zeros([2, 3]), labels: Tensor([0, 3])).evaluated()
      }
    }
  }
}

private func lossFunctionAnswer(_ it: RecordedCase) throws -> [Tensor] {
  let sources = it.ints("withRespectTo")
  let value = try lossFunction(it, it.inputs)
  if sources.isEmpty { return [value] }
  let gradients = gradient(at: sources.map { it.inputs[$0] }) { x in
    var inputs = it.inputs
    for (source, value) in zip(sources, x) { inputs[source] = value }
    return (try? lossFunction(it, inputs).sum()) ?? .zeros([])
  }
  return [value] + gradients
}

private func lossFunction(_ it: RecordedCase, _ x: [Tensor]) throws -> Tensor {
  let reduction: LossReduction = ["mean": .mean, "sum": .sum, "none": LossReduction.none][it.string("reduction")]!
  let margin = it.double("margin")
  let ignored = it.attributes["ignoredLabel"]?.intValue
  let smoothing = it.double("labelSmoothing")
  switch it.operation {
  case "softmaxCrossEntropy":
    return softmaxCrossEntropy(
      x[0], labels: x[1], classWeights: x[2], labelSmoothing: smoothing, ignoredLabel: ignored, reduction: reduction)
  case "negativeLogLikelihood":
    return negativeLogLikelihood(
      x[0], labels: x[1], classWeights: it.bool("hasWeights") ? x[2] : nil, ignoredLabel: ignored, reduction: reduction)
  case "softmaxCrossEntropyProbabilities":
    return softmaxCrossEntropy(
      x[0], probabilities: x[1], classWeights: it.bool("hasWeights") ? x[2] : nil, labelSmoothing: smoothing,
      reduction: reduction)
  case "multiMargin":
    return multiMarginLoss(
      x[0], labels: x[1], margin: margin, isSquared: it.bool("isSquared"), reduction: reduction)
  case "sigmoidBinaryCrossEntropy":
    return sigmoidBinaryCrossEntropy(x[0], labels: x[1], positiveWeight: x[2], weights: x[3], reduction: reduction)
  case "binaryCrossEntropy": return binaryCrossEntropy(x[0], labels: x[1], weights: x[2], reduction: reduction)
  case "smoothL1": return smoothL1Loss(x[0], x[1], beta: it.double("beta"), reduction: reduction)
  case "klDivergence":
    return klDivergenceLoss(
      x[0], x[1], areTargetsLogarithms: it.bool("areTargetsLogarithms"), reduction: reduction)
  case "poisson":
    return poissonLoss(
      x[0], counts: x[1], arePredictionsLogarithms: it.bool("arePredictionsLogarithms"), isFull: it.bool("isFull"),
      reduction: reduction)
  case "gaussian":
    return gaussianLoss(x[0], x[1], variances: x[2], isFull: it.bool("isFull"), reduction: reduction)
  case "hingeEmbedding": return hingeEmbeddingLoss(x[0], signs: x[1], margin: margin, reduction: reduction)
  case "marginRanking": return marginRankingLoss(x[0], x[1], signs: x[2], margin: margin, reduction: reduction)
  case "triplet":
    return tripletLoss(
      anchor: x[0], positive: x[1], negative: x[2], margin: margin, order: it.double("order"),
      isSwapping: it.bool("isSwapping"), reduction: reduction)
  case "cosineEmbedding": return cosineEmbeddingLoss(x[0], x[1], signs: x[2], margin: margin, reduction: reduction)
  case "box":
    let measures: [String: BoxOverlap] = [
      "generalized": .generalized, "distance": .distance, "complete": .complete,
      "intersectionOverUnion": .intersectionOverUnion,
    ]
    return boxLoss(x[0], x[1], measures[it.string("measure")]!, reduction: reduction)
  case "focal":
    let balance = it.double("balance")
    return focalLoss(
      x[0], labels: x[1], focus: it.double("focus"), balance: balance < 0 ? nil : balance, reduction: reduction)
  case "ctc":
    return ctcLoss(
      x[0].logSoftmax(), labels: x[1], inputLengths: x[2], labelLengths: x[3], blank: it.int("blank"),
      ignoresImpossible: it.bool("ignoresImpossible"), reduction: reduction)
  case "contrastive":
    return contrastiveLoss(
      queries: x[0], keys: x[1], temperature: it.double("temperature"), isSymmetric: it.bool("isSymmetric"))
  case "dice": return diceLoss(x[0], x[1], smoothing: it.double("smoothing"))
  case "tversky":
    return tverskyLoss(
      x[0], x[1], falsePositiveWeight: 0.3, falseNegativeWeight: 0.7, smoothing: it.double("smoothing"),
      reduction: .sum)
  case "hinge": return hingeLoss(x[0], signs: x[1], isSquared: it.bool("isSquared"))
  case "logCosh": return logCoshLoss(x[0], x[1])
  default: throw UnknownCase(operation: it.operation)
  }
}
