import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Every answer that other frameworks gave, asked for through the public functions.
@Suite(.endsAtZero) struct RecordedCasesTests {
  private static let families = [
    "unary", "binary", "softmax", "reductions", "cumulative", "sorting", "casts", "contractions", "convolutions",
    "pooling", "shapes", "indexing", "attention",
  ]

  @Test func `every family is there, and a changed answer is noticed`() throws {
    let cases = try Self.families.flatMap(RecordedCase.family)
    #expect(cases.count >= 2000)
    #expect(cases.allSatisfy { !$0.outputs.isEmpty && !$0.inputs.isEmpty })
    // The answer itself, then one element off by a thousandth: all but non-finite ones must be told apart.
    let softmax = try RecordedCase.family("softmax").filter { $0.outputs[0].elementCount > 0 && !$0.bool("special") }
    for it in softmax {
      #expect(it.complaint { $0.outputs } == nil)
      #expect(it.complaint { [$0.outputs[0] + 1e-3] } != nil)
      #expect(it.complaint { [$0.outputs[0].expandingDimensions(at: 0)] } != nil)
    }
  }

  @Test(arguments: families)
  func `the engine gives what other frameworks gave`(family: String) throws {
    try RecordedCase.check(family, answer)
  }

  @Test(arguments: families)
  func `the reference engine gives what other frameworks gave`(family: String) throws {
    try RecordedCase.check(family, on: ReferenceEngine(), answer)
  }
}

/// What no function here is asked for.
struct UnknownCase: Error { var operation: String }

/// Computes a case.
private func answer(_ it: RecordedCase) throws -> [Tensor] {
  for suffix in ["InputGradient", "FilterGradient", "Gradient"] where it.operation.hasSuffix(suffix) {
    return try gradientAnswer(it, String(it.operation.dropLast(suffix.count)), suffix)
  }
  return try answer(it, it.operation, it.inputs)
}

/// The gradients of an operation, pulled back from the cotangent that is the last input.
private func gradientAnswer(_ it: RecordedCase, _ operation: String, _ suffix: String) throws -> [Tensor] {
  var sources = it.ints("withRespectTo")
  if sources.isEmpty { sources = [suffix == "FilterGradient" ? 1 : 0] }
  let isSummed = it.string("of") == "sum of the outputs"
  let operands = isSummed ? it.inputs : Array(it.inputs.dropLast())
  return try gradient(at: sources.map { operands[$0] }) { moved in
    var inputs = operands
    for (source, tensor) in zip(sources, moved) { inputs[source] = tensor }
    let result = try answer(it, operation, inputs)[0]
    return isSummed ? result.sum() : (result * it.inputs[it.inputs.count - 1]).sum()
  }
}

private func answer(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor] {
  if let unary = unaryFunctions[operation] { return [unary(x[0])] }
  if let binary = binaryFunctions[operation] { return [binary(x[0], x[1])] }
  for family in [reduction, movement, selection, window] {
    if let results = try family(it, operation, x) { return results }
  }
  throw UnknownCase(operation: operation)
}

private let unaryFunctions: [String: @Sendable (Tensor) -> Tensor] = [
  "negative": { -$0 }, "abs": { abs($0) }, "sign": { sign($0) }, "exp": { exp($0) }, "exp2": { exp2($0) },
  "expm1": { expm1($0) }, "log": { log($0) }, "log2": { log2($0) }, "log1p": { log1p($0) }, "sqrt": { sqrt($0) },
  "rsqrt": { rsqrt($0) }, "cbrt": { cbrt($0) }, "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) },
  "asin": { asin($0) }, "acos": { acos($0) }, "atan": { atan($0) }, "sinh": { sinh($0) }, "cosh": { cosh($0) },
  "tanh": { tanh($0) }, "asinh": { asinh($0) }, "acosh": { acosh($0) }, "atanh": { atanh($0) },
  "sigmoid": { sigmoid($0) }, "erf": { erf($0) }, "erfc": { erfc($0) }, "floor": { floor($0) },
  "ceil": { ceil($0) }, "round": { round($0) }, "trunc": { trunc($0) }, "reciprocal": { reciprocal($0) },
  "square": { power($0, 2) }, "isNaN": { isNaN($0) }, "isInfinite": { isInfinite($0) }, "isFinite": { isFinite($0) },
  "bitwiseNot": { !$0 }, "logicalNot": { $0 .== 0 }, "relu": { relu($0) },
  "geluTanh": { gelu($0, approximation: .tanh) }, "gelu": { gelu($0) }, "silu": { silu($0) },
  "softplus": { softplus($0) }, "leakyRelu": { leakyReLU($0) }, "elu": { elu($0) }, "hardSwish": { hardSwish($0) },
  "logSigmoid": { logSigmoid($0) },
]

