import Martlet
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct SettingTests {
  @Test func `settings with which no step means anything are mistakes`() {
    let p = [Parameter(.ones([2, 2]))]
    let mistakes: [() -> Void] = [
      { _ = SGD(p, learningRate: 0.1, momentum: -1) },
      { _ = Adam(p, learningRate: 0.1, betas: (1, 0.9)) },
      { _ = AdamW(p, learningRate: 0.1, betas: (0.9, -0.1)) },
      { _ = AdamW(p, learningRate: 0.1, weightDecay: .nan) },
      { _ = LazyAdam(p, learningRate: 0.1, epsilon: -1) },
      { _ = NAdam(p, learningRate: 0.1, momentumDecay: -1) },
      { _ = RAdam(p, learningRate: 0.1, betas: (0.9, 2)) },
      { _ = Adagrad(p, learningRate: 0.1, initialSum: -1) },
      { _ = Adadelta(p, learningRate: 0.1, decay: 1) },
      { _ = RMSProp(p, learningRate: 0.1, decay: -0.1) },
      { _ = Lion(p, learningRate: 0.1, betas: (0.9, 1)) },
      { _ = LAMB(p, learningRate: 0.1, weightDecay: -1) },
      { _ = LARS(p, learningRate: 0.1, trustCoefficient: -1) },
      { _ = Adafactor(p, learningRate: 0.1, clippingThreshold: -1) },
      { _ = Muon(p, learningRate: 0.1, momentum: 1) },
      { _ = Shampoo(p, learningRate: 0.1, epsilon: -1) },
      { _ = ScheduleFreeAdamW(p, learningRate: 0.1, betas: (.nan, 0.9)) },
      { _ = LBFGS(p, learningRate: 1, memory: 0) },
      { _ = Conv1D(3, 4, kernelSize: 3, groups: 0) },
      { _ = Conv2D(3, 4, kernelSize: 3, groups: 2) },
      { _ = Conv3D(4, 6, kernelSize: 3, groups: 4) },
      { _ = TransposedConv2D(4, 6, kernelSize: 3, groups: 4) },
    ]
    for (index, mistake) in mistakes.enumerated() {
      let error = #expect(throws: ProgramError.self, "\(index)") { try checked { mistake() } }
      #expect((error?.message.count ?? 0) > 15)
    }
  }

  @Test func `a sequence of no steps leaves states as they are`() {
    let layer = LSTM(2, 3, seed: 1)
    let (sequence, last) = layer(.zeros([2, 0, 2]), initial: (.ones([2, 3]), .ones([2, 3])))
    #expect(sequence.shape == [2, 0, 3])
    #expect(last.cell.scalars(as: Float.self).allSatisfy { $0 == 1 })
  }
}
