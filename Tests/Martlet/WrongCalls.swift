import Martlet
import MartletGraph

/// A mistake in a program, and the sentence with which it stops.
struct WrongCall: Sendable {
  let sentence: String
  let call: @Sendable () -> Void

  /// Operators and properties cannot take `#line`; their line is looked up by the program counter.
  var isPlacedByCounter: Bool { ["add:", "and:", "not:", "scalar:"].contains { sentence.hasPrefix($0) } }

  init(_ sentence: String, _ call: @escaping @Sendable () -> Tensor) {
    self.sentence = sentence
    self.call = { _ = call() }
  }
}

extension WrongCall {
  static let all: [WrongCall] =
    shapes + indexing + reductions + products + windows + elements + creation + random + functions

  private static func f(_ shape: Shape) -> Tensor { .zeros(shape) }
  private static func i(_ shape: Shape) -> Tensor { .zeros(shape, dtype: .int64) }
  private static func b(_ shape: Shape) -> Tensor { .zeros(shape, dtype: .bool) }

  private static let shapes: [WrongCall] = [
    .init("reshaped: [2, 3] has 6 elements, [4, 2] has 8") { f([2, 3]).reshaped(to: [4, 2]) },
    .init("reshaped: 6 elements do not divide into [4, -1]") { f([2, 3]).reshaped(to: [4, -1]) },
    .init("reshaped: [-1, -1] has a negative size; only one size may be -1") { f([2, 3]).reshaped(to: [-1, -1]) },
    .init("reshaped: [-2, 3] has a negative size; only one size may be -1") { f([2, 3]).reshaped(to: [-2, 3]) },
    .init("reshaped: 0 elements do not divide into [0, -1]") { f([0, 3]).reshaped(to: [0, -1]) },
    .init("flattened: axis 2 is outside [2, 3] (valid: -2..<2)") { f([2, 3]).flattened(from: 2) },
    .init("flattened: axis 1 comes after axis 0") { f([2, 3]).flattened(from: 1, through: 0) },
    .init("unflattened: axis 1 of [2, 6] does not divide into [4, 2]") { f([2, 6]).unflattened(axis: 1, to: [4, 2]) },
    .init("unflattened: 6 elements do not divide into [4, -1]") { f([2, 6]).unflattened(axis: 1, to: [4, -1]) },
    .init("transposed: [0, 0] is not an order of the 2 axes of [2, 3]") { f([2, 3]).transposed([0, 0]) },
    .init("transposed: [0] is not an order of the 2 axes of [2, 3]") { f([2, 3]).transposed([0]) },
    .init("transposed: axis 5 is outside [2, 3] (valid: -2..<2)") { f([2, 3]).transposed([0, 5]) },
    .init("transposed: needs at least 2 dimensions, got [3]") { f([3]).transposed() },
    .init("swappingAxes: axis -3 is outside [2, 3] (valid: -2..<2)") { f([2, 3]).swappingAxes(0, -3) },
    .init("movedAxis: axis 2 is outside [2, 3] (valid: -2..<2)") { f([2, 3]).movedAxis(from: 0, to: 2) },
    .init("squeezed: axis 1 of [1, 3] has size 3, not 1") { f([1, 3]).squeezed(axes: 1) },
    .init("squeezed: axis 0 of [1, 3] is named twice") { f([1, 3]).squeezed(axes: [0, 0]) },
    .init("expandingDimensions: axis 3 is outside [1, 1, 1] (valid: -3..<3)") {
      f([2, 3]).expandingDimensions(at: 3)
    },
    .init("expandingDimensions: the result would have 9 dimensions, more than 8") {
      f([1, 1, 1, 1, 1, 1, 1, 1]).expandingDimensions(at: 0)
    },
    .init("broadcast: shapes do not broadcast: [3] and [2, 4]") { f([3]).broadcast(to: [2, 4]) },
    .init("broadcast: [2, 3] cannot be repeated to [3]") { f([2, 3]).broadcast(to: [3]) },
    .init("reversed: axis 4 is outside [2] (valid: -1..<1)") { f([2]).reversed(axes: [4]) },
    .init("rolled: axis 1 is outside [2] (valid: -1..<1)") { f([2]).rolled(by: 1, axis: 1) },
    .init("tiled: the count -1 is negative") { f([2]).tiled([-1]) },
    .init("repeated: the count -2 is negative") { f([2]).repeated(-2, axis: 0) },
    .init("repeated: axis 0 is outside [] (a scalar has none)") { f([]).repeated(2, axis: 0) },
    .init("concatenate: there is nothing to join") { Tensor(concatenating: [], axis: 0) },
    .init("concatenate: [2, 4] (operand 1) does not join [2, 3] along axis 0") {
      Tensor(concatenating: [f([2, 3]), f([2, 4])], axis: 0)
    },
    .init("concatenate: element types differ: float32 [2] and int64 [2] (operand 1)") {
      Tensor(concatenating: [f([2]), i([2])], axis: 0)
    },
    .init("concatenate: axis 2 is outside [2, 3]") { Tensor(concatenating: [f([2, 3])], axis: 2) },
    .init("stack: there is nothing to stack") { Tensor(stacking: []) },
    .init("stack: float32 [2] and float32 [3] (operand 2) differ") { Tensor(stacking: [f([2]), f([2]), f([3])]) },
    .init("stack: axis 2 is outside [1, 2] (valid: -2..<2)") { Tensor(stacking: [f([2])], axis: 2) },
    .init("unstacked: axis 1 is outside [2] (valid: -1..<1)") { f([2]).unstacked(axis: 1).first ?? f([]) },
    .init("split: sizes [1, 1] do not add up to axis 0 of [3] (2 ≠ 3)") { f([3]).split(sizes: [1, 1])[0] },
    .init("chunks: axis 0 of [3] does not divide into 2 parts") { f([3]).chunks(2)[0] },
    .init("padded: 1 widths for the 2 axes of [2, 3]") { f([2, 3]).padded([(1, 1)]) },
    .init("padded: axis 0 of [2] is cropped below 0") { f([2]).padded([(-2, -1)]) },
    .init("padded: the width 3 along axis 0 of [3] is not in 0...2") { f([3]).padded([(3, 0)], mode: .reflect) },
    .init("padded: the width 4 along axis 0 of [3] is not in 0...3") { f([3]).padded([(0, 4)], mode: .wrap) },
    .init("padded: the width 1 along axis 0 of [0] is not in 0...0") { f([0]).padded([(1, 0)], mode: .edge) },
  ]

