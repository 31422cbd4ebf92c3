import Martlet
import MartletGraph

// Mistakes in calls of the functions of tensors, and the sentences with which they stop.
extension WrongCall {
  private static func f(_ shape: Shape) -> Tensor { .zeros(shape) }
  private static func i(_ shape: Shape) -> Tensor { .zeros(shape, dtype: .int64) }
  private static func b(_ shape: Shape) -> Tensor { .zeros(shape, dtype: .bool) }

  static let functions: [WrongCall] = numbers + statistics + places + pictures + matrices + waves

  private static let numbers: [WrongCall] = [
    .init("polygamma: the order -1 is negative") { polygamma(order: -1, f([2])) },
    .init("logGamma: needs a floating-point element type, got int64; cast it first") { lgamma(i([2])) },
    .init("multivariateLogGamma: the dimension 0 is less than 1") { multivariateLogGamma(f([2]), dimension: 0) },
    .init("zeta: needs a floating-point element type, got int64") { zeta(i([2]), i([2])) },
    .init("besselI0: needs a floating-point element type, got bool; cast it first") { besselI0(b([2])) },
    .init("gcd: only integers have divisors in common, not float32") { gcd(f([2]), f([2])) },
    .init("lcm: only integers have divisors in common, not float32") { lcm(f([2]), f([2])) },
    .init("bitCount: only integers have bits to count, not float32") { bitCount(f([2])) },
    .init("logit: epsilon 0.7 is not in 0...0.5") { logit(f([2]), epsilon: 0.7) },
    .init("log: there is no logarithm to base 1.0") { log(f([2]), base: 1) },
    .init("xlogy: shapes do not broadcast: [2] and [3]") { xlogy(f([2]), f([3])) },
    .init("logAddExp: needs a floating-point element type, got int64; cast it first") { logAddExp(i([2]), i([2])) },
    .init("isClose: a tolerance is negative: -1.0 and 1e-08") { isClose(f([2]), f([2]), relative: -1) },
    .init("rounded: 400 decimals are more than any element type has") { f([2]).rounded(decimals: 400) },
    .init("lerp: shapes do not broadcast: [2] and [3]") { lerp(f([3]), f([2]), weight: 0.5) },
  ]

  private static let statistics: [WrongCall] = [
    .init("quantile: the quantile 1.5 is not in 0...1") { f([3]).quantile(1.5) },
    .init("quantiles: no quantile is asked for") { f([3]).quantiles([]) },
    .init("median: there is no element along [0] of [0, 3]") { f([0, 3]).median(axes: 0) },
    .init("median: needs a floating-point element type, got int64; cast it first") { i([3]).median() },
    .init("meanIgnoringNaN: needs a floating-point element type, got int64; cast it first") {
      i([2]).meanIgnoringNaN()
    },
    .init("cumulativeLogSumExp: needs a floating-point element type, got int64; cast it first") {
      i([2]).cumulativeLogSumExp(axis: 0)
    },
    .init("differences: there are no differences of order 4 along axis 0 of [3]") { f([3]).differences(order: 4) },
    .init("covariance: needs rows of variables and columns of observations, got [3]") { f([3]).covariance() },
    .init("binCounts: counts integers, not float32; cast them first") { f([3]).binCounts(count: 2) },
    .init("binCounts: -1 is no number of bins") { i([3]).binCounts(count: -1) },
    .init("binCounts: 2199023255552 is no number of bins") { i([3]).binCounts(count: 1 << 41) },
    .init("binCounts: [2] weights for elements [3]") { i([3]).binCounts(count: 2, weights: f([2])) },
    .init("histogram: there must be at least one interval") { f([3]).histogram(count: 0, range: 0...1).counts },
    .init("histogram: 1.0...1.0 has no width") { f([3]).histogram(count: 2, range: 1...1).counts },
    .init("searchSorted: sequences [2, 3] and values [3, 3] differ before the last axis") {
      f([2, 3]).searchSorted(f([3, 3]))
    },
    .init("searchSorted: element types differ: float32 [3] and int64 [2]; cast one of them") {
      f([3]).searchSorted(i([2]))
    },
    .init("bucketized: boundaries are a vector, not [2, 2]") { f([3]).bucketized(boundaries: f([2, 2])) },
    .init("uniques: the size -1 is negative") { f([3]).uniques(size: -1).values },
  ]

