import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Derivatives of layers while they are trained, in double precision, against differences of values.
@Suite(.endsAtZero) struct LayerDerivativeTests {
  @Test(arguments: [1, 2, 3, 4, 5])
  func `derivatives in training are what differences say`(seed: Int) {
    for (layer, x) in Self.layers(seed) {
      // Every value is that of the first step: random states and running statistics begin where they began.
      let states = layer.variables.filter { !($0 is Parameter) }
      let held = states.map(\.tensor)
      let complaint = withMode(.training) {
        derivativeComplaint(at: [x] + layer.parameters.map(\.tensor), elements: 6) { inputs in
          for (parameter, value) in zip(layer.parameters, inputs.dropFirst()) { parameter.tensor = value }
          for (state, value) in zip(states, held) { state.tensor = value }
          return layer(inputs[0])
        }
      }
      #expect(complaint == nil, "\(type(of: layer)): \(complaint ?? "")")
    }
  }

  /// Layers in one configuration, each with an input; those of five seeds differ in sizes and settings.
  static func layers(_ seed: Int) -> [(any Layer, Tensor)] {
    withSeed(UInt64(seed)) { plain(seed) + sequences(seed) + random(seed) }
  }

  private static func normal(_ shape: Shape, _ seed: Int) -> Tensor {
    .normal(shape, dtype: .float64, seed: UInt64(seed))
  }

  private static func plain(_ seed: Int) -> [(any Layer, Tensor)] {
    let (size, isEven) = (4 + seed % 3, seed % 2 == 0)
    let rows = normal([3 + seed, 6], seed)
    let line = normal([2, size + 2, 4], seed)
    let image = normal([1 + seed % 2, size, size + 1, 4], seed)
    let norms: [any Layer] = [
      LayerNorm(6, hasShift: isEven, dtype: .float64), RMSNorm(6, dtype: .float64),
      GroupNorm(6, groups: [1, 2, 3, 6, 2][seed - 1], dtype: .float64), BatchNorm(6, dtype: .float64),
    ]
    return norms.map { ($0, normal([4, seed, 6], seed)) } + [
      (Dense(6, seed, hasBias: isEven, dtype: .float64), rows),
      (Flatten(), image),
      (
        Residual(shortcut: Dense(6, 2, dtype: .float64)) {
          Dense(6, 2, dtype: .float64); Activation.tanh
        }, rows
      ),
      (
        Sequential {
          Dense(6, 4, dtype: .float64); Activation.gelu; Dense(4, 2, dtype: .float64)
        }, rows
      ),
      (Conv1D(4, 2, kernelSize: 2, dilation: 1 + seed % 2, groups: isEven ? 2 : 1, dtype: .float64), line),
      (
        Conv2D(
          4, 6, kernelSize: [1 + seed % 3, 2], stride: Spatial(1 + seed % 2), padding: isEven ? .same : .valid,
          groups: isEven ? 2 : 1, dtype: .float64), image
      ),
      (MaxPool2D(windowSize: 2, stride: Spatial(1 + seed % 2)), image),
      (AveragePool1D(windowSize: 2 + seed % 2, stride: 1), line), (GlobalAveragePool(), image),
      (PReLU(4, dtype: .float64), image),
    ]
  }

  private static func sequences(_ seed: Int) -> [(any Layer, Tensor)] {
    let x = normal([2, 1 + seed, 4], seed)
    let (heads, isEven) = ([1, 2, 4, 2, 1][seed - 1], seed % 2 == 0)
    return [
      (MultiHeadAttention(4, headCount: heads, isCausal: isEven, hasBias: !isEven, dtype: .float64), x),
      (TransformerBlock(4, headCount: heads, expansion: 2, isCausal: true, dtype: .float64), x),
      (FeedForward(4, expansion: seed, activation: isEven ? .gelu : .silu, dtype: .float64), x),
      (LSTM(4, seed, isReversed: isEven, dtype: .float64), x), (GRU(4, seed, isReversed: isEven, dtype: .float64), x),
    ]
  }

  private static func random(_ seed: Int) -> [(any Layer, Tensor)] {
    let x = normal([3, 2 + seed % 2, 4], seed)
    let probability = 0.1 * Double(seed)
    let layers: [any Layer] = [
      Dropout(probability: probability), SpatialDropout(probability: probability),
      AlphaDropout(probability: probability, isByChannel: seed % 2 == 0), GaussianDropout(probability: probability),
      GaussianNoise(standardDeviation: probability), StochasticDepth(probability: probability), RandomizedReLU(),
    ]
    return layers.map { ($0, x) }
  }
}
