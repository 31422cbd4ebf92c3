import Martlet
import MartletFormats
import MartletTestSupport
import Testing

/// Metrics against scikit-learn, torchmetrics, pycocotools, sacreBLEU, rouge-score and jiwer. Each collects two batches
/// on one worker, and the rest on another.
@Suite(.endsAtZero) struct MetricTests {
  @Test func `metrics merged over batches and workers are those of the peers over everything`() throws {
    let cases = try RecordedCase.family("metrics")
    let complaints = cases.compactMap { $0.complaint(about: metricAnswer) }
    #expect(cases.count >= 38 && complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test func `the mean of batches of different sizes is that of everything`() {
    var mean = Mean()
    mean.update(Tensor([1.0, 2, 3]))
    mean.update(10, weight: 2)
    var other = Mean()
    other.update(Tensor([4] as [Float]), weight: 3)
    mean.merge(other)
    #expect(mean.value == (6 + 20 + 12) / 8.0)
    mean.reset()
    #expect(mean.value.isNaN)
  }

  @Test func `ignored labels do not count`() {
    var matrix = ConfusionMatrix(classCount: 2)
    matrix.update(predictions: Tensor([0, 1, 1]), labels: Tensor([0, 1, 9]), ignoredLabel: 9)
    #expect(matrix.accuracy == 1)
    var perplexity = Perplexity()
    perplexity.update(logits: .zeros([3, 4]), labels: Tensor([0, -1, 2]), ignoredLabel: -1)
    #expect(abs(perplexity.value - 4) < 1e-12)
  }

  @Test func `wrong shapes and classes are mistakes`() {
    #expect(throws: ProgramError.self) {
      try checked {
        var matrix = ConfusionMatrix(classCount: 2)
        matrix.update(predictions: Tensor([0, 2]), labels: Tensor([0, 1]))
      }
    }
    #expect(throws: ProgramError.self) {
      try checked {
        var scores = RankingScores()
        scores.update(scores: Tensor([0.1, 0.2]), labels: Tensor([1]))
      }
    }
    #expect(throws: ProgramError.self) {
      try checked { _ = structuralSimilarity(.zeros([1, 10, 20, 1]), .zeros([1, 10, 20, 1])) }
    }
  }

  @Test(arguments: [(1, 11, 11, 1), (2, 12, 11, 1), (1, 11, 13, 2), (1, 12, 12, 3), (3, 11, 11, 1)])
  func `the derivative of structural similarity is what differences say`(sizes: (Int, Int, Int, Int)) {
    let shape = Shape([sizes.0, sizes.1, sizes.2, sizes.3])
    let a = Tensor.uniform(shape, dtype: .float64, seed: 1)
    let b = Tensor.uniform(shape, dtype: .float64, seed: 2)
    let complaint = derivativeComplaint(at: [a, b], elements: 8) { structuralSimilarity($0[0], $0[1]) }
    #expect(complaint == nil, "\(complaint ?? "")")
  }
}

/// Updates with parts of the leading axis: two for one metric, one for another, and the merged metric.
private func collected<M: Metric>(_ metric: M, _ x: [Tensor], _ update: (inout M, [Tensor]) -> Void) -> M {
  let count = x[0].shape[0]
  let cuts = [0, count / 3, count / 2, count]
  var workers = [metric, metric]
  for (part, worker) in [(0, 0), (1, 0), (2, 1)] {
    update(&workers[worker], x.map { $0[cuts[part]..<cuts[part + 1]] })
  }
  workers[0].merge(workers[1])
  return workers[0]
}

