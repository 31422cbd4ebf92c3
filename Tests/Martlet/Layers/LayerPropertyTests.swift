import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Derivatives of layers in double precision against differences, and what no peer could be asked.
@Suite(.endsAtZero) struct LayerPropertyTests {
  @Test(arguments: [1, 2, 3, 4, 5])
  func `derivatives are what differences say`(seed: Int) {
    for (layer, x) in Self.layers(seed) {
      let complaint = derivativeComplaint(at: [x] + layer.parameters.map(\.tensor), elements: 6) {
        inputs in
        for (parameter, value) in zip(layer.parameters, inputs.dropFirst()) {
          parameter.tensor = value
        }
        return layer(inputs[0])
      }
      #expect(complaint == nil, "\(type(of: layer)): \(complaint ?? "")")
    }
  }

  /// Layers in one configuration, each with an input.
  static func layers(_ seed: Int) -> [(any Layer, Tensor)] {
    let size = 4 + seed % 3
    let image = Tensor.normal([2, size, size + 1, 4], dtype: .float64, seed: UInt64(seed))
    let volume = Tensor.normal([1, 3, size, 3, 2], dtype: .float64, seed: UInt64(seed))
    let sequence = Tensor.normal([2, size, 4], dtype: .float64, seed: UInt64(seed))
    let positive = abs(image) + 0.1
    return withSeed(UInt64(seed)) {
      [
        (Conv3D(2, 3, kernelSize: 2, padding: .same, dtype: .float64), volume),
        (TransposedConv2D(4, 2, kernelSize: 3, stride: 2, padding: .same, dtype: .float64), image),
        (SeparableConv2D(4, 3, kernelSize: 2, dtype: .float64), image),
        (
          LocallyConnected2D(4, 2, inputSize: [size, size + 1], kernelSize: 2, dtype: .float64),
          image
        ),
        (MaxPool3D(windowSize: 2, stride: 1), volume),
        (AveragePool3D(windowSize: 2, stride: 1), volume),
        (LpPool(order: 3, windowSize: 2), positive), (AdaptiveAveragePool(size: [2, 3]), image),
        (AdaptiveMaxPool(size: 3), image),
        (InstanceNorm(4, isAffine: true, dtype: .float64), image),
        (LocalResponseNorm(size: 3, alpha: 0.2), image),
        (SpectralNorm(Conv2D(4, 2, kernelSize: 2, dtype: .float64)), image),
        (WeightNorm(Dense(4, 3, dtype: .float64)), sequence),
        (SimpleRNN(4, 3, dtype: .float64), sequence),
        (ConvLSTM2D(2, 2, kernelSize: 2, dtype: .float64), volume),
        (
          StackedRecurrent(4, layerCount: 2, isBidirectional: true) {
            GRU($0, 2, isReversed: $1, dtype: .float64)
          }, sequence
        ),
        (
          GroupedQueryAttention(
            4, headCount: 2, keyHeadCount: 1, window: 2, positions: .rotary(), dtype: .float64),
          sequence
        ),
        (
          GroupedQueryAttention(
            4, headCount: 2, keyHeadCount: 2, positions: .linearBias, dtype: .float64), sequence
        ),
        (MixtureOfExperts(4, expertCount: 3, expansion: 1, dtype: .float64), sequence),
        (PReLU(4, dtype: .float64), image), (UpSampling(2, method: .linear), image),
        (SpatialPadding(1, mode: .reflect), image), (Cropping(1), image),
        (Activation.sparsemax, image),
        (Activation.swiGLU, image), (Activation { maxout($0, size: 2) }, image),
        (Activation.squarePlus, image),
        (Activation { celu($0, alpha: 0.6) }, image),
      ]
    }
  }

  @Test func `generating with a cache gives what the whole sequence gives`() {
    let x = Tensor.normal([2, 7, 8], dtype: .float64, seed: 1)
    let methods: [(PositionMethod, Int?)] = [
      (.none, nil), (.rotary(), nil), (.rotary(), 3), (.linearBias, nil),
    ]
    for (positions, window) in methods {
      let layer = withSeed(3) {
        GroupedQueryAttention(
          8, headCount: 4, keyHeadCount: 2, window: window, positions: positions, dtype: .float64)
      }
      let cache = KeyValueCache(batch: 2, capacity: 9, headCount: 2, headWidth: 2, dtype: .float64)
      let parts = [0..<3, 3..<4, 4..<7].map { layer(x[.all, $0], cache: cache) }
      let difference = abs(Tensor(concatenating: parts, axis: 1) - layer(x)).max().scalar
      #expect(difference < 1e-12, "\(positions) \(String(describing: window))")
    }
  }

