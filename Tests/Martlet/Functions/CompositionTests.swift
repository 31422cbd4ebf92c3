import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Functions that no recorded case covers, against their formulas in plain Swift.
@Suite(.endsAtZero) struct CompositionTests {
  /// No kink of any function.
  private let points = [-7.5, -3.5, -1.25, -0.5, 0.25, 1.5, 2.75, 6.5]

  private func check(
    _ function: (Tensor) -> Tensor, _ formula: (Double) -> Double, line: Int = #line
  ) {
    let x = Tensor(points)
    let derivative = gradient(at: x) { function($0).sum() }.scalars(as: Double.self)
    for (index, (point, value)) in zip(points, function(x).scalars(as: Double.self)).enumerated() {
      #expect(abs(value - formula(point)) <= 1e-12 * max(1, abs(value)), "line \(line) at \(point)")
      let numerical = (formula(point + 1e-5) - formula(point - 1e-5)) / 2e-5
      #expect(abs(derivative[index] - numerical) <= 1e-7, "line \(line): slope at \(point)")
    }
  }

  /// exp by its series, so that the oracle is not the function under test.
  private func power(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for k in 1..<40 {
      term *= x / 64 / Double(k)
      sum += term
    }
    for _ in 0..<6 { sum *= sum }
    return sum
  }