private let binaryFunctions: [String: @Sendable (Tensor, Tensor) -> Tensor] = [
  "add": { $0 + $1 }, "subtract": { $0 - $1 }, "multiply": { $0 * $1 }, "divide": { $0 / $1 },
  "divideTruncating": { $0 / $1 }, "remainder": { $0 % $1 }, "maximum": { maximum($0, $1) },
  "minimum": { minimum($0, $1) }, "atan2": { atan2($0, $1) }, "hypot": { hypot($0, $1) },
  "copySign": { copySign($0, $1) }, "power": { power($0, $1) }, "floorDivide": { floorDivided($0, $1) },
  "modulo": { modulo($0, $1) }, "equal": { $0 .== $1 }, "notEqual": { $0 .!= $1 }, "less": { $0 .< $1 },
  "lessOrEqual": { $0 .<= $1 }, "greater": { $0 .> $1 }, "greaterOrEqual": { $0 .>= $1 }, "and": { $0 & $1 },
  "or": { $0 | $1 }, "xor": { $0 ^ $1 }, "shiftLeft": { shiftedLeft($0, $1) },
  "shiftRight": { shiftedRight($0, $1) }, "matmul": { matmul($0, $1) },
]

private func reduction(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let (axes, keeps, axis) = (it.axes, it.bool("keepingAxes"), it.int("axis"))
  switch operation {
  case "sum": return [x[0].sum(axes: axes, keepingAxes: keeps)]
  case "product": return [x[0].product(axes: axes, keepingAxes: keeps)]
  case "max": return [x[0].max(axes: axes, keepingAxes: keeps)]
  case "min": return [x[0].min(axes: axes, keepingAxes: keeps)]
  case "mean": return [x[0].mean(axes: axes, keepingAxes: keeps)]
  case "any": return [x[0].any(axes: axes, keepingAxes: keeps)]
  case "all": return [x[0].all(axes: axes, keepingAxes: keeps)]
  case "variance":
    return [x[0].variance(axes: axes, keepingAxes: keeps, correction: it.double("correction"))]
  case "standardDeviation":
    return [x[0].standardDeviation(axes: axes, keepingAxes: keeps, correction: it.double("correction"))]
  case "argMax": return [x[0].argMax(axis: axis)]
  case "argMin": return [x[0].argMin(axis: axis)]
  case "softmax": return [x[0].softmax(axis: axis)]
  case "logSoftmax": return [x[0].logSoftmax(axis: axis)]
  case "logSumExp": return [x[0].logSumExp(axes: Axes(axis))]
  case "cumulativeSum": return [x[0].cumulativeSum(axis: axis, isReversed: it.bool("reversed"))]
  case "cumulativeProduct": return [x[0].cumulativeProduct(axis: axis, isReversed: it.bool("reversed"))]
  case "cumulativeMax": return [x[0].cumulativeMax(axis: axis, isReversed: it.bool("reversed"))]
  case "cumulativeMin": return [x[0].cumulativeMin(axis: axis, isReversed: it.bool("reversed"))]
  default: return nil
  }
}

private func movement(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let axis = it.int("axis")
  switch operation {
  case "reshape": return [x[0].reshaped(to: Shape(it.ints("shape")))]
  case "transpose": return [x[0].transposed(it.ints("permutation"))]
  case "broadcast": return [x[0].broadcast(to: Shape(it.ints("shape")))]
  case "slice": return [x[0].taking(it.ranges)]
  case "pad": return [x[0].padded(it.pairs("padding"), mode: it.paddingMode)]
  case "concatenate": return [Tensor(concatenating: x, axis: axis)]
  case "stack": return [Tensor(stacking: x, axis: axis)]
  case "reverse": return [x[0].reversed(axes: it.axes)]
  case "roll":
    return [zip(it.ints("axes"), it.ints("shifts")).reduce(x[0]) { $0.rolled(by: $1.1, axis: $1.0) }]
  case "tile": return [x[0].tiled(it.ints("counts"))]
  case "repeat": return [x[0].repeated(it.int("count"), axis: axis)]
  case "lowerTriangle": return [x[0].lowerTriangle(diagonal: it.int("diagonal"))]
  case "upperTriangle": return [x[0].upperTriangle(diagonal: it.int("diagonal"))]
  case "sort": return [it.nanFirst(x[0].sorted(axis: axis, isDescending: it.bool("isDescending")))]
  case "argSort": return [it.nanFirst(x[0].argSorted(axis: axis, isDescending: it.bool("isDescending")))]
  case "topK":
    let (values, indices) = x[0].topK(it.int("count"), axis: axis)
    return [values, indices]
  default: return nil
  }
}

