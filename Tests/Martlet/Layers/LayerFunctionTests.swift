import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Layers against what PyTorch and Keras gave, derivatives by inputs and parameters included.
@Suite(.endsAtZero) struct LayerFunctionTests {
  @Test func `values and derivatives are those of the peers`() throws {
    let cases = try RecordedCase.family("layerFunctions")
    let complaints = cases.compactMap { it in
      it.complaint(about: layerAnswer).map { "\($0) \(it.attributes)" }
    }
    #expect(
      cases.count >= 233 && complaints.isEmpty,
      "\(complaints.count):\n\(complaints.prefix(20).joined(separator: "\n"))")
  }
}

/// Gives the results of `call`, and derivatives by the recorded inputs and the named parameters of `model`.
private func answer(_ it: RecordedCase, _ model: any Module, _ call: ([Tensor]) -> [Tensor])
  -> [Tensor]
{
  let count = it.int("inputCount")
  let names = it.attributes["names"]?.arrayValue?.compactMap(\.stringValue) ?? []
  let variables = Dictionary(
    uniqueKeysWithValues: model.namedVariables.map { ($0.name, $0.variable) })
  let parameters = names.compactMap { variables[$0] as? Parameter }
  for (parameter, value) in zip(parameters, it.inputs[count...]) { parameter.tensor = value }
  let sources = it.ints("withRespectTo")
  let inputs = it.inputs.prefix(count).map { Parameter($0) }
  var results: [Tensor] = []
  let (_, gradients) = valueAndGradient {
    let x = inputs.indices.map { sources.contains($0) ? inputs[$0].tensor : it.inputs[$0] }
    results = call(x)
    return (results[0] * it.inputs.last!).sum()
  }
  return results
    + (sources.map { inputs[$0] } + parameters).map { gradients[$0] ?? .zeros(like: $0.tensor) }
}

private struct Nothing: Module {}

private func layerAnswer(_ it: RecordedCase) throws -> [Tensor] {
  let x = it.inputs
  func plain(_ layer: any Layer) -> [Tensor] { answer(it, layer) { [layer($0[0])] } }
  func spatial(_ key: String) -> Spatial {
    it.ints(key).isEmpty ? Spatial(it.int(key)) : Spatial(it.ints(key))
  }
  let pad = Padding.explicit(Spatial(it.int("pad")))
  switch it.operation {
  case "transposedConv1D", "transposedConv2D", "transposedConv3D":
    let rank = x[0].rank - 2
    func make(
      _ type: (Int, Int, Spatial, Spatial, Spatial, Padding, Spatial, Int) -> any Layer
    ) -> any Layer {
      type(
        4, 6, 3, Spatial(it.int("stride")), Spatial(it.int("dilation")), pad,
        Spatial(it.int("outputPadding")),
        it.int("groups"))
    }
    switch rank {
    case 1:
      return plain(
        make {
          TransposedConv1D(
            $0, $1, kernelSize: $2, stride: $3, dilation: $4, padding: $5, outputPadding: $6,
            groups: $7,
            dtype: .float64)
        })
    case 2:
      return plain(
        make {
          TransposedConv2D(
            $0, $1, kernelSize: $2, stride: $3, dilation: $4, padding: $5, outputPadding: $6,
            groups: $7,
            dtype: .float64)
        })
    default:
      return plain(
        make {
          TransposedConv3D(
            $0, $1, kernelSize: $2, stride: $3, dilation: $4, padding: $5, outputPadding: $6,
            groups: $7,
            dtype: .float64)
        })
    }
  case "depthwiseConv1D":
    return plain(
      DepthwiseConv1D(
        3, multiplier: it.int("multiplier"), kernelSize: 2, stride: spatial("stride"),
        dilation: spatial("dilation"),
        dtype: .float64))
  case "depthwiseConv2D":
    return plain(
      DepthwiseConv2D(
        3, multiplier: it.int("multiplier"), kernelSize: 2, stride: spatial("stride"),
        dilation: spatial("dilation"),
        dtype: .float64))
  case "separableConv1D":
    return plain(
      SeparableConv1D(
        3, 5, multiplier: it.int("multiplier"), kernelSize: 2, stride: spatial("stride"),
        dilation: spatial("dilation"), dtype: .float64))
  case "separableConv2D":
    return plain(
      SeparableConv2D(
        3, 5, multiplier: it.int("multiplier"), kernelSize: 2, stride: spatial("stride"),
        dilation: spatial("dilation"), dtype: .float64))
  case "locallyConnected1D":
    return plain(
      LocallyConnected1D(
        3, 4, inputSize: 6, kernelSize: spatial("kernelSize"), stride: spatial("stride"),
        dtype: .float64))
  case "locallyConnected2D":
    return plain(
      LocallyConnected2D(
        3, 4, inputSize: [6, 7], kernelSize: spatial("kernelSize"), stride: spatial("stride"),
        dtype: .float64))
  case "maxPoolWithIndices":
    return answer(it, Nothing()) { x in
      let (values, indices) = maxPoolWithIndices(
        x[0], windowSize: spatial("windowSize"), stride: spatial("stride"), padding: pad)
      return [values, indices]
    }
  case "maxUnpool":
    return answer(it, Nothing()) { [maxUnpool($0[0], indices: $0[1], size: it.ints("size"))] }
  case "lpPool": return plain(LpPool(order: it.double("order"), windowSize: 2, stride: 1))
  case "adaptiveAveragePool": return plain(AdaptiveAveragePool(size: spatial("size")))
  case "adaptiveMaxPool": return plain(AdaptiveMaxPool(size: spatial("size")))
  case "instanceNorm": return plain(InstanceNorm(3, isAffine: it.bool("isAffine"), dtype: .float64))
  case "localResponseNorm":
    return plain(LocalResponseNorm(size: it.int("size"), alpha: 0.1, beta: 0.7, k: 1.2))
  default: return try otherAnswer(it)
  }
}

