import Martlet
import MartletGraph
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct MixedPrecisionTests {
  @Test func `gradients that float 16 has no number for arrive with a scaler`() throws {
    // The gradient is 2⁻³⁰; the smallest number of float 16 is 2⁻²⁴.
    let parameter = Parameter(.ones([2], dtype: .float16))
    func loss() -> Tensor { (parameter.tensor * 0x1p-20).cast(to: .float32).sum() * 0x1p-10 }
    let plain = try #require(valueAndGradient { loss() }.gradients[parameter])
    #expect(plain.cast(to: .float64).max().scalar == 0)
    let scaler = LossScaler()
    let gradients = valueAndGradient { scaler.scaled(loss()) }.gradients
    let unscaled = try #require(scaler.unscaled(gradients)?[parameter])
    #expect(unscaled.dtype == .float32)
    #expect(unscaled.scalars(as: Float.self) == [0x1p-30, 0x1p-30])
  }

  @Test func `the factor falls with infinite gradients and grows with good ones`() {
    let scaler = LossScaler(initial: 8, growthInterval: 2)
    let parameter = Parameter(.ones([1]))
    let good = Gradients([(parameter, Tensor.ones([1]))])
    let bad = Gradients([(parameter, Tensor([Float.infinity]))])
    #expect(scaler.unscaled(bad) == nil && scaler.scale.tensor.scalar == 4)
    #expect(scaler.unscaled(good)?[parameter]?.scalars() == [0.25] as [Float])
    #expect(scaler.scale.tensor.scalar == 4 && scaler.goodSteps.tensor.scalar == 1)
    #expect(
      scaler.unscaled(good) != nil && scaler.scale.tensor.scalar == 8
        && scaler.goodSteps.tensor.scalar == 0)
    #expect(scaler.unscaled(Gradients([(parameter, Tensor([Float.nan]))])) == nil)
    #expect(scaler.scale.tensor.scalar == 4)
  }

  @Test(arguments: [MartletGraph.DType.float16, .bfloat16])
  func `a model of 16-bit floats learns, and resumes with its scaler`(dtype: MartletGraph.DType)
    throws
  {
    let scratch = try TrainingScratch()
    func trained(_ steps: Int, _ folder: String) throws -> (loss: Double, states: [[UInt64]]) {
      let model = withSeed(1) {
        Sequential {
          Dense(3, 16, dtype: dtype)
          LayerNorm(16, dtype: dtype)
          Activation.tanh
          Dense(16, 1, dtype: dtype)
        }
      }
      let optimizer = AdamW(model.parameters, learningRate: 0.01)
      var options = quietOptions(.steps(steps), output: scratch.file(folder))
      options.lossScaler = LossScaler(initial: 0x1p30, growthInterval: 20)
      let trainer = Trainer(model, optimizer: optimizer, data: LineBatches(), options: options) {
        batch in
        meanSquaredError(model(batch.x.cast(to: dtype)), batch.y)
      }
      let report = try trainer.run()
      let scaler = try #require(options.lossScaler)
      let variables = model.variables + optimizer.states + scaler.states
      return (try #require(report.loss), variables.map { $0.tensor.words })
    }
    let straight = try trained(120, "straight")
    #expect(straight.loss < 0.05)
    _ = try trained(50, "stopped")
    #expect(try trained(120, "stopped").states == straight.states)
  }

  @Test func `norms and losses of 16-bit floats do not overflow`() {
    // The squares of these are beyond float 16.
    let x = Tensor.normal([4, 6], standardDeviation: 500, seed: 3)
    let narrow = x.cast(to: .float16)
    let layers: [(any Layer, any Layer)] = [
      (LayerNorm(6), LayerNorm(6, dtype: .float16)), (RMSNorm(6), RMSNorm(6, dtype: .float16)),
      (GroupNorm(6, groups: 2), GroupNorm(6, groups: 2, dtype: .float16)),
      (InstanceNorm(6), InstanceNorm(6, dtype: .float16)),
      (BatchNorm(6), BatchNorm(6, dtype: .float16)),
    ]
    for (wide, layer) in layers {
      let expected = withMode(.training) { wide(narrow.cast(to: .float32)) }
      let got = withMode(.training) { layer(narrow) }
      #expect(got.dtype == .float16)
      // Half a unit in the last place of numbers below 4.
      #expect(abs(got.cast(to: .float32) - expected).max().scalar <= 0.001)
    }
    let loss = meanSquaredError(narrow, .zeros([4, 6]))
    #expect(loss.dtype == .float32 && loss.scalar > 65_504)
    #expect(softmaxCrossEntropy(narrow, labels: .zeros([4], dtype: .int64)).dtype == .float32)
  }

  @Test func `products alone are computed in 16 bits, and their derivatives`() throws {
    let (x, w) = (Tensor.normal([5, 7], seed: 1), Parameter(Tensor.normal([7, 3], seed: 2)))
    let rounded = (x.cast(to: .bfloat16), w.tensor.cast(to: .bfloat16))
    let expected = matmul(rounded.0, rounded.1).cast(to: .float32)
    func loss(_ product: (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor?) {
      let (value, gradients) = valueAndGradient {
        withContractions(in: .bfloat16) { (product(x, w.tensor) * 3).sum() }
      }
      return (value, gradients[w])
    }
    let forms: [(Tensor, Tensor) -> Tensor] = [
      { matmul($0, $1) }, { einsum("ij,jk->ik", $0, $1) }, { tensordot($0, $1, leftAxes: [1], rightAxes: [0]) },
      { conv2D($0.reshaped(to: [1, 5, 1, 7]), $1.reshaped(to: [1, 1, 7, 3])) },
    ]
    for form in forms {
      let (value, gradient) = loss(form)
      #expect(value.dtype == .float32 && value.scalar == (expected * 3).sum().scalar)
      let exact = matmul(rounded.0.transposed(), Tensor.full([5, 3], value: 3, dtype: .bfloat16)).cast(to: .float32)
      #expect(try #require(gradient).scalars(as: Float.self) == exact.scalars(as: Float.self))
    }
    // An inner call ends it, vectors and wider types stay, and so does what comes after.
    let inside = withContractions(in: .bfloat16) {
      (
        withContractions(in: .float32) { matmul(x, w.tensor) }, dot(x[0], x[1]),
        matmul(x.cast(to: .float64), x.transposed().cast(to: .float64))
      )
    }
    #expect(inside.0.scalars(as: Float.self) == matmul(x, w.tensor).scalars(as: Float.self))
    #expect(inside.1.scalar == dot(x[0], x[1]).scalar && inside.2.dtype == .float64)
    #expect(matmul(x, w.tensor).scalars(as: Float.self) != expected.scalars(as: Float.self))
  }

  @Test func `a compiled function is recorded anew for another type of products`() {
    let x = Tensor.normal([4, 4], seed: 1)
    let square = compiled { matmul($0, $0) }
    let plain = square(x).scalars(as: Float.self)
    #expect(withContractions(in: .float16) { square(x).scalars(as: Float.self) } != plain)
    #expect(square(x).scalars(as: Float.self) == plain)
  }

  @Test func `attention and linear algebra are computed as ever`() {
    let x = Tensor.normal([1, 6, 2, 8], seed: 1)
    let matrix = Tensor.normal([5, 5], seed: 2)
    func results() -> [[Float]] {
      [attention(x, x, x), inverse(matrix)].map { $0.scalars(as: Float.self) }
    }
    #expect(withContractions(in: .bfloat16, results) == results())
  }

  @Test func `products in a type that adds up in itself stop with a sentence`() throws {
    let error = #expect(throws: (any Error).self) {
      try checked { withContractions(in: .int8) { matmul(Tensor.ones([2, 2]), Tensor.ones([2, 2])) } }
    }
    #expect("\(try #require(error))".contains("cannot be int8"))
  }
}
