import Martlet
import MartletGraph

// Reductions, products, windows, what learns, and what makes tensors.
extension HostileCase {
  static let reducing: [HostileCase] = [
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

  static let multiplying: [HostileCase] = [
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

  static let windows: [HostileCase] = [
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
        yes([1, 1, 2, 1], [7, 7]) {
          let boxes = Tensor([[.nan, 0, 1, 1]] as [[Float]])
          return cropAndResize(f([1, 4, 4, 1]), boxes: boxes, imageIndices: i([0]), size: (1, 2), valueOutside: 7)
        },
        yes([1, 1, 2, 1], [7, 7]) {
          let boxes = Tensor([[1e30, 0, 1e38, 1]] as [[Float]])
          return cropAndResize(f([1, 4, 4, 1]), boxes: boxes, imageIndices: i([0]), size: (1, 2), valueOutside: 7)
        },
        no { nonMaximumSuppression(f([1, 4]), scores: f([1]), count: -1).indices },
        no { nonMaximumSuppression(f([1, 3]), scores: f([1]), count: 1).indices },
      ]),
  ]

  static let learning: [HostileCase] = [
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

  static let making: [HostileCase] = [
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