  @Test func `orthogonal weights have orthogonal rows or columns`() {
    for shape in [[5, 5], [3, 8], [8, 3], [3, 3, 2, 4]] as [[Int]] {
      let weight = Initializer.orthogonal(gain: 2).parameter(Shape(shape), dtype: .float64, seed: 4)
        .tensor
      let matrix = weight.reshaped(to: [-1, shape.last!])
      let isTall = matrix.shape[0] > matrix.shape[1]
      let gram = isTall ? matmul(matrix.transposed(), matrix) : matmul(matrix, matrix.transposed())
      #expect(abs(gram - .eye(gram.shape[0], dtype: .float64) * 4).max().scalar < 1e-10)
    }
    let first = Initializer.orthogonal().parameter([4, 4], seed: 1).tensor.scalars(as: Float.self)
    #expect(
      first == Initializer.orthogonal().parameter([4, 4], seed: 1).tensor.scalars(as: Float.self))
    #expect(
      first != Initializer.orthogonal().parameter([4, 4], seed: 2).tensor.scalars(as: Float.self))
  }

  @Test func `other initializers have their moments and places`() {
    let n = 200_000.0
    for form in [Initializer.Form.normal, .truncatedNormal, .uniform] {
      let x = Initializer.varianceScaling(2, fan: .average, form: form)
        .parameter([1000, 200], dtype: .float64, seed: 3).tensor
      let expected = 2 / 600.0
      // The variance of a square is at most twice the variance squared: six standard errors.
      #expect(abs((x * x).mean().scalar - expected) < 6 * expected * (2 / n).squareRoot())
    }
    let x = Tensor.normal([2, 5, 6, 3], seed: 1)
    let filter = Initializer.dirac.parameter([3, 3, 3, 3], seed: 0).tensor
    #expect(conv2D(x, filter, padding: .same).scalars(as: Float.self) == x.scalars(as: Float.self))
    #expect(
      Initializer.identity(gain: 2).parameter([2, 3], seed: 0).tensor.scalars() == [
        2, 0, 0, 0, 2, 0,
      ] as [Float])
    let sparse = Initializer.sparse(zeroShare: 0.3).parameter([10, 4], seed: 1).tensor
    #expect((sparse .== 0).sum(axes: 0).scalars() == [3, 3, 3, 3])
  }

  @Test func `the dropout family keeps means, and does nothing in evaluation`() {
    let x = Tensor.ones([200, 10, 50], dtype: .float64)
    let layers: [any Layer] = withSeed(5) {
      [
        SpatialDropout(probability: 0.3), GaussianDropout(probability: 0.3),
        GaussianNoise(standardDeviation: 0.2),
        StochasticDepth(probability: 0.3),
      ]
    }
    for layer in layers {
      #expect(layer(x).scalars(as: Double.self) == x.scalars(as: Double.self))
      let y = withMode(.training) { layer(x) }
      // The least independent has 200 numbers of a deviation below 0.7.
      #expect(abs(y.mean().scalar - 1) < 6 * 0.7 / 200.0.squareRoot())
      #expect(y.variance().scalar > 0.01)
      #expect(
        withMode(.training) { layer(x) }.scalars(as: Double.self) != y.scalars(as: Double.self))
    }
    let channels = withMode(.training) { SpatialDropout(probability: 0.5, seed: 1)(x) }
    #expect(channels.variance(axes: 1).max().scalar == 0)
    let normal = Tensor.normal([300_000], dtype: .float64, seed: 2)
    let y = withMode(.training) { AlphaDropout(probability: 0.2, seed: 3)(normal) }
    #expect(abs(y.mean().scalar) < 0.012 && abs(y.variance().scalar - 1) < 0.02)
    let slopes = withMode(.training) { RandomizedReLU(seed: 4)(-x) }
    #expect(slopes.max().scalar <= -0.125 && slopes.min().scalar >= -1.0 / 3)
  }

  @Test func `spectral norm approaches the largest singular value`() {
    let dense = Dense(3, 2, hasBias: false, dtype: .float64, seed: 2)
    dense.weight.tensor = Tensor([[3.0, 0], [0, 4], [0, 0]])
    let layer = SpectralNorm(dense, seed: 7)
    for _ in 0..<60 { _ = withMode(.training) { layer(.ones([1, 3], dtype: .float64)) } }
    let y = layer(.eye(3, dtype: .float64)).scalars(as: Double.self)
    #expect(abs(y[0] - 0.75) < 1e-9 && abs(y[3] - 1) < 1e-9)
  }

  @Test func `wrong numbers are mistakes with a sentence`() {
    let mistakes: [() -> Void] = [
      { _ = MixtureOfExperts(4, expertCount: 2, choiceCount: 3) },
      { _ = GroupedQueryAttention(8, headCount: 3, keyHeadCount: 2) },
      { _ = SpatialDropout(probability: 1.5) },
      { _ = rotated(.zeros([1, 2, 1, 3])) },
      { _ = lpPool(.zeros([1, 4, 1]), order: 0, windowSize: 2) },
      { _ = adaptiveMaxPool(.zeros([1, 4, 1]), size: 0) },
      { _ = maxUnpool(.zeros([1, 2, 1]), indices: .zeros([1, 2, 1]), size: [4]) },
      { _ = maxPoolWithIndices(.zeros([1, 4, 1]), windowSize: 0) },
      { _ = LocallyConnected1D(1, 1, inputSize: 2, kernelSize: 3) },
      { _ = maxout(.zeros([3]), size: 2) },
    ]
    for (index, mistake) in mistakes.enumerated() {
      let error = #expect(throws: ProgramError.self, "\(index)") { try checked { mistake() } }
      #expect((error?.message.count ?? 0) > 10)
    }
    let layer = LSTM(2, 2, seed: 1)
    #expect(throws: ExecutionError.self) {
      try checked {
        _ = try layer(.zeros([1, 3, 2]), initial: nil, lengths: Tensor([4])).sequence.evaluated()
      }
    }
    #expect(throws: ExecutionError.self) {
      try checked {
        let x = Tensor.ones([1, 2, 1])
        _ = try maxUnpool(x, indices: Tensor([[[0], [7]]]), size: [4]).evaluated()
      }
    }
  }
}
