import Martlet
import MartletTestSupport
import Testing

/// What PyTorch answered for layers, derivatives included.
@Suite(.endsAtZero) struct RecordedLayersTests {
  @Test(arguments: ["normalisation", "recurrent"])
  func `layers give what PyTorch gave`(family: String) throws {
    let cases = try RecordedCase.family(family)
    let complaints = cases.compactMap { $0.complaint(about: layerAnswer) }
    #expect(cases.count >= 16 && complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }
}

private func layerAnswer(_ it: RecordedCase) throws -> [Tensor] {
  guard it.operation.hasSuffix("Gradient") else { return try layer(it, it.operation, it.inputs) }
  let operation = String(it.operation.dropLast("Gradient".count))
  let sources = it.ints("withRespectTo")
  let operands = Array(it.inputs.dropLast())
  let parameters = operands.map { Parameter($0) }
  let (_, gradients) = try valueAndGradient {
    let inputs = operands.indices.map { sources.contains($0) ? parameters[$0].tensor : operands[$0] }
    return (try layer(it, operation, inputs)[0] * it.inputs.last!).sum()
  }
  return sources.map { gradients[parameters[$0]] ?? .zeros(like: operands[$0]) }
}

/// Puts `x` in the place of a layer's variable, so that derivatives reach the recorded inputs.
private func put(_ x: Tensor, in variable: Variable) { variable.tensor = x }

private func layer(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor] {
  let epsilon = it.double("epsilon")
  switch operation {
  case "layerNorm":
    // Several axes are one when they are joined.
    let layer = LayerNorm(x[1].elementCount, epsilon: epsilon)
    put(x[1].flattened(), in: layer.scale)
    put(x[2].flattened(), in: layer.shift!)
    return [layer(x[0].reshaped(to: [-1, x[1].elementCount])).reshaped(to: x[0].shape)]
  case "rmsNorm":
    let layer = RMSNorm(x[1].elementCount, epsilon: epsilon)
    put(x[1].flattened(), in: layer.scale)
    return [layer(x[0].reshaped(to: [-1, x[1].elementCount])).reshaped(to: x[0].shape)]
  case "groupNorm":
    let layer = GroupNorm(x[1].elementCount, groups: it.int("groups"), epsilon: epsilon)
    put(x[1], in: layer.scale)
    put(x[2], in: layer.shift)
    return [layer(x[0])]
  case "batchNorm":
    let layer = BatchNorm(x[1].elementCount, momentum: it.double("momentum"), epsilon: epsilon)
    for (value, variable) in zip(
      x[1...], [layer.scale, layer.shift, layer.runningMean, layer.runningVariance] as [Variable])
    {
      put(value, in: variable)
    }
    let y = withMode(it.bool("isTraining") ? .training : .evaluation) { layer(x[0]) }
    return [y, layer.runningMean.tensor, layer.runningVariance.tensor].prefix(it.bool("isTraining") ? 3 : 1).map { $0 }
  case "lstm":
    let layer = LSTM(x[0].shape[2], x[1].shape[1])
    put(x[3], in: layer.inputWeight)
    put(x[4], in: layer.hiddenWeight)
    put(x[5] + x[6], in: layer.bias)
    let (sequence, last) = layer(x[0], initial: (x[1], x[2]))
    return [sequence, last.hidden, last.cell]
  case "gru":
    let layer = GRU(x[0].shape[2], x[1].shape[1])
    put(x[2], in: layer.inputWeight)
    put(x[3], in: layer.hiddenWeight)
    put(x[4], in: layer.inputBias)
    put(x[5], in: layer.hiddenBias)
    let (sequence, last) = layer(x[0], initial: x[1])
    return [sequence, last]
  default: throw UnknownCase(operation: operation)
  }
}
