import Martlet
import MartletGraph
import Testing

/// Arguments that have broken operators elsewhere, each with several variants: every one is refused with a sentence, or
/// has a defined result. None traps, hangs, allocates what it only claims, or writes where it should not.
@Suite(.endsAtZero) struct HostileArgumentsTests {
  @Test(arguments: HostileCase.all) func `hostile arguments are refused or have a defined result`(
    _ hostile: HostileCase
  ) {
    for (number, variant) in hostile.variants.enumerated() {
      do {
        let found = try checked { () -> (shape: [Int], values: [Double]) in
          let result = try variant.call().evaluated()
          return (Array(result.shape), result.cast(to: .float64).scalars(as: Double.self))
        }
        switch variant.answer {
        case .refused:
          Issue.record(
            "\(hostile.name), variant \(number): nothing said, the result is \(found.shape) \(found.values.prefix(8))")
        case .gives(let shape, let values):
          #expect(found.shape == shape, "\(hostile.name), variant \(number)")
          let isSame = found.values.elementsEqual(values) { $0 == $1 || $0.isNaN && $1.isNaN }
          #expect(isSame, "\(hostile.name), variant \(number): \(found.values.prefix(8))")
        }
      } catch {
        guard case .refused(let sentence) = variant.answer else {
          Issue.record("\(hostile.name), variant \(number): \(error)")
          continue
        }
        #expect(sentence.isEmpty || "\(error)".contains(sentence), "\(hostile.name), variant \(number): \(error)")
      }
    }
    #expect(hostile.variants.count >= 4, "\(hostile.name)")
  }
}

/// An operation and the arguments that have broken it.
struct HostileCase: Sendable, CustomTestStringConvertible {
  enum Answer: Sendable {
    /// An error with these words.
    case refused(String)
    case gives([Int], [Double])
  }

  struct Variant: Sendable {
    let answer: Answer
    let call: @Sendable () -> Tensor
  }

  let name: String
  let variants: [Variant]

  var testDescription: String { name }

  static let all = indexing + shaping + reducing + multiplying + windows + learning + making + others
}

extension HostileCase {
  static func no(_ words: String = "", _ call: @escaping @Sendable () -> Tensor) -> Variant {
    Variant(answer: .refused(words), call: call)
  }

  static func yes(_ shape: [Int], _ values: [Double], _ call: @escaping @Sendable () -> Tensor) -> Variant {
    Variant(answer: .gives(shape, values), call: call)
  }

  /// Of what was refused there is none.
  static func first(_ parts: [Tensor]) -> Tensor { parts.first ?? f([]) }
  static func f(_ shape: Shape) -> Tensor { .ones(shape) }
  static func i(_ values: [Int]) -> Tensor { Tensor(values) }
  static func g(_ values: [Int32]) -> Tensor { Tensor(values) }
  static func v(_ values: [Double]) -> Tensor { Tensor(values) }
}