private func otherAnswer(_ it: RecordedCase) throws -> [Tensor] {
  func plain(_ layer: any Layer) -> [Tensor] { answer(it, layer) { [layer($0[0])] } }
  let width = it.int("width")
  switch it.operation {
  case "weightNorm":
    return plain(
      WeightNorm(Dense(it.int("inputChannels"), it.int("outputChannels"), dtype: .float64)))
  case "spectralNorm":
    let layer = SpectralNorm(
      Dense(it.int("inputChannels"), it.int("outputChannels"), dtype: .float64))
    layer.left.tensor = it.inputs[1]
    layer.right.tensor = it.inputs[2]
    return withMode(it.bool("isTraining") ? .training : .evaluation) { plain(layer) }
  case "recurrent": return recurrentAnswer(it)
  case "convLSTM2D":
    return plain(ConvLSTM2D(2, 3, kernelSize: Spatial(it.int("kernelSize")), dtype: .float64))
  case "groupedQueryAttention":
    let methods: [String: PositionMethod] = [
      "none": .none, "rotary": .rotary(base: 100),
      "interleaved": .rotary(base: 100, isInterleaved: true),
      "bias": .linearBias,
    ]
    return plain(
      GroupedQueryAttention(
        width, headCount: it.int("headCount"), keyHeadCount: it.int("keyHeadCount"),
        window: it.attributes["window"]?.intValue, positions: methods[it.string("method")]!,
        dtype: .float64))
  case "encoderBlock":
    return plain(
      TransformerBlock(
        width, headCount: it.int("headCount"), expansion: 2, isCausal: it.bool("isCausal"),
        normPlacement: it.bool("isNormFirst") ? .before : .after, dtype: .float64))
  case "decoderBlock":
    let block = TransformerDecoderBlock(
      width, headCount: it.int("headCount"), expansion: 2, isCausal: it.bool("isCausal"),
      normPlacement: it.bool("isNormFirst") ? .before : .after, dtype: .float64)
    return answer(it, block) { [block($0[0], memory: $0[1])] }
  case "mixtureOfExperts":
    let layer = MixtureOfExperts(
      width, expertCount: it.int("expertCount"), choiceCount: it.int("choiceCount"), expansion: 2,
      capacityFactor: it.double("capacityFactor"), dtype: .float64)
    return answer(it, layer) { x in
      let (output, balance, size) = layer.withLosses(x[0])
      return [output, balance, size]
    }
  case "embeddingBag", "embeddingBagOfMatrix":
    let modes: [String: EmbeddingBag.Combination] = ["sum": .sum, "mean": .mean, "max": .max]
    let bag = EmbeddingBag(6, 3, combination: modes[it.string("mode")]!, dtype: .float64)
    if it.operation == "embeddingBagOfMatrix" { return answer(it, bag) { [bag($0[0])] } }
    return answer(it, bag) {
      [bag($0[0], offsets: $0[1], weights: it.bool("hasWeights") ? $0[2] : nil)]
    }
  case "bilinear":
    let sizes = it.ints("sizes")
    let layer = Bilinear(sizes[0], sizes[1], sizes[2], dtype: .float64)
    return answer(it, layer) { [layer($0[0], $0[1])] }
  case "padding":
    let modes: [String: PaddingMode] = [
      "constant": .constant(0), "reflect": .reflect, "replicate": .edge, "circular": .wrap,
    ]
    return plain(
      SpatialPadding(
        before: Spatial(it.ints("before")), after: Spatial(it.ints("after")),
        mode: modes[it.string("mode")]!))
  case "upSampling":
    return plain(
      UpSampling(Spatial(it.int("factor")), method: it.bool("isLinear") ? .linear : .nearest))
  case "prelu": return plain(PReLU(it.inputs[0].shape.last!, dtype: .float64))
  case "activation": return plain(try activation(it.string("kind")))
  default: throw UnknownCase(operation: it.operation)
  }
}

