import Foundation
import Martlet
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct MetricTravelTests {
  @Test func `a metric that was encoded goes on as if it had stayed`() throws {
    func there<M: Metric>(_ metric: M) throws -> M {
      try JSONDecoder().decode(M.self, from: JSONEncoder().encode(metric))
    }
    var matrix = ConfusionMatrix(classCount: 2)
    matrix.update(predictions: Tensor([0, 1, 1]), labels: Tensor([0, 1, 0]))
    var other = try there(matrix)
    other.merge(matrix)
    #expect(other.counts == [2, 2, 0, 2])
    var bleu = BLEU()
    bleu.update(prediction: ["a", "b", "c", "d", "e"], references: [["a", "b", "c", "d", "f"]])
    #expect(try there(bleu).value == bleu.value && bleu.value > 50)
    var scores = RankingScores()
    scores.update(scores: Tensor([0.1, 0.7, 0.4]), labels: Tensor([0, 1, 1]))
    #expect(try there(scores).areaUnderROC == 1)
    var boxes = DetectionScores()
    boxes.update(
      boxes: Tensor([[0.0, 0, 10, 10]]), scores: Tensor([0.9]), labels: Tensor([0]),
      targetBoxes: Tensor([[0.0, 0, 10, 10]]), targetLabels: Tensor([0]))
    #expect(try there(boxes).averagePrecision() == 1)
    boxes.reset()
    #expect(boxes.averagePrecision().isNaN)
    var rate = ErrorRate()
    rate.update(words: "the cat sat", reference: "the bat sat there")
    #expect(try there(rate).value == 0.5)
    var rouge = ROUGE(.runs(2))
    rouge.update(prediction: ["a", "b"], reference: ["a", "b", "c"])
    #expect(try there(rouge).precision == 1)
  }
}
