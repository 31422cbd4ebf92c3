import Martlet
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct ProgressTests {
  @Test(arguments: [
    (0.0, "0.0"), (1.0, "1.0"), (0.123456, "0.1235"), (12.3456, "12.35"), (1234.56, "1235.0"), (98765.4, "98765"),
    (-0.00012345, "-0.0001235"), (Double.nan, "nan"), (.infinity, "inf"),
  ])
  func `numbers have four significant digits`(number: Double, text: String) {
    #expect(rounded(number) == text)
  }

  @Test(arguments: [(0.2, "0 s"), (59.4, "59 s"), (281, "4 min 41 s"), (12000, "3 h 20 min"), (190800, "2 d 5 h")])
  func `times are for people`(seconds: Double, text: String) {
    #expect(duration(seconds) == text)
  }

  @Test func `the line says epoch, step, loss, rate and the time left`() {
    let progress = Progress(.quiet, from: 100, totalSteps: 500)
    #expect(
      progress.line(epoch: 1, step: 200, loss: 0.5, elapsed: .seconds(10))
        == "epoch 2  step 200/500  loss 0.5  10.0 steps/s  30 s left")
    #expect(
      progress.line(epoch: 1, step: 101, loss: 0.5, elapsed: .seconds(2))
        == "epoch 2  step 101/500  loss 0.5  2.0 s/step  13 min 18 s left")
    #expect(
      Progress(.quiet, from: 0, totalSteps: nil).line(epoch: 0, step: 0, loss: 1, elapsed: .zero)
        == "epoch 1  step 0  loss 1.0")
  }
}
