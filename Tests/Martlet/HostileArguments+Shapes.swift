import Martlet
import MartletGraph

// Indices and shapes.
extension HostileCase {
  static let indexing: [HostileCase] = [
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
        no("zero") { floorDivided(g([7, 7]), g([1, 0])) },
        no("zero") { modulo(i([7]), i([0])) },
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
        no { f([2]).unsortedSegments(.sum, i([0, 1]), count: 1 << 60) },
        no { f([2]).unsortedSegments(.sum, i([0, -4]), count: 3) },
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

  static let shaping: [HostileCase] = [
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
        no { f([4])[TensorIndex.range(from: 0, to: 4, by: Int.min)] },
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
}