extension HostileCase {
  private static let indexing: [HostileCase] = [
    HostileCase(
      name: "gather",
      variants: [
        no("gather: index 5") { f([5, 2]).gathered(at: i([0, 5])) },
        no("gather: index -6") { f([5, 2]).gathered(at: i([-6])) },
        no("gather") { f([5, 2]).gathered(at: i([Int.max])) },
        no("gather") { f([5, 2]).gathered(at: i([Int.min])) },
        no("integers") { f([5, 2]).gathered(at: v([1])) },
        no("gather: index 0") { f([0, 2]).gathered(at: i([0])) },
        yes([0, 2], []) { f([0, 2]).gathered(at: i([])) },
        yes([1], [3]) { v([1, 2, 3]).gathered(at: i([-1])) },
      ]),
    HostileCase(
      name: "gather of points",
      variants: [
        no { f([2, 2]).gatheredPoints(at: Tensor.zeros([1, 3], dtype: .int64)) },
        no { f([0, 2]).gatheredPoints(at: Tensor.zeros([1, 1], dtype: .int64)) },
        no { f([2, 2]).gatheredPoints(at: Tensor.full([1, 2], value: 2, dtype: .int64)) },
        no { f([2, 2]).gatheredPoints(at: Tensor.zeros([2, 1], dtype: .int64), batchDimensions: 2) },
        no { f([3, 2]).gatheredPoints(at: Tensor.zeros([2, 1], dtype: .int64), batchDimensions: 1) },
        yes([0], []) { f([0, 2]).gatheredPoints(at: Tensor.zeros([0, 1], dtype: .int64), batchDimensions: 1) },
      ]),
    HostileCase(
      name: "scatter",
      variants: [
        no("index 3") { f([3]).scattering(f([1]), at: i([3])) },
        no("index -4") { f([3]).scattering(f([1]), at: i([-4]), combining: .add) },
        no("updates") { f([3]).scattering(f([2]), at: i([1])) },
        no("updates") { f([3, 2]).scattering(f([1, 3]), at: i([1])) },
        no { f([0]).scattering(f([1]), at: i([0])) },
        yes([3], [1, 1, 1]) { f([3]).scattering(f([0]), at: i([])) },
      ]),
    HostileCase(
      name: "division of integers",
      variants: [
        no("zero") { i([1, 2]) / i([1, 0]) },
        no("zero") { i([1, 2]) % i([1, 0]) },
        no("zero") { g([7]) / g([0]) },
        yes([1], [Double(Int32.min)]) { g([Int32.min]) / g([-1]) },
        yes([1], [0]) { g([Int32.min]) % g([-1]) },
        yes([0], []) { g([]) / g([]) },
      ]),
    HostileCase(
      name: "segments",
      variants: [
        no { f([2]).unsortedSegments(.sum, i([0, 3]), count: 3) },
        no { f([2]).unsortedSegments(.sum, i([0, 1 << 40]), count: 3) },
        no { f([2]).segments(.sum, i([1, 0]), count: 2) },
        no { f([2]).segments(.sum, i([0, 1]), count: -1) },
        no { f([3]).segments(.sum, i([0, 1]), count: 2) },
        yes([2], [0, 0]) { f([0]).segments(.sum, i([]), count: 2) },
      ]),
    HostileCase(
      name: "embedding",
      variants: [
        no { Embedding(4, 2, seed: 1)(i([4])) },
        no { Embedding(4, 2, seed: 1)(i([-5])) },
        no { Embedding(4, 2, seed: 1)(v([0.5])) },
        no { Tensor.zeros([0, 2]).gathered(at: i([0])) },
        yes([0, 2], []) { Embedding(4, 2, seed: 1)(i([])) },
      ]),
    HostileCase(
      name: "oneHot",
      variants: [
        no { i([0]).oneHot(depth: 0) },
        no { i([0]).oneHot(depth: -1) },
        no { v([0]).oneHot(depth: 2) },
        no { i([0]).oneHot(depth: 1 << 62) },
        yes([0, 3], []) { i([]).oneHot(depth: 3) },
      ]),
    HostileCase(
      name: "unraveled",
      variants: [
        no { i([6]).unraveled(in: [2, 3]) },
        no { i([-7]).unraveled(in: [2, 3]) },
        no { i([0]).unraveled(in: [0, 3]) },
        no { i([0]).unraveled(in: [1 << 32, 1 << 32]) },
        no { v([0]).unraveled(in: [2, 3]) },
      ]),
    HostileCase(
      name: "bins and searches",
      variants: [
        no { i([-1]).binCounts(count: 3) },
        no { i([3]).binCounts(count: 3) },
        no { i([0]).binCounts(count: -1) },
        no { f([3]).histogram(count: 0, range: 0...1).counts },
        no { f([2, 3]).searchSorted(f([3])) },
        yes([3], [0, 0, 0]) { i([]).binCounts(count: 3) },
      ]),
  ]