  private static let indexing: [WrongCall] = [
    .init("subscript: 3 is outside axis 0 of [3, 2] (valid: -3..<3)") { f([3, 2])[3] },
    .init("subscript: -4 is outside axis 0 of [3, 2] (valid: -3..<3)") { f([3, 2])[-4] },
    .init("subscript: 0..<4 is outside axis 0 of [3, 2] (size 3)") { f([3, 2])[0..<4] },
    .init("subscript: 2..<1 is outside axis 0 of [3, 2] (size 3)") { f([3, 2])[.range(from: 2, to: 1)] },
    .init("subscript: the step along axis 0 is 0") { f([3, 2])[.range(by: 0)] },
    .init("subscript: 3 indices for the 2 axes of [3, 2]") { f([3, 2])[0, 0, 0] },
    .init("subscript: there is more than one ellipsis") { f([3, 2])[.ellipsis, 0, .ellipsis] },
    .init("subscript: a mask gives a shape that depends on values") { f([3, 2])[b([3])] },
    .init("subscript: indices are integers, not float32") { f([3, 2])[f([3])] },
    .init("subscript: shapes do not broadcast: [2] and [3]") { f([3, 2])[[0, 1], [0, 1, 1]] },
    .init("subscript: int64 [2] cannot replace elements of float32 [3, 2]; cast it first") {
      var x = f([3, 2])
      x[0] = i([2])
      return x
    },
    .init("subscript: shapes do not broadcast: [3] and [2]") {
      var x = f([3, 2])
      x[0] = f([3])
      return x
    },
    .init("gathered: indices are integers, not float32") { f([3, 2]).gathered(at: f([1])) },
    .init("gathered: axis 2 is outside [3, 2] (valid: -2..<2)") { f([3, 2]).gathered(at: i([1]), axis: 2) },
    .init("takenAlong: indices [3] do not match [3, 2] apart from axis 1") {
      f([3, 2]).takenAlong(axis: 1, at: i([3]))
    },
    .init("gatheredPoints: indices [4, 3] with 0 batch dimensions do not name points of [3, 2]") {
      f([3, 2]).gatheredPoints(at: i([4, 3]))
    },
    .init("gatheredPoints: batch dimensions differ: [3, 2] and [4, 1]") {
      f([3, 2]).gatheredPoints(at: i([4, 1]), batchDimensions: 1)
    },
    .init("scattering: updates have shape [2, 2], expected [1, 2]") { f([3, 2]).scattering(f([2, 2]), at: i([1])) },
    .init("scattering: element types differ: float32 [3, 2] and int64 [1, 2]") {
      f([3, 2]).scattering(i([1, 2]), at: i([1]))
    },
    .init("scattering: bool has no arithmetic; cast it first") {
      b([3]).scattering(b([1]), at: i([1]), combining: .add)
    },
    .init("oneHot: the size -1 is negative") { i([3]).oneHot(depth: -1) },
    .init("topK: there are no 4 elements along axis 0 of [3]") { f([3]).topK(4).values },
    .init("sorted: axis 1 is outside [3] (valid: -1..<1)") { f([3]).sorted(axis: 1) },
  ]

