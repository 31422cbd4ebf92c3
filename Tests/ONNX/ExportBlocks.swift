import Martlet
import MartletGraph

/// Functions of a tensor `[batch, 6, 8]` with a result of the same shape, which together use every primitive that ONNX
/// has. Any chain of them is a program.
enum ExportBlocks {
  typealias Block = (name: String, function: @Sendable (Tensor) -> Tensor)

  static let all: [Block] = elementwise + reductions + contractions + shapes + indexing + regions + derivatives

  /// A program of some blocks, determined by a seed; what goes on is squeezed into -1...1 after each.
  static func program(seed: UInt64) -> (names: [String], function: @Sendable (Tensor) -> Tensor) {
    var generator = Generator(state: seed &* 0xD6E8_FEB8_6659_FD93 &+ 1)
    let blocks = (0..<5).map { _ in all[generator.next(below: all.count)] }
    let function: @Sendable (Tensor) -> Tensor = { x in
      blocks.reduce(x) { tanh($1.function($0)) * 0.5 + $0 * 0.5 }
    }
    return (blocks.map(\.name), function)
  }

  /// Numbers that are the same everywhere (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
  struct Generator {
    var state: UInt64

    mutating func next(below count: Int) -> Int {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((z ^ (z >> 31)) % UInt64(count))
    }
  }

  static let elementwise: [Block] = [
    ("exponentials", { exp($0) + exp2($0) + expm1($0) }),
    ("logarithms", { log(abs($0) + 0.5) + log2(abs($0) + 1) + log1p($0 * 0.9) }),
    ("roots", { sqrt(abs($0)) + rsqrt(abs($0) + 1) + cbrt($0) + reciprocal(abs($0) + 1) }),
    ("circular", { sin($0) + cos($0) + tan($0) + asin($0 * 0.9) + acos($0 * 0.9) + atan($0) }),
    ("hyperbolic", { sinh($0) + cosh($0) + tanh($0) + asinh($0) + acosh(abs($0) + 1.5) + atanh($0 * 0.9) }),
    ("sigmoids", { sigmoid($0) + erf($0) + erfc($0) + gelu($0) + silu($0) + softplus($0) }),
    ("rounding", { floor($0 * 4) + ceil($0 * 4) + round($0 * 4) + trunc($0 * 4) }),
    ("signs", { sign($0) + abs($0) - copySign(abs($0), sin($0 * 9) + 0.01) }),
    ("division", { modulo($0 * 7, 0.7) + modulo($0 * 7, -0.7) + floorDivided($0 * 7, 0.7) }),
    ("angles", { atan2($0, cos($0 * 3)) + hypot($0, cos($0)) + power(abs($0) + 0.5, $0) }),
    ("extremes", { maximum($0, -$0) + minimum($0, cos($0)) + $0.clipped(to: -0.3...0.3) }),
    ("choice", { x in select((x .> 0) & (x .<= 0.7), x * 2, select(isFinite(x), -x, 0)) }),
    ("logic", { x in (((x .> 0) ^ (x .< 0.5)) | !(x .== 0)).cast(to: .float32) * x }),
    ("integers", { integers($0) }),
  ]

  static let reductions: [Block] = [
    ("sums", { $0 - $0.sum(axes: [1, 2], keepingAxes: true) + $0.mean(axes: -1, keepingAxes: true) }),
    ("largest", { $0 - $0.max(axes: 2, keepingAxes: true) + $0.min(axes: 1, keepingAxes: true) }),
    ("product", { $0 + (abs($0) + 0.5).product(axes: [2], keepingAxes: true) }),
    ("any and all", { x in select((x .> 0.9).any(axes: 2, keepingAxes: true), x, -x) + allPositive(x) }),
    ("positions", { x in x + x.argMax(axis: 2).cast(to: .float32).expandingDimensions(at: 2) }),
    ("running", { $0.cumulativeSum(axis: 1) + (abs($0) + 0.5).cumulativeProduct(axis: 2) }),
    ("running extremes", { $0.cumulativeMax(axis: 2) + $0.cumulativeMin(axis: 1) }),
    ("running logarithms", { $0.cumulativeLogSumExp(axis: 1) }),
    ("sorting", { $0.sorted(axis: 2) + $0.argSorted(axis: 1).cast(to: .float32) }),
    ("softmax", { $0.softmax(axis: -1) + $0.logSoftmax(axis: 1) }),
    ("normalization", { LayerNorm(8)($0) + RMSNorm(8)($0) }),
    ("max-pool", { maxPool1D($0, windowSize: 3, stride: 1, padding: .same) }),
    ("mean-pool", { averagePool1D($0, windowSize: 3, stride: 1, padding: .same, countsPadding: true) }),
  ]