  private static let shaping: [HostileCase] = [
    HostileCase(
      name: "split",
      variants: [
        no { first(f([4]).chunks(0)) },
        no { first(f([4]).chunks(-1)) },
        no { first(f([4]).split(sizes: [2, 3])) },
        no { first(f([4]).split(sizes: [5, -1])) },
        no { first(f([4]).split(sizes: [2, 2], axis: 1)) },
        no { first(f([4]).split(every: 0)) },
      ]),
    HostileCase(
      name: "concatenate",
      variants: [
        no { Tensor(concatenating: []) },
        no { Tensor(concatenating: [f([2])], axis: 1) },
        no { Tensor(concatenating: [f([2]), f([2])], axis: -2) },
        no { Tensor(concatenating: [f([2, 1]), f([2])]) },
        no { Tensor(concatenating: [f([2]), i([1])]) },
        yes([1], [1]) { Tensor(concatenating: [f([0]), f([1])]) },
      ]),
    HostileCase(
      name: "transposed",
      variants: [
        no { f([2, 3]).transposed([0, 0]) },
        no { f([2, 3]).transposed([-3, 0]) },
        no { f([2, 3]).transposed([1]) },
        no { f([2, 3]).transposed([Int.min, 0]) },
        yes([0, 2], []) { f([2, 0]).transposed([1, 0]) },
      ]),
    HostileCase(
      name: "reshaped",
      variants: [
        no { f([4]).reshaped(to: [1 << 33, 1 << 33]) },
        no { f([4]).reshaped(to: [-1, -1]) },
        no { f([0]).reshaped(to: [-1, 0]) },
        no { f([4]).reshaped(to: [Int.min]) },
        no { f([4]).reshaped(to: [3]) },
        yes([0, 7], []) { f([0]).reshaped(to: [0, 7]) },
      ]),
    HostileCase(
      name: "tiled, repeated, broadcast",
      variants: [
        no { f([4]).tiled([1 << 62]) },
        no { f([4]).tiled([-1]) },
        no { f([4]).repeated(-1, axis: 0) },
        no { f([4]).repeated(Int.max, axis: 0) },
        no { f([1]).broadcast(to: [1 << 40, 1 << 40]) },
        yes([0], []) { f([4]).tiled([0]) },
      ]),
    HostileCase(
      name: "axes",
      variants: [
        no { f([2]).expandingDimensions(at: [-2_147_483_648]) },
        no { f([1, 2]).squeezed(axes: [0, 0]) },
        no { f([1, 2]).squeezed(axes: [Int.min]) },
        no { f([2, 3]).sum(axes: [0, -2]) },
        no { f([2, 3]).sum(axes: [2]) },
      ]),
    HostileCase(
      name: "slices",
      variants: [
        no { f([4])[TensorIndex.range(from: 0, to: 4, by: 0)] },
        no { f([4])[5] },
        no { f([4])[-5] },
        no { f([4])[0, 0] },
        yes([0], []) { f([4])[2..<2] },
      ]),
    HostileCase(
      name: "reversed and rolled",
      variants: [
        no { f([2]).reversed(axes: [1]) },
        no { f([2]).reversed(axes: [0, 0]) },
        no { f([2]).rolled(by: 1, axis: 3) },
        yes([0], []) { f([0]).reversed() },
        yes([0], []) { f([0]).rolled(by: 7, axis: 0) },
        yes([2], [2, 1]) { v([1, 2]).rolled(by: Int.max, axis: 0) },
      ]),
  ]

  private static let reducing: [HostileCase] = [
    HostileCase(
      name: "argMax and extremes",
      variants: [
        no { f([2]).argMax(axis: 1) },
        no { f([0]).argMax(axis: 0) },
        no { f([0]).max() },
        no { f([2, 0]).min(axes: [1]) },
        yes([], [0]) { f([0]).sum() },
        yes([], [1]) { f([0]).product() },
      ]),
    HostileCase(
      name: "quantiles and top",
      variants: [
        no { f([3]).quantile(1.5) },
        no { f([3]).quantile(.nan) },
        no { f([3]).topK(4).values },
        no { f([3]).topK(-1).values },
        no { f([3]).norm(order: .nan) },
        yes([0], []) { f([3]).topK(0).values },
      ]),
  ]

