import Martlet
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct LossTests {
  @Test func `losses and their derivatives are what PyTorch gave`() throws {
    let cases = try RecordedCase.family("losses").filter { $0.operation != "softmaxCrossEntropyProbabilities" }
    let complaints = cases.compactMap { $0.complaint(about: lossAnswer) }
    #expect(cases.count >= 60 && complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test(arguments: [-1, 3, -3, 7])
  func `a label that is no class is an error`(label: Int) throws {
    let logits = Tensor.normal([2, 3], seed: 1)
    let error = #expect(throws: ExecutionError.self) {
      try softmaxCrossEntropy(logits, labels: Tensor([0, label])).evaluated()
    }
    #expect(error?.message.contains("outside axis 0 of [3]") == true, "\(String(describing: error))")
  }

  @Test func `labels of any integer type mean the same`() throws {
    let logits = Tensor.normal([4, 3], seed: 1)
    let labels = Tensor([2, 0, 1, 2])
    let expected = softmaxCrossEntropy(logits, labels: labels).scalar
    for dtype in [DType.uint8, .int8, .uint16, .int32, .uint64] {
      #expect(softmaxCrossEntropy(logits, labels: labels.cast(to: dtype)).scalar == expected)
    }
  }

  @Test func `where all labels are ignored the mean is 0, and so is its derivative`() throws {
    let (loss, gradient) = valueAndGradient(at: Tensor([[Float.infinity, 2], [.nan, 1]])) {
      softmaxCrossEntropy($0, labels: Tensor([-100, -100]), ignoredLabel: -100)
    }
    #expect(loss.scalar == 0)
    #expect(gradient.scalars(as: Float.self).allSatisfy { $0 == 0 })
  }

  @Test func `accuracy is the share of right answers`() {
    let logits = Tensor([[0, 1, 0], [3, 1, 2], [0, 0, 1], [1, 1, 0]] as [[Float]])
    #expect(accuracy(logits, labels: Tensor([1, 0, 0, 0])).scalar == 0.75)
  }

  @Test func `shapes that differ are a mistake`() {
    let error = #expect(throws: ProgramError.self) {
      try checked { meanSquaredError(.zeros([4, 1]), .zeros([4])) }
    }
    #expect(error?.message.contains("[4, 1]") == true)
  }
}

private func lossAnswer(_ it: RecordedCase) throws -> [Tensor] {
  let reduction: LossReduction = ["mean": .mean, "sum": .sum, "none": LossReduction.none][it.string("reduction")]!
  let loss = { (x: Tensor) -> Tensor in
    let target = it.inputs[1]
    switch it.operation {
    case "softmaxCrossEntropy":
      return softmaxCrossEntropy(
        x, labels: target, labelSmoothing: it.double("labelSmoothing"),
        ignoredLabel: it.attributes["ignoredLabel"]?.intValue, reduction: reduction)
    case "meanSquaredError": return meanSquaredError(x, target, reduction: reduction)
    case "meanAbsoluteError": return meanAbsoluteError(x, target, reduction: reduction)
    case "huber": return huberLoss(x, target, delta: it.double("delta"), reduction: reduction)
    case "binaryCrossEntropyWithLogits": return sigmoidBinaryCrossEntropy(x, labels: target, reduction: reduction)
    default: return .zeros([])
    }
  }
  return [loss(it.inputs[0]), gradient(at: it.inputs[0]) { loss($0).sum() }]
}