  private static let reductions: [WrongCall] = [
    .init("sum: axis 2 is outside [2, 3] (valid: -2..<2)") { f([2, 3]).sum(axes: 2) },
    .init("sum: axis -2 of [2, 3] is named twice") { f([2, 3]).sum(axes: [0, -2]) },
    .init("mean: needs a floating-point element type, got int64; cast it first") { i([2]).mean() },
    .init("max: axis 0 of [0, 3] is empty, and nothing has no max") { f([0, 3]).max(axes: 0) },
    .init("any: needs bool, got float32; compare first") { f([2]).any() },
    .init("all: needs bool, got int64; compare first") { i([2]).all() },
    .init("norm: the order is NaN") { f([2]).norm(order: .nan) },
    .init("argMax: axis 0 of [0, 3] is empty") { f([0, 3]).argMax(axis: 0) },
    .init("softmax: axis 1 is outside [2] (valid: -1..<1)") { f([2]).softmax(axis: 1) },
    .init("softmax: needs a floating-point element type, got int64; cast it first") { i([2]).softmax() },
    .init("logSumExp: needs a floating-point element type, got int64; cast it first") { i([2]).logSumExp() },
    .init("cumulativeMax: bool has no arithmetic; cast it first") { b([2]).cumulativeMax(axis: 0) },
  ]