  private static let places: [WrongCall] = [
    .init("elements: the mask is float32, not bool; compare first") { f([3]).elements(where: f([3]), count: 2) },
    .init("elements: shapes do not broadcast: [4] and [3]") { f([3]).elements(where: b([4]), count: 2) },
    .init("nonzeroIndices: the size -2 is negative") { f([3]).nonzeroIndices(count: -2) },
    .init("replacing: there are no values") { f([3]).replacing(where: b([3]), with: f([0])) },
    .init("replacing: values are int64, elements float32; cast one of them") {
      f([3]).replacing(where: b([3]), with: i([3]))
    },
    .init("unraveled: there is no position in [2, 0]") { i([3]).unraveled(in: [2, 0]) },
    .init("scatterReduced: needs a floating-point element type, got int64; cast it first") {
      i([3]).scatterReduced(axis: 0, i([2]), at: i([2]), by: .mean)
    },
    .init("segments: the numbers of segments are a vector, not [2, 2]") {
      f([2, 2]).segments(.sum, i([2, 2]), count: 2)
    },
    .init("segments: segments are numbered by integers, not float32") { f([2]).segments(.sum, f([2]), count: 2) },
    .init("unsortedSegments: [3] segments do not number the rows of [2, 2]") {
      f([2, 2]).unsortedSegments(.sum, i([3]), count: 2)
    },
    .init("unsortedSegments: the size -1 is negative") { f([2, 2]).unsortedSegments(.max, i([2]), count: -1) },
    .init("diagonal: needs at least 2 dimensions, got [3]") { f([3]).diagonal(offset: 1) },
    .init("trace: axis 0 is named twice") { f([3, 3]).trace(axes: (0, 0)) },
    .init("rotatedByQuarters: axis 2 is outside [3, 3] (valid: -2..<2)") { f([3, 3]).rotatedByQuarters(axes: (0, 2)) },
    .init("windows: a window of 4 does not fit axis 0 of [3]") { f([3]).windows(size: 4) },
    .init("windows: the step 0 is less than 1") { f([3]).windows(size: 2, step: 0) },
    .init("repeated: [2] counts for axis 0 of [3]") { f([3]).repeated(counts: i([2]), total: 3, axis: 0) },
    .init("rolled: 1 shifts for 2 axes") { f([3, 3]).rolled(by: [1], axes: [0, 1]) },
    .init("meshgrid: axes are vectors, not [2, 2]") { meshgrid([f([2, 2])])[0] },
    .init("cartesianProduct: there are no vectors") { cartesianProduct([]) },
    .init("blockDiagonal: blocks are matrices, not [2]") { Tensor(blockDiagonal: [f([2])]) },
    .init("vandermonde: needs a vector, got [2, 2]") { f([2, 2]).vandermonde() },
    .init("stackingVertically: there is nothing to join") { Tensor(stackingVertically: []) },
  ]

  private static let pictures: [WrongCall] = [
    .init("resized: [4] does not name the spatial sizes of [1, 2, 2, 1]") { resized(f([1, 2, 2, 1]), to: [4]) },
    .init("resized: sizes are at least 1: [2, 2] to [0, 4]") { resized(f([1, 2, 2, 1]), to: [0, 4]) },
    .init("resized: sizes are at least 1: [2, 2] to [9223372036854775807, 4]") {
      resized(f([1, 2, 2, 1]), to: [.max, 4])
    },
    .init("resized: corners are aligned for linear and cubic only") {
      resized(f([1, 2, 1]), to: [4], interpolation: .area, alignsCorners: true)
    },
    .init("resized: needs a floating-point element type, got int64; cast it first") {
      resized(i([1, 2, 1]), to: [4], interpolation: .linear)
    },
    .init("gridSample: points [1, 3, 3] do not fit images [1, 2, 2, 1]") {
      gridSample(f([1, 2, 2, 1]), at: f([1, 3, 3]))
    },
    .init("gridSample: [1, 0, 2, 1] has no pixels") { gridSample(f([1, 0, 2, 1]), at: f([1, 3, 2])) },
    .init("affineGrid: [1, 2, 2] does not hold maps of 2 dimensions, [batch, 2, 3]") {
      affineGrid(f([1, 2, 2]), sizes: [3, 3])
    },
    .init("intersectionOverUnion: boxes have four numbers each, not [2, 3]") {
      intersectionOverUnion(f([2, 3]), f([2, 4]))
    },
    .init("nonMaximumSuppression: [3] scores for boxes [2, 4]") {
      nonMaximumSuppression(f([2, 4]), scores: f([3]), count: 1).indices
    },
    .init("nonMaximumSuppression: the size -1 is negative") {
      nonMaximumSuppression(f([2, 4]), scores: f([2]), count: -1).indices
    },
    .init("cropAndResize: the size 0 is not at least 1") {
      cropAndResize(f([1, 2, 2, 1]), boxes: f([1, 4]), imageIndices: i([1]), size: (0, 2))
    },
    .init("roiAlign: [2] image indices for boxes [1, 4]") {
      roiAlign(f([1, 2, 2, 1]), boxes: f([1, 4]), imageIndices: i([2]), size: (2, 2))
    },
    .init("patches: a window of [3, 3] does not fit [1, 2, 2, 1] with padding [0, 0] and [0, 0]") {
      patches(f([1, 2, 2, 1]), windowSize: [3, 3])
    },
    .init("patches: window, stride and dilation are at least 1, not 0") {
      patches(f([1, 2, 2, 1]), windowSize: [1, 1], stride: 0)
    },
    .init("pixelShuffle: the channels of [1, 2, 2, 3] do not divide into blocks of 2 × 2") {
      pixelShuffle(f([1, 2, 2, 3]), factor: 2)
    },
    .init("pixelUnshuffle: [1, 3, 2, 3] does not divide into blocks of 2 × 2") {
      pixelUnshuffle(f([1, 3, 2, 3]), factor: 2)
    },
  ]

