import Martlet
import MartletGraph
import Testing

/// Layers and losses whose body goes by a name unless a derivative is taken of them.
@Suite struct NamedBodyTests {
  @Test(arguments: [[2, 5, 7, 32, 8], [3, 4, 18, 3], [2, 6, 2], [1, 1, 64, 4], [0, 3, 32, 2]])
  func `group normalization is the same with and without a derivative`(sizesAndGroups: [Int]) {
    let shape = Shape(sizesAndGroups.dropLast())
    let layer = GroupNorm(shape[shape.rank - 1], groups: sizesAndGroups.last!)
    let x = Tensor.normal(shape, seed: 3) * 2 + 5
    let plain = layer(x)
    let (value, _) = valueAndGradient(at: x) { x in
      let y = layer(x)
      return (y * y).sum()
    }
    #expect(plain.shape == shape)
    // Sums in another order: the last places of numbers around 1.
    let sum = (plain * plain).sum().scalar
    #expect(abs(value.scalar - sum) <= 1e-5 * (1 + sum))
  }

  @Test func `mean and variance of each group are 0 and 1`() {
    let layer = GroupNorm(32, groups: 4)
    let y = layer(Tensor.normal([2, 9, 32], seed: 5) * 3 - 100)
    let groups = y.reshaped(to: [2, 9, 4, 8])
    // Differences from -100 are rounded at 4e-6 of the deviation.
    #expect(abs(groups.mean(axes: [1, 3])).max().scalar < 1e-4)
    #expect(abs(groups.variance(axes: [1, 3]) - 1).max().scalar < 1e-3)
  }

  @Test(arguments: [LossReduction.mean, .sum, .meanOfExamples, .none], [0, 0.1])
  func `the cross entropy is the same with and without a derivative`(reduction: LossReduction, smoothing: Double) {
    let logits = Tensor.normal([6, 5], seed: 1)
    let labels = Tensor([0, 4, 2, 2, 1, 3])
    for weights in [nil, Tensor([1, 2, 0.5, 1, 3] as [Float])] {
      func loss(_ logits: Tensor) -> Tensor {
        softmaxCrossEntropy(
          logits, labels: labels, classWeights: weights, labelSmoothing: smoothing, reduction: reduction)
      }
      let plain = loss(logits)
      let (value, _) = valueAndGradient(at: logits) { loss($0).sum() }
      #expect(plain.shape == (reduction == .none ? [6] : []))
      #expect(value.scalar == plain.sum().scalar)
    }
  }

  @Test func `a label that is no class is found without a derivative too`() {
    #expect(throws: (any Error).self) {
      try softmaxCrossEntropy(Tensor.normal([2, 3], seed: 1), labels: Tensor([0, 3])).evaluated()
    }
  }

  @Test func `a norm is the same with and without a derivative`() {
    for x in [Tensor.normal([40], seed: 1), Tensor.zeros([3])] {
      let (value, gradient) = valueAndGradient(at: x) { $0.norm() }
      #expect(value.scalar == x.norm().scalar)
      #expect(abs(gradient).max().scalar < 2)
    }
  }
}