  private static let multiplying: [HostileCase] = [
    HostileCase(
      name: "binary operations",
      variants: [
        no { f([2]) + f([3]) },
        no { f([2, 3]) * f([2]) },
        no { f([1, 1, 1, 1, 1, 1, 1, 1]) + f([2, 2, 2, 2, 2, 2, 2, 3]) + f([5]) },
        no { f([0]) + f([2]) },
        yes([0], []) { f([0]) + f([1]) },
      ]),
    HostileCase(
      name: "matmul",
      variants: [
        no { matmul(f([2, 3]), f([4, 5])) },
        no { matmul(f([]), f([2])) },
        no { matmul(f([2, 2, 3]), f([3, 3, 2])) },
        yes([2, 2], [0, 0, 0, 0]) { matmul(f([2, 0]), f([0, 2])) },
        yes([0, 2], []) { matmul(f([0, 3]), f([3, 2])) },
      ]),
    HostileCase(
      name: "einsum",
      variants: [
        no { einsum("ij,jk->il", f([2, 3]), f([3, 4])) },
        no { einsum("ij->ii", f([2, 2])) },
        no { einsum("ij", f([2])) },
        no { einsum("i,i->", f([2]), f([3])) },
        // What the ellipsis stands for is summed where the result does not name it.
        yes([], [4]) { einsum("...i,...i->", f([2, 2]), f([2, 2])) },
        no { einsum("i->->", f([2])) },
      ]),
    HostileCase(
      name: "systems",
      variants: [
        no { cholesky(f([2, 3])) },
        no { cholesky(Tensor([1, 2, 2, 1] as [Float], shape: [2, 2])) },
        no { solve(Tensor.zeros([2, 2]), f([2, 1])) },
        no { solve(f([2, 2, 2]), f([3, 2, 1])) },
        no { triangularSolve(f([2, 2]), f([3, 1]), isLower: true) },
        yes([0, 0], []) { cholesky(f([0, 0])) },
      ]),
    HostileCase(
      name: "Fourier transforms",
      variants: [
        no { fft(f([0])).real },
        no { fft(f([4]), length: 0).real },
        no { fft(f([4]), length: -1).real },
        no { fft(f([4]), axis: 1).real },
        no { realFFT(f([]), length: 4).real },
        yes([4], [2, 0, 0, 0]) { fft(v([1, 0, 1, 0]), length: 4).imaginary * 0 + v([2, 0, 0, 0]) },
      ]),
  ]

  private static let windows: [HostileCase] = [
    HostileCase(
      name: "convolution",
      variants: [
        no { conv2D(f([1, 4, 4, 2]), f([3, 3, 2, 1]), stride: 0) },
        no { conv2D(f([1, 4, 4, 2]), f([3, 3, 2, 1]), dilation: 0) },
        no { conv2D(f([1, 4, 4, 2]), f([3, 3, 2, 1]), groups: 0) },
        no { conv2D(f([1, 4, 4, 3]), f([3, 3, 1, 2]), groups: 2) },
        no { conv2D(f([1, 2, 2, 2]), f([3, 3, 2, 1])) },
        no { conv2D(f([1, 4, 4, 2]), f([0, 3, 2, 1])) },
        yes([0, 2, 2, 1], []) { conv2D(f([0, 4, 4, 2]), f([3, 3, 2, 1])) },
      ]),
    HostileCase(
      name: "pooling",
      variants: [
        no { maxPool2D(f([1, 4, 4, 1]), windowSize: 0) },
        no { maxPool2D(f([1, 4, 4, 1]), windowSize: -1) },
        no { averagePool2D(f([1, 4, 4, 1]), windowSize: 2, stride: 0) },
        no { maxPool2D(f([1, 4, 4, 1]), windowSize: 5) },
        no { adaptiveAveragePool(f([1, 4, 4, 1]), size: 0) },
        no { adaptiveMaxPool(f([1, 4, 4, 1]), size: -1_879_048_192) },
      ]),
    HostileCase(
      name: "unpooling",
      variants: [
        no {
          maxUnpool(f([1, 2, 2, 1]), indices: Tensor.full([1, 2, 2, 1], value: 99, dtype: .int64), size: [4, 4])
        },
        no { maxUnpool(f([1, 2, 2, 1]), indices: Tensor.zeros([1, 2, 1, 1], dtype: .int64), size: [4, 4]) },
        no { maxUnpool(f([1, 2, 2, 1]), indices: Tensor.zeros([1, 2, 2, 1]), size: [4, 4]) },
        no { maxUnpool(f([1, 2, 2, 1]), indices: Tensor.zeros([1, 2, 2, 1], dtype: .int64), size: [4]) },
      ]),
    HostileCase(
      name: "resizing and crops",
      variants: [
        no { resized(f([1, 4, 4, 1]), to: [0, 4]) },
        no { resized(f([1, 4, 4, 1]), to: [-2, 4]) },
        no { resized(f([1, 4, 4, 1]), to: [4]) },
        no { cropAndResize(f([1, 4, 4, 1]), boxes: f([1, 4]), imageIndices: i([1]), size: (2, 2)) },
        no { nonMaximumSuppression(f([1, 4]), scores: f([1]), count: -1).indices },
        no { nonMaximumSuppression(f([1, 3]), scores: f([1]), count: 1).indices },
      ]),
  ]

