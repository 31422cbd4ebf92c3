import Martlet
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct NormCheckTests {
  @Test func `norms refuse other channels than they were made for, and a negative epsilon`() {
    let x = Tensor.zeros([2, 3, 4])
    let mistakes: [() -> Void] = [
      { _ = LayerNorm(1)(x) }, { _ = RMSNorm(3)(x) }, { _ = GroupNorm(6, groups: 2)(x) },
      { _ = BatchNorm(1)(x) },
      { _ = InstanceNorm(1, isAffine: true)(x) }, { _ = InstanceNorm(8)(x) },
      { _ = LayerNorm(4, epsilon: -1)(x) },
      { _ = RMSNorm(4, epsilon: -1)(x) }, { _ = BatchNorm(4, epsilon: .nan)(x) },
      { _ = GroupNorm(4, groups: 2, epsilon: -1)(x) }, { _ = InstanceNorm(4, epsilon: -1)(x) },
    ]
    for (index, mistake) in mistakes.enumerated() {
      #expect(throws: ProgramError.self, "\(index)") { try checked { mistake() } }
    }
    for layer in [LayerNorm(4), BatchNorm(4), GroupNorm(4, groups: 2), InstanceNorm(4)]
      as [any Layer]
    {
      #expect(withMode(.training) { layer(.zeros([0, 3, 4])) }.shape == [0, 3, 4])
    }
  }
}