  private static let products: [WrongCall] = [
    .init("matmul: inner dimensions differ: [32, 784] × [512, 10] (784 ≠ 512)") {
      matmul(f([32, 784]), f([512, 10]))
    },
    .init("matmul: inner dimensions differ: [3] × [4] (3 ≠ 4)") { matmul(f([3]), f([4])) },
    .init("matmul: element types differ: float32 [2, 2] and int64 [2, 2]; cast one of them") {
      matmul(f([2, 2]), i([2, 2]))
    },
    .init("matmul: bool has no arithmetic; cast it first") { matmul(b([2, 2]), b([2, 2])) },
    .init("matmul: shapes do not broadcast: [2] and [3]") { matmul(f([2, 4, 4]), f([3, 4, 4])) },
    .init("matmul: a scalar is no matrix: [] × [2, 2]; multiply by it") { matmul(f([]), f([2, 2])) },
    .init("dot: needs two vectors, got [2, 2] and [2]") { dot(f([2, 2]), f([2])) },
    .init("outer: the result would have 10 dimensions, more than 8") {
      outer(f([1, 1, 1, 1, 1]), f([1, 1, 1, 1, 1]))
    },
    .init("tensordot: axes are paired, but [0, 1] meet [0]") {
      tensordot(f([2, 2]), f([2, 2]), leftAxes: [0, 1], rightAxes: [0])
    },
    .init("einsum: \"?\" is not a letter\n  ij,j?->i\n      ^") { einsum("ij,j?->i", f([2, 3]), f([3, 2])) },
    .init("einsum: no operand has \"k\"\n  ij->ik\n       ^") { einsum("ij->ik", f([2, 3])) },
    .init("einsum: \"i\" is twice in the result\n  ij->ii\n       ^") { einsum("ij->ii", f([2, 3])) },
    .init("einsum: \"j\" is 3 in operand 0 and 4 in operand 1\n  ij,jk->ik\n     ^") {
      einsum("ij,jk->ik", f([2, 3]), f([4, 2]))
    },
    .init("einsum: 1 indices for the 2 axes of [2, 3]\n  i->i\n  ^") { einsum("i->i", f([2, 3])) },
    .init("einsum: an arrow is ->\n  ij-i\n    ^") { einsum("ij-i", f([2, 3])) },
    .init("einsum: an ellipsis is ...\n  ..i\n  ^") { einsum("..i", f([2, 3])) },
    .init("einsum: there is a second ellipsis\n  ...i...\n      ^") { einsum("...i...", f([2, 3])) },
    .init("einsum: the result is one term\n  ij->i,j\n       ^") { einsum("ij->i,j", f([2, 3])) },
    .init("einsum: \"ij,jk->ik\" has 2 operands, but 1 are given") { einsum("ij,jk->ik", f([2, 3])) },
    .init("attention: the key is [batch, length, heads, width], got [2, 3, 8]") {
      attention(f([2, 3, 4, 8]), f([2, 3, 8]), f([2, 3, 4, 8]))
    },
    .init("attention: 3 key heads do not divide 4 query heads") {
      attention(f([2, 3, 4, 8]), f([2, 3, 3, 8]), f([2, 3, 3, 8]))
    },
    .init("attention: widths differ: query [2, 3, 4, 8], key [2, 3, 4, 6]") {
      attention(f([2, 3, 4, 8]), f([2, 3, 4, 6]), f([2, 3, 4, 6]))
    },
    .init("attention: the mask [5, 3] does not broadcast to [2, 4, 3, 3]") {
      attention(f([2, 3, 4, 8]), f([2, 3, 4, 8]), f([2, 3, 4, 8]), mask: f([5, 3]))
    },
  ]

  private static let windows: [WrongCall] = [
    .init("conv2D: needs an image [batch, height, width, channels], got [5, 5, 3]") {
      conv2D(f([5, 5, 3]), f([3, 3, 3, 8]))
    },
    .init("conv2D: needs a filter [height, width, channels, out], got [3, 3, 3]") {
      conv2D(f([1, 5, 5, 3]), f([3, 3, 3]))
    },
    .init("conv2D: the filter [3, 3, 4, 8] takes 4 channels in each of 1 groups, the image [1, 5, 5, 3] has 3") {
      conv2D(f([1, 5, 5, 3]), f([3, 3, 4, 8]))
    },
    .init("conv2D: the filter (7) is larger than axis 1 of [1, 5, 5, 3] with its padding (5)") {
      conv2D(f([1, 5, 5, 3]), f([7, 7, 3, 8]))
    },
    .init("conv2D: stride [1, 2, 3] does not fit 2 spatial dimensions") {
      conv2D(f([1, 5, 5, 3]), f([3, 3, 3, 8]), stride: [1, 2, 3])
    },
    .init("conv2D: stride 0 is less than 1") { conv2D(f([1, 5, 5, 3]), f([3, 3, 3, 8]), stride: 0) },
    .init("conv2D: 8 output channels do not divide into 3 groups") {
      conv2D(f([1, 5, 5, 3]), f([3, 3, 1, 8]), groups: 3)
    },
    .init("conv1D: element types differ: float32 [1, 5, 3] and int64 [3, 3, 8]; cast one of them") {
      conv1D(f([1, 5, 3]), i([3, 3, 8]))
    },
    .init("transposedConv2D: output padding 2 is not in 0..<2, the stride") {
      transposedConv2D(f([1, 5, 5, 3]), f([3, 3, 8, 3]), stride: 2, outputPadding: 2)
    },
    .init("maxPool2D: the window (6) is larger than axis 1 of [1, 5, 5, 3] with its padding (5)") {
      maxPool2D(f([1, 5, 5, 3]), windowSize: 6)
    },
    .init("maxPool2D: padding along axis 1 is not smaller than the window (2)") {
      maxPool2D(f([1, 5, 5, 3]), windowSize: 2, padding: .explicit(2))
    },
    .init("averagePool1D: needs a floating-point element type, got int64; cast it first") {
      averagePool1D(i([1, 5, 3]), windowSize: 2)
    },
    .init("globalAveragePool: needs [batch, spatial…, channels], got [2, 3]") { globalAveragePool(f([2, 3])) },
  ]