  private static let learning: [HostileCase] = [
    HostileCase(
      name: "normalization",
      variants: [
        no { BatchNorm(3)(f([2, 4])) },
        no { LayerNorm(3)(f([2, 4])) },
        no { GroupNorm(3, groups: 2)(f([2, 4, 3])) },
        no { LayerNorm(4, epsilon: -1)(f([2, 4])) },
      ]),
    HostileCase(
      name: "attention",
      variants: [
        no { attention(f([1, 2, 3, 4]), f([1, 2, 3, 5]), f([1, 2, 3, 4])) },
        no { attention(f([1, 2, 3, 4]), f([1, 2, 5, 4]), f([1, 2, 6, 4])) },
        no {
          attention(f([1, 2, 3, 4]), f([1, 2, 3, 4]), f([1, 2, 3, 4]), mask: Tensor.ones([7, 7], dtype: .bool))
        },
        no { attention(f([3]), f([3]), f([3])) },
      ]),
    HostileCase(
      name: "cross entropy",
      variants: [
        no { softmaxCrossEntropy(f([2, 3]), labels: i([0, 3])) },
        no { softmaxCrossEntropy(f([2, 3]), labels: i([0, -2])) },
        no { softmaxCrossEntropy(f([2, 3]), labels: i([0])) },
        no { softmaxCrossEntropy(f([2, 3]), labels: v([0, 1])) },
      ]),
    HostileCase(
      name: "sequences",
      variants: [
        no { ctcLoss(f([1, 4, 3]), labels: i([3]).reshaped(to: [1, 1]), inputLengths: i([4]), labelLengths: i([1])) },
        no { ctcLoss(f([1, 4, 3]), labels: i([1]).reshaped(to: [1, 1]), inputLengths: i([5]), labelLengths: i([1])) },
        no { ctcLoss(f([1, 4, 3]), labels: i([1]).reshaped(to: [1, 1]), inputLengths: i([4]), labelLengths: i([2])) },
        no { ctcLoss(f([1, 4, 3]), labels: i([1]), inputLengths: i([4]), labelLengths: i([1])) },
        no { LSTM(3, 2, seed: 1)(f([1, 4, 5])) },
      ]),
  ]

  private static let making: [HostileCase] = [
    HostileCase(
      name: "arange",
      variants: [
        no { Tensor.arange(0, 1, step: 0) },
        no { Tensor.arange(0, 1, step: .nan) },
        no { Tensor.arange(0, .infinity) },
        no { Tensor.arange(0, 1e300, step: 1e-300) },
        no { Tensor.range(0..<4, by: 0) },
        yes([0], []) { Tensor.arange(0, 1, step: -1) },
      ]),
    HostileCase(
      name: "shapes and random numbers",
      variants: [
        no { Tensor.zeros([-1]) },
        no { Tensor.zeros([1 << 40, 1 << 40]) },
        no { Tensor.normal([2], standardDeviation: -1, seed: 1) },
        no { Tensor.bernoulli([2], probability: 1.5, seed: 1) },
        no { Tensor.bernoulli([2], probability: .nan, seed: 1) },
        no { Tensor.linspace(0, 1, count: -1) },
        yes([0, 3], []) { Tensor.normal([0, 3], seed: 1) },
      ]),
    HostileCase(
      name: "element types",
      variants: [
        no { Tensor([true, false]) + Tensor([true, true]) },
        no { -Tensor([true]) },
        no { Tensor([true]).mean() },
        no { i([1]) + v([1]) },
        yes([1], [1]) { Tensor([true]).cumulativeSum(axis: 0) },
        no { Tensor([true]).cumulativeSum(axis: 1) },
      ]),
  ]
}