private func metricAnswer(_ it: RecordedCase) throws -> [Tensor] {
  let x = it.inputs
  switch it.operation {
  case "classes", "confusion":
    let matrix = collected(ConfusionMatrix(classCount: x[0].shape[1]), x) { $0.update(logits: $1[0], labels: $1[1]) }
    if it.operation == "confusion" { return [Tensor(matrix.counts.map(Double.init))] }
    let averages = [ClassAverage.micro, .macro, .weighted].flatMap {
      [matrix.precision($0), matrix.recall($0), matrix.f1($0), matrix.intersectionOverUnion($0)]
    }
    return [
      Tensor(averages + [matrix.accuracy, matrix.kappa, matrix.matthewsCorrelation, matrix.f1(.macro, beta: 2)])
    ]
  case "topK":
    return [
      Tensor((1...3).map { k in collected(TopKAccuracy(k), x) { $0.update(logits: $1[0], labels: $1[1]) }.value })
    ]
  case "perplexity": return [Tensor([collected(Perplexity(), x) { $0.update(logits: $1[0], labels: $1[1]) }.value])]
  case "calibration":
    let error = collected(CalibrationError(binCount: 10), x) { $0.update(probabilities: $1[0], labels: $1[1]) }
    return [Tensor([error.value(.mean), error.value(.largest), error.value(.rootMeanSquare)])]
  case "ranking":
    let scores = collected(RankingScores(), x) { $0.update(scores: $1[0], labels: $1[1]) }
    return [Tensor([scores.areaUnderROC, scores.averagePrecision])]
  case "regression":
    let errors = collected(RegressionErrors(), x) { $0.update(predictions: $1[0], targets: $1[1]) }
    return [Tensor([errors.meanAbsoluteError, errors.meanSquaredError, errors.rSquared])]
  case "images":
    let likeness = collected(ImageSimilarity(), x) { metric, parts in
      if parts[0].shape[0] > 0 { metric.update(images: parts[0], targets: parts[1]) }
    }
    return [Tensor([likeness.peakSignalToNoiseRatio, likeness.structuralSimilarity])]
  case "text": return [textAnswer(it)]
  default: return [detectionAnswer(x)]
  }
}

private func textAnswer(_ it: RecordedCase) -> Tensor {
  func words(_ json: JSON) -> [String] { (json.arrayValue ?? []).compactMap(\.stringValue) }
  let found = (it.attributes["found"]?.arrayValue ?? []).map(words)
  let references = (it.attributes["references"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).map(words) }
  var bleu = [BLEU(), BLEU()]
  var rouge = [ROUGE.Kind.runs(1), .runs(2), .longestCommonSequence].map { [ROUGE($0), ROUGE($0)] }
  var byWord = [ErrorRate(), ErrorRate()]
  var byCharacter = byWord
  for (index, (sentence, known)) in zip(found, references).enumerated() {
    let worker = index % 2
    bleu[worker].update(prediction: sentence, references: known)
    for kind in rouge.indices { rouge[kind][worker].update(prediction: sentence, reference: known[0]) }
    let (said, meant) = (sentence.joined(separator: " "), known[0].joined(separator: " "))
    byWord[worker].update(words: said, reference: meant)
    byCharacter[worker].update(characters: said, reference: meant)
  }
  bleu[0].merge(bleu[1])
  byWord[0].merge(byWord[1])
  byCharacter[0].merge(byCharacter[1])
  for kind in rouge.indices { rouge[kind][0].merge(rouge[kind][1]) }
  let overlaps = rouge.flatMap { [$0[0].precision, $0[0].recall, $0[0].f1] }
  return Tensor([bleu[0].value] + overlaps + [byWord[0].value, byCharacter[0].value])
}

private func detectionAnswer(_ x: [Tensor]) -> Tensor {
  let images = x[3].scalars(as: Int.self)
  let targets = x[6].scalars(as: Int.self)
  var workers = [DetectionScores(), DetectionScores()]
  let count = (targets.max() ?? -1) + 1
  for image in 0..<count {
    let found = Tensor(images.indices.filter { images[$0] == image })
    let there = Tensor(targets.indices.filter { targets[$0] == image })
    workers[image < count / 2 ? 0 : 1].update(
      boxes: x[0].gathered(at: found), scores: x[1].gathered(at: found), labels: x[2].gathered(at: found),
      targetBoxes: x[4].gathered(at: there), targetLabels: x[5].gathered(at: there))
  }
  workers[0].merge(workers[1])
  let scores = workers[0]
  return Tensor(
    [
      scores.averagePrecision(), scores.averagePrecision(thresholds: [0.5]),
      scores.averagePrecision(thresholds: [0.75]),
    ] + [DetectionScores.Area.small, .medium, .large].map { scores.averagePrecision(area: $0) }
      + [1, 10, 100].map { scores.averageRecall(limit: $0) }
      + [DetectionScores.Area.small, .medium, .large].map { scores.averageRecall(area: $0) })
}