  private static let elements: [WrongCall] = [
    .init("add: shapes do not broadcast: [2, 3] and [4] (axis -1: 3 and 4)") { f([2, 3]) + f([4]) },
    .init("add: element types differ: float32 [2] and int64 [2]; cast one of them") { f([2]) + i([2]) },
    .init("add: bool has no arithmetic; cast it first") { b([2]) + b([2]) },
    .init("exp: needs a floating-point element type, got int64; cast it first") { exp(i([2])) },
    .init("and: float32 has no bitwise operations") { f([2]) & f([2]) },
    .init("not: float32 has no bitwise complement") { !f([2]) },
    .init("shiftLeft: only integers can be shifted, not float32") { shiftedLeft(f([2]), f([2])) },
    .init("atan2: needs a floating-point element type, got int64") { atan2(i([2]), i([2])) },
    .init("select: the condition is bool, not float32") { select(f([2]), f([2]), f([2])) },
    .init("select: element types differ: float32 [2] and int64 [2]; cast one of them") {
      select(b([2]), f([2]), i([2]))
    },
    .init("gelu: needs a floating-point element type, got int64; cast it first") { gelu(i([2])) },
    .init("silu: needs a floating-point element type, got int64; cast it first") { silu(i([2])) },
    .init("glu: axis 0 of [3] does not have two halves") { glu(f([3])) },
    .init("bitCast: float32 and int64 differ in width") { f([2]).bitCast(to: .int64) },
    .init("gradient: the value is float32 [2], not one floating-point number; reduce it first") {
      gradient(at: f([2])) { $0 * 2 }
    },
  ]

  private static let creation: [WrongCall] = [
    .init("Tensor: 3 scalars do not fill [2, 2] (4 elements)") { Tensor([1, 2, 3], shape: [2, 2]) },
    .init("Tensor: ragged array: element 0 has shape [2], element 1 [1]") { Tensor([[1, 2], [3]]) },
    .init("Tensor: ragged array: element 0 has shape [1], element 1 [2]") { Tensor([[[1], [2, 3]]]) },
    .init("eye: the size -1 is negative") { Tensor.eye(-1) },
    .init("range: the step 0 is less than 1") { Tensor.range(0..<3, by: 0) },
    .init("arange: there is no way from 0.0 to 1.0 in steps of 0.0") { Tensor.arange(0, 1, step: 0) },
    .init("linspace: the size -3 is negative") { Tensor.linspace(0, 1, count: -3) },
    .init("diagonal: needs at least 2 dimensions, got [3]") { f([3]).diagonal() },
    .init("scalars: the elements are float32, not int64; cast the tensor first") {
      Tensor(f([2]).scalars(as: Int.self))
    },
    .init("scalar: [2] has 2 elements, not one") { Tensor(f([2]).scalar) },
    .init("array2D: [2] has 1 dimensions, not 2") { Tensor(f([2]).array2D(as: Float.self)) },
  ]

  private static let random: [WrongCall] = [
    .init("uniform: needs a floating-point element type, got int64") { Tensor.uniform([2], dtype: .int64, seed: 1) },
    .init("normal: needs a floating-point element type, got bool") { Tensor.normal([2], dtype: .bool, seed: 1) },
    .init("bernoulli: the probability 1.5 is not in 0...1") { Tensor.bernoulli([2], probability: 1.5, seed: 1) },
    .init("randomIntegers: the range 3..<3 is empty") { Tensor.randomIntegers([2], in: 3..<3, seed: 1) },
    .init("randomIntegers: the range 0..<300 does not fit uint8") {
      Tensor.randomIntegers([2], in: 0..<300, dtype: .uint8, seed: 1)
    },
    .init("truncatedNormal: the bound 0.0 is not positive") { Tensor.truncatedNormal([2], bound: 0, seed: 1) },
    .init("permutation: the size -1 is negative") { Tensor.permutation(-1, seed: 1) },
  ]
}