private func selection(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let axis = it.int("axis")
  let kind = ScatterCombination.allCases.first { "\($0)" == it.string("kind") } ?? .set
  switch operation {
  case "select": return [select(x[0], x[1], x[2])]
  case "clip": return [x[0].clipped(to: it.double("low")...it.double("high"))]
  case "cast": return [x[0].cast(to: try #require(DType.allCases.first { "\($0)" == it.string("to") }))]
  case "gather", "embedding": return [x[0].gathered(at: x[1], axis: axis)]
  case "takeAlong": return [x[0].takenAlong(axis: axis, at: x[1])]
  case "gatherND": return [x[0].gatheredPoints(at: x[1], batchDimensions: it.int("batchDimensions"))]
  case "scatter": return [x[0].scattering(x[2], at: x[1], axis: axis, combining: kind)]
  case "scatterAlong": return [x[0].scatteringAlong(axis: axis, x[2], at: x[1], combining: kind)]
  case "scatterND": return [x[0].scatteringPoints(x[2], at: x[1], combining: kind)]
  default: return nil
  }
}

private func window(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let (stride, dilation) = (Spatial(it.ints("stride")), Spatial(it.ints("dilation")))
  let groups = it.int("groups")
  switch operation {
  case "einsum":
    switch x.count {
    case 1: return [einsum(it.string("equation"), x[0])]
    case 2: return [einsum(it.string("equation"), x[0], x[1])]
    default: return [einsum(it.string("equation"), x[0], x[1], x[2])]
    }
  case "conv1D":
    return [conv1D(x[0], x[1], stride: stride, dilation: dilation, padding: it.padding, groups: groups)]
  case "conv2D":
    return [conv2D(it.spread(x[0]), x[1], stride: stride, dilation: dilation, padding: it.padding, groups: groups)]
  case "conv3D":
    return [conv3D(x[0], x[1], stride: stride, dilation: dilation, padding: it.padding, groups: groups)]
  case "convTransposed2D":
    // The recorded filter is [height, width, in, out]; ours is that of the convolution whose transpose it is.
    return [transposedConv2D(x[0], x[1].transposed(), stride: stride, padding: it.padding)]
  case "maxPool", "averagePool": return [pool(it, operation, x[0])]
  case "attention":
    let heads = x.prefix(3).map { $0.swappingAxes(1, 2) }
    let mask = x.count > 3 ? x[3] : nil
    let result = attention(
      heads[0], heads[1], heads[2], mask: mask, scale: it.double("scale"), isCausal: it.bool("isCausal"))
    return [result.swappingAxes(1, 2)]
  default: return nil
  }
}

private func pool(_ it: RecordedCase, _ operation: String, _ x: Tensor) -> Tensor {
  let (size, stride, counts) = (Spatial(it.ints("window")), Spatial(it.ints("stride")), it.bool("countsPadding"))
  if operation == "maxPool" {
    switch x.rank {
    case 3: return maxPool1D(x, windowSize: size, stride: stride, padding: it.padding)
    case 4: return maxPool2D(x, windowSize: size, stride: stride, padding: it.padding)
    default: return maxPool3D(x, windowSize: size, stride: stride, padding: it.padding)
    }
  }
  switch x.rank {
  case 3: return averagePool1D(x, windowSize: size, stride: stride, padding: it.padding, countsPadding: counts)
  case 4: return averagePool2D(x, windowSize: size, stride: stride, padding: it.padding, countsPadding: counts)
  default: return averagePool3D(x, windowSize: size, stride: stride, padding: it.padding, countsPadding: counts)
  }
}

extension RecordedCase {
  /// PyTorch has NaN as the greatest number, so first in descending order; here it is last either way. Turning our
  /// order around by the number of NaN must give exactly theirs.
  fileprivate func nanFirst(_ order: Tensor) -> Tensor {
    guard bool("isDescending"), bool("special"), inputs[0].rank == 1 else { return order }
    return order.rolled(by: inputs[0].doubles.count { $0.isNaN }, axis: 0)
  }

  fileprivate var ranges: [TensorIndex] {
    (attributes["ranges"]?.arrayValue ?? []).map {
      .range(from: $0[0]?.intValue, to: $0[1]?.intValue, by: $0[2]?.intValue ?? 1)
    }
  }

  fileprivate var paddingMode: PaddingMode {
    switch string("mode") {
    case "edge": .edge
    case "wrap": .wrap
    case "reflect": .reflect
    default: .constant(double("value"))
    }
  }

  /// Zeros between the elements of the image, where the case has them.
  fileprivate func spread(_ x: Tensor) -> Tensor {
    let steps = ints("inputDilation")
    if steps.isEmpty || steps == [1, 1] { return x }
    let result = Tensor.zeros(
      [x.shape[0], (x.shape[1] - 1) * steps[0] + 1, (x.shape[2] - 1) * steps[1] + 1, x.shape[3]], dtype: x.dtype)
    var spread = result
    spread[.all, .range(by: steps[0]), .range(by: steps[1])] = x
    return spread
  }
}

extension Tensor {
  fileprivate func taking(_ ranges: [TensorIndex]) -> Tensor {
    switch ranges.count {
    case 0: self
    case 1: self[ranges[0]]
    case 2: self[ranges[0], ranges[1]]
    case 3: self[ranges[0], ranges[1], ranges[2]]
    default: self[ranges[0], ranges[1], ranges[2], ranges[3]]
    }
  }
}
