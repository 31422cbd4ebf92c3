import Martlet
import MartletGraph

/// A gradient of the sum of what a function gives.
private func slope(at x: Tensor, _ function: (Tensor) -> Tensor) -> Tensor {
  valueAndGradient(at: x) { function($0).sum() }.gradient
}

/// A scale for each of two rows.
private let pair = Quantization(scales: [0.5, 0.25], axis: 0)

extension HostileCase {
  static let others: [HostileCase] = [
    HostileCase(
      name: "convolution backward",
      variants: [
        yes([3, 3, 1, 1], [Double](repeating: 0, count: 9)) {
          slope(at: f([3, 3, 1, 1])) { conv2D(f([0, 4, 4, 1]), $0) }
        },
        yes([0, 4, 4, 1], []) { slope(at: f([0, 4, 4, 1])) { conv2D($0, f([3, 3, 1, 1])) } },
        no { slope(at: f([1, 4, 4, 2])) { conv2D($0, f([3, 3, 1, 1])) } },
        no { slope(at: f([0, 3, 1, 1])) { conv2D(f([1, 4, 4, 1]), $0) } },
        no { transposedConv2D(f([3, 1, 0, 1]), f([2, 2, 1, 1]), stride: 0) },
        no { conv3D(f([1, 2, 2, 2, 1]), f([3, 3, 3, 1, 1])) },
      ]),
    HostileCase(
      name: "adaptive pooling",
      variants: [
        no { adaptiveAveragePool(f([1, 4, 4, 1]), size: -1_879_048_192) },
        no { adaptiveMaxPool(f([1, 4, 4, 1]), size: 0) },
        no { adaptiveAveragePool(f([1, 0, 4, 1]), size: 2) },
        no { adaptiveAveragePool(i([1]).reshaped(to: [1, 1, 1, 1]), size: 1) },
        no { adaptiveMaxPool(f([4]), size: 1) },
        yes([0, 1, 1, 1], []) { adaptiveAveragePool(f([0, 4, 4, 1]), size: 1) },
      ]),
    HostileCase(
      name: "epsilons and groups of norms",
      variants: [
        no("epsilon") { BatchNorm(4, epsilon: -1)(f([2, 4])) },
        no("epsilon") { RMSNorm(4, epsilon: .nan)(f([2, 4])) },
        no("epsilon") { GroupNorm(4, groups: 2, epsilon: .infinity)(f([2, 4, 4])) },
        no { GroupNorm(4, groups: 0)(f([2, 4, 4])) },
        no { GroupNorm(4, groups: -2)(f([2, 4, 4])) },
        no { LayerNorm(3)(f([2, 0])) },
        yes([0, 4], []) { LayerNorm(4)(f([0, 4])) },
      ]),
    HostileCase(
      name: "recurrence",
      variants: [
        no { LSTM(3, 2, seed: 1)(f([1, 4, 5])) },
        no { GRU(3, 2, seed: 1)(f([1, 4, 3]), initial: f([1, 5])).sequence },
        no { GRU(3, 2, seed: 1)(f([1, 4, 3]), initial: nil, lengths: i([5])).sequence },
        no { GRU(3, 2, seed: 1)(f([1, 4, 3]), initial: nil, lengths: i([-1])).sequence },
        yes([1, 0, 2], []) { GRU(3, 2, seed: 1)(f([1, 0, 3])) },
        yes([1, 2], [0, 0]) { GRU(3, 2, seed: 1)(f([1, 0, 3]), initial: nil).last },
      ]),
    HostileCase(
      name: "reversed sequences",
      variants: [
        no { f([2, 3]).reversedSequences(lengths: i([1, 4])) },
        no { f([2, 3]).reversedSequences(lengths: i([1, -1])) },
        no("lengths") { f([2, 3]).reversedSequences(lengths: i([1])) },
        no("integers") { f([2, 3]).reversedSequences(lengths: v([1, 1])) },
        no { f([2, 3]).reversedSequences(lengths: i([1, 1]), axis: 2) },
        no { f([2, 3]).reversedSequences(lengths: i([1, 1]), batchAxis: -3) },
        no("cannot be both") { f([2, 3]).reversedSequences(lengths: i([1, 1]), axis: 0) },
        yes([0, 3], []) { f([0, 3]).reversedSequences(lengths: i([])) },
        yes([2, 3], [2, 1, 3, 4, 5, 6]) {
          v([1, 2, 3, 4, 5, 6]).reshaped(to: [2, 3]).reversedSequences(lengths: i([2, 0]))
        },
      ]),
    HostileCase(
      name: "quantization",
      variants: [
        no("axis") { f([2, 3]).quantized(by: Quantization(scales: [1, 1], axis: 2)) },
        no("scale 0.0") { f([2]).quantized(by: Quantization(scale: 0)) },
        no("scale nan") { f([2]).fakeQuantized(by: Quantization(scale: .nan)) },
        no("scale inf") { g([1]).dequantized(by: Quantization(scale: .infinity, dtype: .int32)) },
        no("3 slices") { f([3, 2]).quantized(by: pair) },
        no("0 scales") { f([2]).quantized(by: Quantization(scales: [], axis: nil)) },
        no("zero point") { f([2]).quantized(by: Quantization(scale: 1, zeroPoint: 200)) },
        no("integers of") { f([2]).quantized(by: Quantization(scale: 1, dtype: .float32)) },
        no("the elements are") { i([1]).dequantized(by: Quantization(scale: 1)) },
        no("scale 0.0") { f([2]).quantized(by: Quantization(covering: 0...0)) },
        yes([2, 3], [2, 2, 2, 4, 4, 4]) { f([2, 3]).quantized(by: pair) },
        yes([4], [-128, 127, 0, 127]) {
          v([-.infinity, .infinity, .nan, 1e30]).quantized(by: Quantization(scale: 0.5))
        },
        yes([0], []) { f([0]).quantized(by: Quantization(scale: 0.5)) },
      ]),
    HostileCase(
      name: "coordinates",
      variants: [
        no { f([2, 2]).scatteringPoints(f([1]), at: i([2, 0]).reshaped(to: [1, 2])) },
        no { f([2, 2]).scatteringPoints(f([1]), at: i([0, -3]).reshaped(to: [1, 2])) },
        no { f([2, 2]).scatteringPoints(f([2]), at: i([0, 0]).reshaped(to: [1, 2])) },
        no { f([2, 2]).scatteringPoints(f([1]), at: i([0, 0, 0]).reshaped(to: [1, 3])) },
        no { f([2, 2]).scatteringPoints(f([1]), at: v([0, 0]).reshaped(to: [1, 2])) },
      ]),
    HostileCase(
      name: "attention in groups",
      variants: [
        no("key heads") { attention(f([1, 2, 3, 4]), f([1, 2, 2, 4]), f([1, 2, 2, 4])) },
        yes([1, 2, 2, 0], []) { attention(f([1, 2, 2, 0]), f([1, 2, 2, 0]), f([1, 2, 2, 0])) },
        no { attention(f([1, 2, 2, 4]), f([1, 2, 2, 4]), f([1, 2, 2, 4]), mask: f([2, 3])) },
        no { attention(f([1, 2, 2, 4]), f([2, 2, 2, 4]), f([1, 2, 2, 4])) },
        no {
          let cache = KeyValueCache(batch: 1, capacity: 2, headCount: 1, headWidth: 4)
          return MultiHeadAttention(4, headCount: 1, isCausal: true, seed: 1)(f([1, 3, 4]), cache: cache)
        },
      ]),
    HostileCase(
      name: "counts",
      variants: [
        no { f([4]).chunks(Int.min).first ?? f([]) },
        no { Tensor.permutation(-1, seed: 1) },
        no { Tensor.randomIntegers([2], in: 3..<3, seed: 1) },
        no { Tensor.linspace(0, 1, count: Int.min) },
        no { f([2]).histogram(count: 1 << 62, range: 0...1).counts },
      ]),
  ]
}