  static let contractions: [Block] = [
    ("dense", { matmul($0, fixed([8, 8], 1)) + fixed([8], 2) }),
    ("transposed matrix", { matmul($0, fixed([8, 8], 3).transposed()) }),
    ("batched product", { matmul(matmul($0, $0.transposed()), $0) }),
    ("sum over two", { einsum("bij,ijkl->bkl", $0, fixed([6, 8, 6, 8], 4)) * 0.2 }),
    ("outer", { einsum("bi,bj->bij", $0.sum(axes: 2), $0.sum(axes: 1)) }),
    ("dot", { $0 * einsum("bij,bij->b", $0, $0).reshaped(to: [-1, 1, 1]) }),
    ("attention", { attend($0, isCausal: false) + attend($0, isCausal: true) }),
    ("convolution", { conv1D($0, fixed([3, 8, 8], 5), padding: .same) }),
    ("wide convolution", { conv1D($0, fixed([3, 8, 8], 6), dilation: 2, padding: .explicit(2)) }),
    ("grouped convolution", { conv1D($0, fixed([3, 2, 8], 7), padding: .same, groups: 4) }),
    ("convolution of images", { images($0) }),
    ("transposed convolution", { transposedConv1D(half($0), fixed([4, 8, 8], 8), stride: 2, padding: .explicit(1)) }),
  ]

  static let shapes: [Block] = [
    ("transpositions", { $0.transposed([2, 0, 1]).reshaped(to: [8, -1]).transposed().reshaped(to: [-1, 6, 8]) }),
    ("slices", { Tensor(concatenating: [$0[0..., 0..., 4...], $0[0..., 0..., 0..<4]], axis: 2) }),
    ("steps", { x in Tensor(concatenating: x.chunks(2, axis: 1).map { $0.reversed(axes: [1, 2]) }, axis: 1) }),
    ("padding", { $0[0..., 1..<5, 2..<6].padded([(0, 0), (1, 1), (2, 2)], mode: .constant(0.5)) }),
    ("mirrors", { $0[0..., 1..<5, 0...].padded([(0, 0), (1, 1), (0, 0)], mode: .reflect) }),
    ("repetition", { $0[0..., 0..<1, 0...].broadcast(to: $0.shape) + $0[0..., 0..., 0].expandingDimensions(at: 2) }),
    (
      "counting",
      { $0 * Tensor.range(0..<8, dtype: .float32) + Tensor.range(0..<$0.shape[0], dtype: .float32).sum() * 0 }
    ),
    ("rolling", { $0.rolled(by: [2], axes: [1]) }),
    ("Fourier", { inverseFFT(fft($0, axis: 1), axis: 1).real + fft($0, axis: 2).imaginary }),
    (
      "real Fourier",
      { inverseRealFFT(realFFT($0), length: 8) + realFFT($0, axis: 1).real.sum(axes: 1, keepingAxes: true) }
    ),
  ]

  static let indexing: [Block] = [
    ("gathering", { $0.gathered(at: Tensor([5, -1, 0, 3, 3, 1] as [Int32]), axis: 1) }),
    ("gathering along", { x in x.takenAlong(axis: 2, at: x.argSorted(axis: 2)) }),
    ("gathering points", { $0.transposed([1, 2, 0]).gatheredPoints(at: points).transposed([2, 0, 1]) }),
    (
      "scattering",
      { $0.scattering($0[0..., 0..<3, 0...], at: Tensor([4, 0, 4] as [Int32]), axis: 1, combining: .add) }
    ),
    ("scattering along", { x in x.scatteringAlong(axis: 2, -x, at: x.argSorted(axis: 2), combining: .max) }),
    ("scattering points", { x in scatterPoints(x) }),
    ("searching", { $0 + $0.sorted(axis: 2).searchSorted($0).cast(to: .float32) }),
    ("table", { fixed([11, 8], 9).gathered(at: minimum(abs($0[0..., 0..., 0]) * 10, 10).cast(to: .int64)) }),
  ]

  static let regions: [Block] = [
    ("branch", { x in cond((x.sum() .> 0).any(), then: { [x * 2] }, else: { [x - 1] })[0] }),
    ("loop", { x in loop(x) }),
    ("scan", { x in recurrence(x, isReversed: false) }),
    ("backward scan", { x in recurrence(x, isReversed: true) }),
    ("recurrent layer", { withSeed(5) { LSTM(8, 8) }($0) }),
    ("checkpoint", { x in checkpoint { tanh(x) * x } }),
  ]

  static let derivatives: [Block] = [
    ("slope of convolution", { x in gradient(at: x) { (conv1D($0, fixed([3, 8, 8], 5), stride: 2) * 0.3).sum() } }),
    (
      "slope by filter",
      { x in x + gradient(at: fixed([3, 8, 8], 5)) { conv1D(x, $0, stride: 2).sum() }[0..<1, 0..<1] }
    ),
    ("slope of max-pool", { x in gradient(at: x) { square(maxPool1D($0, windowSize: 3, stride: 2)).sum() } }),
    ("slope of mean-pool", { x in gradient(at: x) { square(averagePool1D($0, windowSize: 2, stride: 3)).sum() } }),
    ("slope of softmax", { x in gradient(at: x) { ($0.softmax() * x).sum() } }),
    ("slope of slices", { x in gradient(at: x) { square($0[0..., 0..., .range(by: 2)]).sum() } }),
    (
      "slope of gathering",
      { x in gradient(at: x) { square($0.gathered(at: Tensor([1, 1, 4] as [Int32]), axis: 1)).sum() } }
    ),
  ]
}
