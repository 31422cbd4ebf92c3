import Martlet
import MartletFormats
import MartletTestSupport
import Testing

/// Weights that the engine keeps packed are those of the moment, however they came to change.
@Suite(.endsAtZero) struct PackedWeightsTests {
  private struct Net: Layer {
    let filter = Conv2D(32, 48, kernelSize: 3, seed: 1)
    let expand = Conv2D(48, 96, kernelSize: 5, seed: 2)
    let head = Dense(96, 300, seed: 3)
    func callAsFunction(_ x: Tensor) -> Tensor { head(relu(expand(relu(filter(x)))).reshaped(to: [-1, 96])) }
  }

  private static var x: Tensor { .normal([1, 18, 18, 32], seed: 4) }

  /// The result of a model with copies of the weights, which no engine has met before.
  private static func expected(_ net: Net) -> [Float] {
    let other = Net()
    for (mine, its) in zip(other.variables, net.variables) {
      mine.tensor = Tensor(its.tensor.scalars(as: Float.self), shape: its.type.shape)
    }
    return other(x).scalars(as: Float.self)
  }

  /// Runs the model until its weights are packed, and compares each result.
  private static func expectSameBits(_ net: Net, _ comment: Comment) {
    let expected = expected(net)
    for _ in 0..<4 { #expect(net(x).scalars(as: Float.self) == expected, comment) }
    #expect(BufferCache.summary.contains("packed weights"), "\(BufferCache.summary)")
  }

  @Test func `a step of training between inferences`() {
    let net = Net()
    let optimizer = Adam(net.parameters, learningRate: 0.01)
    for step in 0..<3 {
      PackedWeightsTests.expectSameBits(net, "step \(step)")
      let before = PackedWeightsTests.expected(net)
      optimizer.update(with: valueAndGradient { power(net(PackedWeightsTests.x), 2).mean() }.gradients)
      #expect(PackedWeightsTests.expected(net) != before)
    }
  }

  @Test func `a compiled step of training between inferences`() {
    let net = Net()
    let optimizer = SGD(net.parameters, learningRate: 0.1)
    let step = compiled { (x: Tensor) -> Tensor in
      let (loss, gradients) = valueAndGradient { power(net(x), 2).mean() }
      optimizer.update(with: gradients)
      return loss
    }
    for turn in 0..<4 {
      PackedWeightsTests.expectSameBits(net, "turn \(turn)")
      _ = step(PackedWeightsTests.x).scalar
    }
  }

  @Test func `weights from a file`() throws {
    let net = Net()
    let scratch = try TrainingScratch()
    try net.saveWeights(to: scratch.file("a.safetensors"))
    PackedWeightsTests.expectSameBits(net, "first")
    for variable in net.variables { variable.tensor = variable.tensor * 2 }
    PackedWeightsTests.expectSameBits(net, "doubled")
    try net.loadWeights(from: scratch.file("a.safetensors"))
    PackedWeightsTests.expectSameBits(net, "loaded")
  }
}