private func recurrentAnswer(_ it: RecordedCase) -> [Tensor] {
  let width = it.int("width")
  let stack = StackedRecurrent(
    2, layerCount: it.int("layers"), isBidirectional: it.bool("isBidirectional")
  ) {
    count, isReversed -> any RecurrentLayer in
    switch it.string("kind") {
    case "lstm": LSTM(count, width, isReversed: isReversed, dtype: .float64)
    case "gru": GRU(count, width, isReversed: isReversed, dtype: .float64)
    default: SimpleRNN(count, width, isReversed: isReversed, dtype: .float64)
    }
  }
  return answer(it, stack) { x in
    let (sequence, last) = stack.run(x[0], lengths: x.count > 1 ? x[1] : nil)
    return [sequence] + last[0].indices.map { state in Tensor(stacking: last.map { $0[state] }) }
  }
}

private func activation(_ kind: String) throws -> Activation {
  let known: [String: Activation] = [
    "celu": Activation { celu($0, alpha: 0.7) }, "hardShrink": .hardShrink,
    "softShrink": .softShrink,
    "tanhShrink": .tanhShrink, "threshold": Activation { threshold($0, above: 0.3, value: -1) },
    "relu6": .relu6,
    "selu": .selu, "mish": .mish, "softsign": .softsign, "logSigmoid": .logSigmoid,
    "hardSigmoid": .hardSigmoid,
    "hardTanh": .hardTanh, "hardSwish": .hardSwish, "glu": .glu, "softmin": .softmin, "silu": .silu,
    "softplus": .softplus, "elu": .elu, "leakyReLU": .leakyReLU, "squarePlus": .squarePlus,
    "squaredReLU": .squaredReLU, "swiGLU": .swiGLU, "geGLU": .geGLU,
    "reGLU": Activation { gated($0, by: .relu) },
    "maxout": Activation { maxout($0, size: 2) }, "sparsemax": .sparsemax,
  ]
  guard let found = known[kind] else { throw UnknownCase(operation: kind) }
  return found
}
