import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// More layers in five configurations each, and models made of several.
@Suite(.endsAtZero) struct LayerConfigurationTests {
  @Test(arguments: [1, 2, 3, 4, 5])
  func `derivatives of more layers are what differences say`(seed: Int) {
    for (layer, x) in Self.layers(seed) {
      let complaint = derivativeComplaint(at: [x] + layer.parameters.map(\.tensor), elements: 5) {
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
    let size = 4 + seed
    let (stride, dilation) = (1 + seed % 2, 1 + seed % 3 / 2)
    let line = Tensor.normal([2, size, 4], dtype: .float64, seed: UInt64(seed))
    let image = Tensor.normal([1, size, size - 1, 4], dtype: .float64, seed: UInt64(seed))
    let volume = Tensor.normal([1, 2, 3, 2, 4], dtype: .float64, seed: UInt64(seed))
    let lengths = Tensor([size, seed % size])
    return withSeed(UInt64(seed)) {
      [
        (
          TransposedConv1D(
            4, 2, kernelSize: 3, stride: Spatial(stride), groups: 2, dtype: .float64), line
        ),
        (TransposedConv3D(4, 2, kernelSize: 2, stride: Spatial(stride), dtype: .float64), volume),
        (
          DepthwiseConv1D(
            4, multiplier: stride, kernelSize: 2, dilation: Spatial(dilation), dtype: .float64),
          line
        ),
        (
          DepthwiseConv2D(
            4, kernelSize: [2, 3], stride: Spatial(stride), padding: .same, dtype: .float64), image
        ),
        (SeparableConv1D(4, 3, multiplier: 2, kernelSize: 2, dtype: .float64), line),
        (
          LocallyConnected1D(
            4, 2, inputSize: Spatial(size), kernelSize: 2, stride: Spatial(stride), dtype: .float64),
          line
        ),
        (SimpleRNN(4, 2, activation: .softplus, isReversed: true, dtype: .float64), line),
        (
          Lengths(layer: LSTM(4, 2, isReversed: seed % 2 == 0, dtype: .float64), lengths: lengths),
          line
        ),
        (
          Lengths(layer: GRU(4, 2, isReversed: seed % 2 == 1, dtype: .float64), lengths: lengths),
          line
        ),
        (UpSampling(Spatial(stride + 1)), image), (SpatialPadding(2, mode: .edge), image),
        (SpatialPadding(2, mode: .wrap), image), (MaxPool1D(windowSize: 2, stride: 1), line),
        (AveragePool2D(windowSize: 2, padding: .same, countsPadding: true), image),
        (GlobalMaxPool(), image),
        (
          Unpooling(size: [size]), line
        ),
        (
          TransformerBlock(4, headCount: 2, normPlacement: .after, dtype: .float64), line
        ),
        (
          TransformerEncoder(2, norm: LayerNorm(4, dtype: .float64)) {
            TransformerBlock(4, headCount: 1, isCausal: true, dtype: .float64)
          }, line
        ),
        (
          GroupedQueryAttention(
            4, headCount: 2, keyHeadCount: 2, isCausal: false, window: 1 + seed % 3,
            positions: .rotary(base: 50, isInterleaved: true), dtype: .float64), line
        ),
      ]
    }
  }

  /// Modules of several inputs, or of integers, whose derivatives the next test is about.
  static let modules = ["Bilinear", "TransformerDecoder", "TransformerDecoderBlock", "Embedding", "EmbeddingBag"]

  @Test(arguments: [1, 2, 3, 4, 5])
  func `derivatives of modules of several inputs are what differences say`(seed: Int) {
    let x = Tensor.normal([2, 1 + seed, 4], dtype: .float64, seed: UInt64(seed))
    let memory = Tensor.normal([2, 3, 4], dtype: .float64, seed: UInt64(seed + 10))
    let bilinear = Bilinear(4, 4, seed, dtype: .float64, seed: 1)
    let decoder = withSeed(2) {
      TransformerDecoder(2, norm: LayerNorm(4, dtype: .float64)) {
        TransformerDecoderBlock(
          4, headCount: 2, activation: .gelu, normPlacement: seed % 2 == 0 ? .before : .after,
          dtype: .float64)
      }
    }
    let indices = Tensor.randomIntegers([5], in: 0..<6, seed: UInt64(seed))
    let offsets = Tensor([0, seed % 4, 4])
    var bodies: [(String, any Module, [Tensor], ([Tensor]) -> Tensor)] = [
      ("bilinear", bilinear, [x, x * 0.5 + 1], { bilinear($0[0], $0[1]) }),
      ("decoder", decoder, [x, memory], { decoder($0[0], memory: $0[1]) }),
    ]
    let table = Embedding(6, seed, dtype: .float64, seed: UInt64(seed))
    bodies.append(("embedding", table, [], { _ in table(indices.reshaped(to: [1, 5])) }))
    for mode in [EmbeddingBag.Combination.sum, .mean, .max] {
      let bag = EmbeddingBag(6, 3, combination: mode, dtype: .float64, seed: UInt64(seed))
      bodies.append(("bag \(mode)", bag, [], { _ in bag(indices, offsets: offsets) }))
      bodies.append(("bag of rows \(mode)", bag, [], { _ in bag(indices.reshaped(to: [1, 5])) }))
    }
    for (name, module, inputs, body) in bodies {
      let complaint = derivativeComplaint(at: inputs + module.parameters.map(\.tensor), elements: 5) { values in
        for (parameter, value) in zip(module.parameters, values.dropFirst(inputs.count)) {
          parameter.tensor = value
        }
        return body(values)
      }
      #expect(complaint == nil, "\(name): \(complaint ?? "")")
    }
  }

  @Test func `grouped queries with as many groups as heads are attention to another sequence`() {
    let (x, context) = (Tensor.normal([2, 3, 8], seed: 1), Tensor.normal([2, 5, 8], seed: 2))
    let plain = MultiHeadAttention(8, headCount: 4, hasBias: false, seed: 3)
    let grouped = GroupedQueryAttention(
      8, headCount: 4, keyHeadCount: 4, isCausal: false, positions: .none, seed: 4)
    for (from, to) in zip(plain.parameters, grouped.parameters) { to.tensor = from.tensor }
    let difference = abs(plain(x, context: context) - grouped(x, context: context)).max().scalar
    #expect(difference < 1e-6)
  }

  @Test func `a decoder that writes step by step with caches writes what it writes at once`() {
    let x = Tensor.normal([2, 5, 8], dtype: .float64, seed: 1)
    let memory = Tensor.normal([2, 3, 8], dtype: .float64, seed: 2)
    let decoder = withSeed(3) {
      TransformerDecoder(2) {
        TransformerDecoderBlock(8, headCount: 2, normPlacement: .before, dtype: .float64)
      }
    }
    let caches = (0..<2).map { _ in
      KeyValueCache(batch: 2, capacity: 6, headCount: 2, headWidth: 4, dtype: .float64)
    }
    let parts = (0..<5).map { decoder(x[.all, $0..<($0 + 1)], memory: memory, caches: caches) }
    let difference = abs(Tensor(concatenating: parts, axis: 1) - decoder(x, memory: memory)).max()
      .scalar
    #expect(difference < 1e-12)
  }

  @Test func `a mixture of experts uses all of them alike when it is taught to`() {
    let layer = MixtureOfExperts(4, expertCount: 4, choiceCount: 1, capacityFactor: 4, seed: 2)
    let optimizer = Adam(layer.parameters, learningRate: 0.02)
    let x = Tensor.normal([64, 4], seed: 1)
    func balance() -> Double { layer.withLosses(x).balanceLoss.scalar }
    layer.router.weight.tensor =
      layer.router.weight.tensor + Tensor([[2.0, 0, 0, 0]], dtype: .float32)
    let before = balance()
    for _ in 0..<100 {
      optimizer.update(with: valueAndGradient { layer.withLosses(x).balanceLoss }.gradients)
    }
    #expect(balance() < before && balance() < 1.2)
    #expect(layer.capacity(tokenCount: 64) == 64)
  }

  @Test func `random layers draw anew at every call of a compiled step`() {
    let layers: [any Layer] = withSeed(1) {
      [
        SpatialDropout(probability: 0.5), GaussianDropout(probability: 0.5),
        AlphaDropout(probability: 0.5),
        GaussianNoise(standardDeviation: 1), StochasticDepth(probability: 0.5), RandomizedReLU(),
      ]
    }
    let x = Tensor.normal([40, 3, 5], seed: 2)
    for layer in layers {
      let step = compiled { (x: Tensor) in withMode(.training) { layer(x) } }
      let first = step(x).scalars(as: Float.self)
      #expect(first != step(x).scalars(as: Float.self), "\(type(of: layer))")
    }
  }
}

/// A recurrent layer with lengths, as a layer of one input.
private struct Lengths: Layer {
  let layer: any RecurrentLayer
  let lengths: Tensor
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (sequence, last) = layer.run(x, initial: nil, lengths: lengths)
    return Tensor(concatenating: [sequence, last[0].expandingDimensions(at: 1)], axis: 1)
  }
}

/// Values at the places of the largest, zeros elsewhere.
private struct Unpooling: Layer {
  let size: [Int]
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (values, indices) = maxPoolWithIndices(x, windowSize: 2)
    return maxUnpool(values, indices: indices, size: size)
  }
}
