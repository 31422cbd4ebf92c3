import Martlet
import MartletFormats
import MartletGraph
import MartletTestSupport
import Testing

/// What other frameworks answered to the functions of tensors, values and gradients; recorded by
/// `Tests/Fixtures/make_function_cases.py`.
@Suite(.endsAtZero) struct RecordedFunctionsTests {
  private static let families = [
    "special", "pairs", "quantiles", "running", "counting", "taking", "layout", "resizing", "sampling", "boxes",
    "algebra", "fourier",
  ]

  @Test func `there are enough cases, and a changed answer is noticed`() throws {
    let cases = try Self.families.flatMap(RecordedCase.family)
    let gradients = cases.count { $0.operation.hasSuffix("Gradient") }
    #expect(gradients >= 400 && cases.count - gradients >= 1500)
    for it in cases where it.outputs[0].elementCount > 0 && it.outputs[0].dtype == .float64 && !it.bool("special") {
      #expect(it.complaint { $0.outputs } == nil)
      #expect(it.complaint { [$0.outputs[0] * 1.01 + 0.0123] + $0.outputs.dropFirst() } != nil)
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

/// Computes a case.
private func answer(_ it: RecordedCase) throws -> [Tensor] {
  guard it.operation.hasSuffix("Gradient") else { return try answer(it, it.operation, it.inputs) }
  let operation = String(it.operation.dropLast("Gradient".count))
  let sources = it.ints("withRespectTo")
  let operands = Array(it.inputs.dropLast(it.int("cotangents")))
  let cotangents = it.inputs.suffix(it.int("cotangents"))
  return try gradient(at: sources.map { operands[$0] }) { moved in
    var inputs = operands
    for (source, tensor) in zip(sources, moved) { inputs[source] = tensor }
    let results = try answer(it, operation, inputs).filter { $0.dtype.isFloatingPoint }
    return zip(results, cotangents).map { ($0 * $1).sum() }.reduce(Tensor(0.0)) { $0 + $1 }
  }
}

private func answer(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor] {
  if let unary = unaryFunctions[operation] { return [unary(x[0])] }
  if let binary = binaryFunctions[operation] { return [binary(x[0], x[1])] }
  for family in [
    elementwise, statistics, counts, movement, shapes, images, RecordedAlgebra.matrices, RecordedAlgebra.transforms,
  ] {
    if let results = try family(it, operation, x) { return results }
  }
  throw UnknownCase(operation: operation)
}

private let unaryFunctions: [String: @Sendable (Tensor) -> Tensor] = [
  "lgamma": { lgamma($0) }, "digamma": { digamma($0) }, "gamma": { gamma($0) }, "besselI0": { besselI0($0) },
  "besselI1": { besselI1($0) }, "scaledBesselI0": { scaledBesselI0($0) }, "scaledBesselI1": { scaledBesselI1($0) },
  "besselJ0": { besselJ0($0) }, "besselJ1": { besselJ1($0) }, "besselY0": { besselY0($0) },
  "besselY1": { besselY1($0) }, "normalCDF": { normalCDF($0) }, "inverseNormalCDF": { inverseNormalCDF($0) },
  "logit": { logit($0) }, "sinc": { sinc($0) }, "entropyTerms": { entropyTerms($0) }, "square": { square($0) },
  "radians": { radians($0) }, "degrees": { degrees($0) }, "fractionalPart": { $0.fractionalPart() },
  "bitCount": { bitCount($0) }, "signBit": { signBit($0) }, "boxArea": { boxArea($0) },
  "covariance": { $0.covariance() }, "correlation": { $0.correlation() }, "inverse": { inverse($0) },
  "determinant": { determinant($0) }, "conditionNumber": { conditionNumber($0) }, "matrixRank": { matrixRank($0) },
  "fftShifted": { $0.fftShifted() }, "inverseFFTShifted": { $0.inverseFFTShifted() },
  "eigenvalues": { eigh($0).values }, "singularValues": { svd($0).s },
  "logDeterminant": { signAndLogDeterminant($0).logarithm },
]

private let binaryFunctions: [String: @Sendable (Tensor, Tensor) -> Tensor] = [
  "zeta": { zeta($0, $1) }, "logBeta": { logBeta($0, $1) }, "xlogy": { xlogy($0, $1) }, "xlog1py": { xlog1py($0, $1) },
  "logAddExp": { logAddExp($0, $1) }, "logAddExp2": { logAddExp2($0, $1) },
  "maximumNumber": { maximumNumber($0, $1) }, "minimumNumber": { minimumNumber($0, $1) },
  "scaledByPowerOfTwo": { scaledByPowerOfTwo($0, exponents: $1) }, "heaviside": { heaviside($0, valueAtZero: $1) },
  "gcd": { gcd($0, $1) }, "lcm": { lcm($0, $1) }, "trueDivided": { trueDivided($0, $1) },
  "taken": { $0.taken(at: $1) }, "intersectionOverUnion": { intersectionOverUnion($0, $1) },
  "solve": { solve($0, $1) }, "choleskySolve": { choleskySolve($0, $1) }, "leastSquares": { leastSquares($0, $1) },
  "kron": { kron($0, $1) },
]

private func elementwise(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  switch operation {
  case "polygamma": return [polygamma(order: it.int("order"), x[0])]
  case "multivariateLogGamma": return [multivariateLogGamma(x[0], dimension: it.int("dimension"))]
  case "lerp": return [lerp(x[0], x[1], weight: x[2])]
  case "clippedByTensors": return [x[0].clipped(from: x[1], to: x[2])]
  case "isClose":
    return [isClose(x[0], x[1], relative: it.double("allowedRelative"), absolute: it.double("allowedAbsolute"))]
  case "nanToNum":
    return [
      x[0].replacingNonFinite(
        nan: it.double("nanValue"), positiveInfinity: it.attributes["high"]?.doubleValue,
        negativeInfinity: it.attributes["low"]?.doubleValue)
    ]
  case "rounded": return [x[0].rounded(decimals: it.int("decimals"))]
  case "logBase": return [log(x[0], base: it.double("base"))]
  default: return nil
  }
}

private func statistics(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let (axes, keeps, axis, q) = (it.axes, it.bool("keepingAxes"), it.int("axis"), it.double("q"))
  let method = QuantileInterpolation.allCases.first { "\($0)" == it.string("interpolation") } ?? .linear
  switch operation {
  case "quantile": return [x[0].quantile(q, axes: axes, keepingAxes: keeps, interpolation: method)]
  case "quantileIgnoringNaN": return [x[0].quantile(q, axes: axes, keepingAxes: keeps, ignoringNaN: true)]
  case "quantiles":
    let several = it.attributes["q"]?.arrayValue?.compactMap(\.doubleValue) ?? []
    return [x[0].quantiles(several, axes: axes, keepingAxes: keeps)]
  case "median": return [x[0].median(axes: axes, keepingAxes: keeps)]
  case "medianLower": return [x[0].median(axes: axes, keepingAxes: keeps, interpolation: .lower)]
  case "medianIgnoringNaN": return [x[0].median(axes: axes, keepingAxes: keeps, ignoringNaN: true)]
  case "sumIgnoringNaN": return [x[0].sumIgnoringNaN(axes: axes, keepingAxes: keeps)]
  case "productIgnoringNaN": return [x[0].productIgnoringNaN(axes: axes, keepingAxes: keeps)]
  case "meanIgnoringNaN": return [x[0].meanIgnoringNaN(axes: axes, keepingAxes: keeps)]
  case "maxIgnoringNaN": return [x[0].maxIgnoringNaN(axes: axes, keepingAxes: keeps)]
  case "minIgnoringNaN": return [x[0].minIgnoringNaN(axes: axes, keepingAxes: keeps)]
  case "varianceIgnoringNaN":
    return [x[0].varianceIgnoringNaN(axes: axes, keepingAxes: keeps, correction: it.double("correction"))]
  case "norm":
    let order = ["inf": Double.infinity, "-inf": -.infinity][it.string("order")] ?? Double(it.string("order"))
    return [x[0].norm(order: try #require(order), axes: axes, keepingAxes: keeps)]
  case "countOfNonzero": return [x[0].countOfNonzero(axes: axes, keepingAxes: keeps)]
  case "weightedMean": return [x[0].weightedMean(x[1], axes: axes)]
  case "cumulativeLogSumExp": return [x[0].cumulativeLogSumExp(axis: axis)]
  case "cumulativeLogSumExpReversed": return [x[0].cumulativeLogSumExp(axis: axis, isReversed: true)]
  case "cumulativeMaxWithIndices":
    let (values, indices) = x[0].cumulativeMaxWithIndices(axis: axis)
    return [values, indices]
  case "cumulativeMinWithIndices":
    let (values, indices) = x[0].cumulativeMinWithIndices(axis: axis)
    return [values, indices]
  case "differences": return [x[0].differences(order: it.int("order"), axis: axis)]
  case "topKIndices": return [x[0].topK(it.int("count"), isSmallest: it.bool("isSmallest")).indices]
  default: return nil
  }
}

private func counts(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let (count, isRight) = (it.int("count"), it.bool("isRight"))
  switch operation {
  case "binCounts": return [x[0].binCounts(count: count, weights: x.count > 1 ? x[1] : nil)]
  case "histogram", "histogramWeights":
    let result = x[0].histogram(
      count: count, range: it.double("low")...it.double("high"), weights: x.count > 1 ? x[1] : nil)
    return [result.counts, result.edges]
  case "searchSorted": return [x[0].searchSorted(x[1], isRight: isRight)]
  case "bucketized": return [x[0].bucketized(boundaries: x[1], isRight: isRight)]
  case "uniques":
    let found = x[0].uniques(size: it.int("size"), fillValue: it.double("fill"))
    return [found.values, found.places, found.counts, found.count]
  default: return nil
  }
}

private func movement(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let (axis, count) = (it.int("axis"), it.int("count"))
  switch operation {
  case "nonzeroIndices": return [x[0].nonzeroIndices(count: count, fillValue: it.int("fill"))]
  case "elements": return [x[0].elements(where: x[1], count: count, fillValue: it.double("fill"))]
  case "maskedScatter": return [x[0].replacing(where: x[1], with: x[2])]
  case "unraveled": return [x[0].unraveled(in: Shape(it.ints("shape")))]
  case "scatterReduced":
    let kinds: [String: ScatterReduction] = ["sum": .sum, "prod": .product, "mean": .mean, "amax": .max, "amin": .min]
    return [
      x[0].scatterReduced(
        axis: axis, x[1], at: x[2], by: try #require(kinds[it.string("kind")]), includesSelf: it.bool("includesSelf"))
    ]
  case "segments", "unsortedSegments":
    let kind = try #require(ScatterReduction.allCases.first { "\($0)" == it.string("kind") })
    if operation == "segments" { return [x[0].segments(kind, x[1], count: count)] }
    return [x[0].unsortedSegments(kind, x[1], count: count)]
  case "repeated": return [x[0].repeated(counts: x[1], total: it.int("total"), axis: axis)]
  case "split": return x[0].split(every: it.int("every"))
  case "rolled": return [x[0].rolled(by: it.ints("shifts"), axes: it.ints("axes"))]
  case "meshgrid": return meshgrid(x, isMatrixOrder: it.bool("isMatrixOrder"))
  case "cartesianProduct": return [cartesianProduct(x)]
  case "blockDiagonal": return [Tensor(blockDiagonal: x)]
  case "vandermonde": return [x[0].vandermonde(count: count, isDecreasing: it.bool("isDecreasing"))]
  case "stackingVertically": return [Tensor(stackingVertically: x)]
  case "stackingHorizontally": return [Tensor(stackingHorizontally: x)]
  case "stackingInDepth": return [Tensor(stackingInDepth: x)]
  case "stackingColumns": return [Tensor(stackingColumns: x)]
  default: return nil
  }
}

private func shapes(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let axes = it.ints("axes")
  let pair = axes.count == 2 ? (axes[0], axes[1]) : (-2, -1)
  let (stride, dilation) = (Spatial(it.ints("stride")), Spatial(it.ints("dilation")))
  switch operation {
  case "diagonal": return [x[0].diagonal(offset: it.int("offset"), axes: pair)]
  case "trace": return [x[0].trace(offset: it.int("offset"))]
  case "diagonalMatrix": return [x[0].diagonalMatrix(offset: it.int("offset"))]
  case "rotatedByQuarters": return [x[0].rotatedByQuarters(it.int("count"), axes: pair)]
  case "lowerTriangleIndices":
    return [.lowerTriangleIndices(it.int("rows"), it.int("columns"), diagonal: it.int("diagonal"))]
  case "upperTriangleIndices":
    return [.upperTriangleIndices(it.int("rows"), it.int("columns"), diagonal: it.int("diagonal"))]
  case "windows": return [x[0].windows(size: it.int("size"), step: it.int("step"), axis: it.int("axis"))]
  case "patches":
    return [patches(x[0], windowSize: it.ints("window"), stride: stride, dilation: dilation, padding: it.padding)]
  case "images":
    return [
      Martlet.images(
        fromPatches: x[0], imageSize: it.ints("size"), windowSize: it.ints("window"), stride: stride,
        dilation: dilation, padding: it.padding)
    ]
  case "pixelShuffle": return [pixelShuffle(x[0], factor: it.int("factor"))]
  case "pixelUnshuffle": return [pixelUnshuffle(x[0], factor: it.int("factor"))]
  default: return nil
  }
}

private func images(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
  let size = it.ints("size")
  switch operation {
  case "resized":
    let interpolation = Interpolation.allCases.first { "\($0)" == it.string("interpolation") }
    return [
      resized(
        x[0], to: size, interpolation: try #require(interpolation), alignsCorners: it.bool("alignsCorners"),
        isAntialiased: it.bool("isAntialiased"))
    ]
  case "gridSample":
    let modes: [String: SamplingMode] = ["bilinear": .linear, "nearest": .nearest, "bicubic": .cubic]
    let borders: [String: SamplingBorder] = ["zeros": .zeros, "border": .edge, "reflection": .reflect]
    return [
      gridSample(
        x[0], at: x[1], mode: try #require(modes[it.string("mode")]),
        border: try #require(borders[it.string("border")]),
        alignsCorners: it.bool("alignsCorners"))
    ]
  case "affineGrid": return [affineGrid(x[0], sizes: size, alignsCorners: it.bool("alignsCorners"))]
  case "nonMaximumSuppression":
    let least = it.attributes["minimumScore"]?.doubleValue ?? -.infinity
    let kept = nonMaximumSuppression(
      x[0], scores: x[1], overlap: it.double("overlap"), minimumScore: least, count: it.int("count"))
    return [kept.indices, kept.count]
  case "cropAndResize":
    return [
      cropAndResize(
        x[0], boxes: x[1], imageIndices: x[2], size: (size[0], size[1]),
        interpolation: it.bool("isNearest") ? .nearest : .linear, valueOutside: it.double("outside"))
    ]
  case "roiAlign":
    return [
      roiAlign(
        x[0], boxes: x[1], imageIndices: x[2], size: (size[0], size[1]), scale: it.double("scale"),
        samplesPerCell: it.int("samples"), isAligned: it.bool("isAligned"))
    ]
  default: return nil
  }
}