  @Test func `activations follow their formulas, slopes included`() {
    check({ relu6($0) }, { min(max($0, 0), 6) })
    check({ selu($0) }, { 1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * (power($0) - 1)) })
    check({ softsign($0) }, { $0 / (1 + abs($0)) })
    check({ hardTanh($0) }, { min(max($0, -1), 1) })
    check({ hardSigmoid($0) }, { min(max($0 / 6 + 0.5, 0), 1) })
    check({ leakyReLU($0, negativeSlope: 0.2) }, { $0 > 0 ? $0 : 0.2 * $0 })
    check({ elu($0, alpha: 2) }, { $0 > 0 ? $0 : 2 * (power($0) - 1) })
    check(
      { mish($0) },
      { x in
        let square = (1 + power(x)) * (1 + power(x))
        return x * (square - 1) / (square + 1)
      })
  }

  @Test func `the gated linear unit multiplies its halves`() {
    let x = Tensor([[1.0, 2, 0, 100]])
    #expect(glu(x).scalars() == [0.5, 2.0])
  }

  @Test func `clipping passes derivatives at its bounds and keeps NaN`() {
    let x = Tensor([-2.0, -1, 0.5, 1, 3])
    #expect(gradient(at: x) { $0.clipped(to: -1...1).sum() }.scalars() == [0.0, 1, 1, 1, 0])
    #expect(Tensor([Double.nan]).clipped(to: -1...1).scalar.isNaN)
    #expect(x.clipped(to: 0...).scalars() == [0.0, 0, 0.5, 1, 3])
    #expect(x.clipped(to: ...0).scalars() == [-2.0, -1, 0, 0, 0])
    #expect(Tensor([1, 5, 9]).clipped(to: 2...6).scalars() == [2, 5, 6])
  }

  @Test func `norms have a derivative at zero`() {
    let x = Tensor([[3.0, -4], [0, 0]])
    #expect(x.norm(axes: 1).scalars() == [5.0, 0])
    #expect(x.norm(order: 1, axes: 1).scalars() == [7.0, 0])
    #expect(x.norm(order: .infinity).scalar == 4)
    let slopes = gradient(at: x) { $0.norm(axes: 1).sum() }.scalars(as: Double.self)
    #expect(zip(slopes, [0.6, -0.8, 0, 0]).allSatisfy { abs($0 - $1) < 1e-15 })
  }

  @Test func `16-bit means do not overflow`() {
    let x = Tensor.full([1000], value: 1000, dtype: .float16)
    #expect(x.mean().scalar == 1000)
    #expect(x.variance().scalar == 0)
    #expect(x.mean().dtype == .float16)
  }

  @Test func `bool counts`() {
    let x = Tensor([true, false, true])
    #expect(x.sum().scalars() == [2])
    #expect(x.cumulativeSum(axis: 0).scalars() == [1, 1, 2])
  }

  @Test func `dimensions are joined, taken apart and moved`() {
    let x = Tensor.range(0..<24).reshaped(to: [2, 3, 4])
    #expect(x.flattened(from: 1).shape == [2, 12] && x.flattened().shape == [24])
    #expect(Tensor(3).flattened().shape == [1])
    #expect(x.unflattened(axis: -1, to: [2, -1]).shape == [2, 3, 2, 2])
    #expect(x.movedAxis(from: 0, to: -1).shape == [3, 4, 2])
    #expect(x.movedAxis(from: 0, to: -1)[1, 2].scalars() == [6, 18])
    #expect(x.expandingDimensions(at: [0, -1]).shape == [1, 2, 3, 4, 1])
    #expect(x.expandingDimensions(at: [0, -1]).squeezed().shape == [2, 3, 4])
    #expect(x[0..<1].squeezed(axes: 0).shape == [3, 4])
  }

  @Test func `parts put together again are the whole`() {
    let x = Tensor.range(0..<24).reshaped(to: [2, 3, 4])
    #expect(Tensor(stacking: x.unstacked(axis: 1), axis: 1).scalars() == Array(0..<24))
    #expect(Tensor(concatenating: x.split(sizes: [1, 0, 3], axis: 2), axis: 2).scalars() == Array(0..<24))
    #expect(x.chunks(2, axis: -1)[1][0, 0].scalars() == [2, 3])
  }

  @Test func `one-hot vectors, products over axes`() {
    #expect(Tensor([2, 0]).oneHot(depth: 3).array2D(as: Int.self) == [[0, 0, 1], [1, 0, 0]])
    #expect(throws: (any Error).self) { try Tensor([3]).oneHot(depth: 3).evaluated() }
    let (a, b) = (Tensor([[1, 2], [3, 4]]), Tensor([[5, 6], [7, 8]]))
    #expect(dot(a[0], b[0]).scalars() == [17])
    #expect(outer(a[0], b[0]).array2D() == [[5, 6], [10, 12]])
    #expect(tensordot(a, b, leftAxes: [0, 1], rightAxes: [0, 1]).scalars() == [5 + 12 + 21 + 32])
  }

  @Test func `a transposed convolution is the transpose of the convolution`() {
    // <conv(x), y> = <x, transposed(y)> for every x and y, whatever stride, padding and groups.
    for (stride, padding, groups) in [(1, Padding.valid, 1), (2, .same, 1), (3, .explicit(1), 2), (5, .same, 2)] {
      let x = Tensor.normal([2, 10, 10, 4], dtype: .float64, seed: 1)
      let filter = Tensor.normal([3, 3, 4 / groups, 6], dtype: .float64, seed: 2)
      let z = conv2D(x, filter, stride: Spatial(stride), padding: padding, groups: groups)
      let y = Tensor.normal(z.shape, dtype: .float64, seed: 3)
      let smallest = transposedConv2D(y, filter, stride: Spatial(stride), padding: padding, groups: groups)
      let extra = 10 - smallest.shape[1]
      let back = transposedConv2D(
        y, filter, stride: Spatial(stride), padding: padding, outputPadding: Spatial(max(extra, 0)), groups: groups)
      #expect(back.shape == x.shape)
      #expect(abs((z * y).sum().scalar - (x * back).sum().scalar) < 1e-10)
    }
  }

  @Test func `global pools reduce the spatial dimensions`() {
    let x = Tensor([[[1.0, 10], [2, 30], [6, 20]]])
    #expect(globalMaxPool(x).scalars() == [6.0, 30])
    #expect(globalAveragePool(x).scalars() == [3.0, 20])
  }

  @Test func `a custom operation runs, and stops on types it refuses`() throws {
    let double = CustomOperation(
      name: "double",
      resultType: { types throws(GraphError) in
        if types[0].dtype != .float32 { throw GraphError("double", "takes float32, not \(types[0].dtype)") }
        return types[0]
      },
      compute: { inputs, _, output in
        let (source, target) = (inputs[0].bindMemory(to: Float.self), output.bindMemory(to: Float.self))
        for index in source.indices { target[index] = source[index] * 2 }
      })
    #expect(Tensor.custom(double, [Tensor([1, 2.5] as [Float])]).scalars(as: Float.self) == [2, 5])
    #expect(throws: ProgramError.self) { try checked { Tensor.custom(double, [Tensor([1])]) } }
  }
}