  private static let matrices: [WrongCall] = [
    .init("cholesky: needs square matrices, got [2, 3]") { cholesky(f([2, 3])) },
    .init("cholesky: needs matrices in the last two dimensions, got [2]") { cholesky(f([2])) },
    .init("svd: needs a floating-point element type, got int64; cast it first") { svd(i([2, 2])).s },
    .init("eigh: needs square matrices, got [2, 3]") { eigh(f([2, 3])).values },
    .init("qr: needs matrices in the last two dimensions, got []") { qr(f([])).q },
    .init("solve: needs square matrices, got [2, 3]") { solve(f([2, 3]), f([2])) },
    .init("solve: [2, 2] has 2 rows, [3] has 3") { solve(f([2, 2]), f([3])) },
    .init("solve: shapes do not broadcast: [2] and [3]") { solve(f([2, 2, 2]), f([3, 2, 1])) },
    .init("triangularSolve: element types differ: float32 [2, 2] and int64 [2]; cast one of them") {
      triangularSolve(f([2, 2]), i([2]), isLower: true)
    },
    .init("inverse: needs square matrices, got [3]") { inverse(f([3])) },
    .init("determinant: needs square matrices, got [2, 3]") { determinant(f([2, 3])) },
    .init("leastSquares: needs at least as many equations as unknowns, got [2, 3]") {
      leastSquares(f([2, 3]), f([2]))
    },
    .init("matrixPower: bool has no arithmetic; cast it first") { matrixPower(b([2, 2]), 2) },
    .init("matrixPower: needs a floating-point element type, got int64; cast it first") { matrixPower(i([2, 2]), -2) },
    .init("kron: [2] and [2, 2] have different numbers of dimensions") { kron(f([2]), f([2, 2])) },
    .init("cross: axis 0 of [2] and [2] does not have size 3") { cross(f([2]), f([2])) },
    .init("chainedProduct: there are no matrices") { chainedProduct([]) },
    .init("pseudoInverse: the tolerance -1.0 is negative") { pseudoInverse(f([2, 2]), relativeTolerance: -1) },
  ]

  private static let waves: [WrongCall] = [
    .init("fft: there is no transform of 0 numbers") { fft(f([0])).real },
    .init("fft: axis 1 is outside [3] (valid: -1..<1)") { fft(f([3]), axis: 1).real },
    .init("realFFT: there is no transform of -2 numbers") { realFFT(f([3]), length: -2).real },
    .init("realFFT: needs a floating-point element type, got int64; cast it first") { realFFT(i([3])).real },
    .init("inverseRealFFT: there is no transform of 0 numbers") { inverseRealFFT(ComplexTensor(f([1]))) },
    .init("fftN: 1 lengths for 2 axes") { fftN(ComplexTensor(f([2, 2])), lengths: [2]).real },
    .init("ComplexTensor: the parts differ: float32 [2] and float32 [3]") {
      ComplexTensor(real: f([2]), imaginary: f([3])).real
    },
    .init("fftFrequencies: the count 0 is less than 1") { fftFrequencies(0) },
  ]
}
