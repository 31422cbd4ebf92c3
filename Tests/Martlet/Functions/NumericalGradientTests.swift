import Martlet
import MartletGraph
import Testing

/// A function, operands at which it is smooth, and a name for messages.
struct SmoothFunction: Sendable, CustomTestStringConvertible {
  let name: String
  /// Five or more sets of operands, of which the floating-point ones are moved.
  let operands: @Sendable () -> [[Tensor]]
  let function: @Sendable ([Tensor]) -> [Tensor]
  var testDescription: String { name }

  init(
    _ name: String, _ operands: @escaping @Sendable () -> [[Tensor]],
    _ function: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) {
    self.name = name
    self.operands = operands
    self.function = function
  }
}

/// Derivatives of functions against central differences in float 64: those above all that no other framework has a
/// recorded derivative of.
@Suite(.endsAtZero) struct NumericalGradientTests {
  @Test(arguments: SmoothFunction.all)
  func `a stated derivative is the numerical one`(function: SmoothFunction) {
    let sets = function.operands()
    #expect(sets.count >= 5)
    for (number, operands) in sets.enumerated() { check(function, operands, number) }
  }

  private func check(_ function: SmoothFunction, _ operands: [Tensor], _ number: Int) {
    let sources = operands.indices.filter { operands[$0].dtype == .float64 }
    func weighted(_ x: [Tensor]) -> Tensor {
      function.function(x).filter { $0.dtype == .float64 }.enumerated()
        .map { ($0.element * Tensor.normal($0.element.shape, dtype: .float64, seed: UInt64(50 + $0.offset))).sum() }
        .reduce(Tensor(0.0)) { $0 + $1 }
    }
    let stated = gradient(at: sources.map { operands[$0] }) { moved in
      var x = operands
      for (source, tensor) in zip(sources, moved) { x[source] = tensor }
      return weighted(x)
    }
    let h = 1e-4
    for (source, slopes) in zip(sources, stated) {
      let values = operands[source].scalars(as: Double.self)
      let found = slopes.scalars(as: Double.self)
      func moved(_ element: Int, _ step: Double) -> Double {
        var copy = values
        copy[element] += step
        var x = operands
        x[source] = Tensor(copy, shape: operands[source].shape)
        return weighted(x).scalar
      }
      for element in values.indices {
        // Fourth order: the error is about h⁴, and that of rounding 1e-11.
        let near = moved(element, h) - moved(element, -h)
        let far = moved(element, 2 * h) - moved(element, -2 * h)
        let numerical = (8 * near - far) / (12 * h)
        #expect(
          abs(found[element] - numerical) <= 1e-6 * (1 + abs(numerical)),
          "\(function.name), set \(number), operand \(source), element \(element): \(found[element]), \(numerical)")
      }
    }
  }
}

extension SmoothFunction {
  private static let shapes: [Shape] = [[3], [2, 3], [1], [], [2, 1, 2]]

  private static func uniform(_ shape: Shape, _ range: ClosedRange<Double>, _ seed: Int) -> Tensor {
    .uniform(shape, in: range, dtype: .float64, seed: UInt64(seed))
  }

  /// One operand of each shape.
  private static func one(_ range: ClosedRange<Double>) -> @Sendable () -> [[Tensor]] {
    { shapes.enumerated().map { [uniform($0.element, range, $0.offset)] } }
  }

  /// Two operands of each shape.
  private static func two(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>) -> @Sendable () -> [[Tensor]] {
    { shapes.enumerated().map { [uniform($0.element, a, $0.offset), uniform($0.element, b, 90 + $0.offset)] } }
  }

  /// Matrices of each shape, with a growing diagonal.
  private static func matrices(_ shapes: [Shape], symmetric: Bool = false) -> [[Tensor]] {
    shapes.enumerated().map { number, shape in
      let noise = uniform(shape, -0.5...0.5, 20 + number)
      let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
      let steps = (Tensor.arange(0, Double(Swift.max(rows, 1)), dtype: .float64) * 2 + 2).expandingDimensions(at: 1)
      let base = noise + Tensor.eye(rows, columns: columns, dtype: .float64) * steps
      return [symmetric ? (base + base.transposed()) / 2 : base]
    }
  }

  static let all: [SmoothFunction] = elements + reductions + movements + pictures + matrices + waves

  private static let elements: [SmoothFunction] = [
    .init("lgamma", one(0.5...4)) { [lgamma($0[0])] },
    .init("lgamma below 0", one(-1.8 ... -1.2)) { [lgamma($0[0])] },
    .init("gamma", one(-1.8 ... -1.2)) { [gamma($0[0])] },
    .init("digamma", one(0.5...4)) { [digamma($0[0])] },
    .init("polygamma", one(0.8...4)) { [polygamma(order: 2, $0[0])] },
    .init("zeta", one(0.5...4)) { [zeta(Tensor(2.5), $0[0])] },
    .init("logBeta", two(0.5...3, 0.5...3)) { [logBeta($0[0], $0[1])] },
    .init("besselJ0", one(-6...6)) { [besselJ0($0[0])] },
    .init("besselJ1", one(-6...6)) { [besselJ1($0[0])] },
    .init("besselY0", one(0.5...6)) { [besselY0($0[0])] },
    .init("besselY1", one(0.5...6)) { [besselY1($0[0])] },
    .init("besselI0", one(-4...4)) { [besselI0($0[0])] },
    .init("besselI1", one(-4...4)) { [besselI1($0[0])] },
    .init("inverseErf", one(-0.9...0.9)) { [inverseErf($0[0])] },
    .init("sinc", one(0.2...3)) { [sinc($0[0])] },
    .init("xlogy", two(0.5...2, 0.5...2)) { [xlogy($0[0], $0[1])] },
    .init("logAddExp", two(-2...2, -2...2)) { [logAddExp($0[0], $0[1])] },
    .init("heaviside", two(0.5...2, -1...1)) { [heaviside($0[0] * 0, valueAtZero: $0[1])] },
    .init("clipped", two(-1...0.9, 1...2)) { [$0[0].clipped(from: Tensor(-5.0), to: $0[1])] },
    .init("fractionalPart", one(0.1...0.9)) { [$0[0].fractionalPart()] },
    .init("trueDivided", two(0.5...2, 0.5...2)) { [trueDivided($0[0], $0[1])] },
  ]

  private static let lines: @Sendable () -> [[Tensor]] = {
    ([[5], [2, 4], [3, 3], [1, 6], [2, 2, 3]] as [Shape]).enumerated().map { [uniform($0.element, -2...2, $0.offset)] }
  }

  private static let reductions: [SmoothFunction] = [
    .init("median", lines) { [$0[0].median(axes: -1)] },
    .init("quantiles", lines) { [$0[0].quantiles([0.2, 0.55], axes: -1)] },
    .init("quantile ignoring NaN", lines) { [$0[0].quantile(0.4, axes: -1, ignoringNaN: true)] },
    .init("variance ignoring NaN", lines) { [$0[0].varianceIgnoringNaN(axes: -1, correction: 1)] },
    .init("product ignoring NaN", lines) { [$0[0].productIgnoringNaN(axes: -1)] },
    .init("largest ignoring NaN", lines) { [$0[0].maxIgnoringNaN(axes: -1)] },
    .init("norm of order 3", lines) { [$0[0].norm(order: 3, axes: -1)] },
    .init("smallest magnitude", lines) { [$0[0].norm(order: -.infinity, axes: -1)] },
    .init("cumulativeLogSumExp", lines) { [$0[0].cumulativeLogSumExp(axis: -1)] },
    .init("cumulativeMaxWithIndices", lines) { [$0[0].cumulativeMaxWithIndices(axis: -1).values] },
    .init("differences", lines) { [$0[0].differences(order: 2)] },
    .init("topK", lines) { [$0[0].topK(2).values] },
    .init("binCounts", lines) { x in
      [
        Tensor.range(0..<x[0].elementCount).reshaped(to: x[0].shape).cast(to: .int32).binCounts(
          count: 20, weights: x[0])
      ]
    },
    .init("histogram", lines) { [$0[0].histogram(count: 3, range: -4...4, weights: $0[0] * $0[0]).counts] },
  ]

  private static let movements: [SmoothFunction] = [
    .init("scatterReduced, product", lines) { x in
      let places = Tensor.range(0..<x[0].elementCount).reshaped(to: x[0].shape) % 3
      return [x[0].scatterReduced(axis: -1, x[0] + 3, at: places, by: .product)]
    },
    .init("scatterReduced, mean without self", lines) { x in
      let places = Tensor.range(0..<x[0].elementCount).reshaped(to: x[0].shape) % 2
      return [x[0].scatterReduced(axis: -1, x[0] * x[0], at: places, by: .mean, includesSelf: false)]
    },
    .init("segments, product", lines) { x in
      [x[0].segments(.product, Tensor.range(0..<x[0].shape[0]) / 2, count: 4)]
    },
    .init("segments, mean", lines) { x in [x[0].unsortedSegments(.mean, Tensor.range(0..<x[0].shape[0]) % 2, count: 3)]
    },
    .init("elements", lines) { [$0[0].elements(where: $0[0] .> 0, count: 4)] },
    .init("replacing", lines) { [($0[0] * 2).replacing(where: $0[0] .> 0, with: $0[0] * $0[0])] },
    .init("repeated", lines) { x in [x[0].repeated(counts: Tensor.range(0..<x[0].shape[0]) + 1, total: 7, axis: 0)] },
    .init("windows", lines) { [$0[0].windows(size: 2)] },
    .init("vandermonde", lines) { [$0[0].flattened().vandermonde(count: 4)] },
  ]

  private static let regions: @Sendable () -> [[Tensor]] = {
    (0..<5).map { seed in
      // Corners that fall between pixels, and regions that stay inside.
      let low = uniform([2, 2], 0.12...0.35, 40 + seed)
      let high = uniform([2, 2], 0.61...0.83, 60 + seed)
      return [uniform([2, 4, 5, 2], -1...1, seed), Tensor(concatenating: [low, high], axis: 1)]
    }
  }

  private static let pictures: [SmoothFunction] = [
    .init("cropAndResize", regions) { x in
      [cropAndResize(x[0], boxes: x[1], imageIndices: Tensor([1, 0]), size: (2, 3))]
    },
    .init("roiAlign", regions) { x in
      [roiAlign(x[0], boxes: x[1], imageIndices: Tensor([1, 0]), size: (2, 2), scale: 4, samplesPerCell: 1)]
    },
    .init("intersectionOverUnion", regions) { [intersectionOverUnion($0[1], $0[1] + 0.05)] },
    .init(
      "gridSample in three dimensions",
      { (0..<5).map { [uniform([1, 2, 3, 2, 1], -1...1, $0), uniform([1, 2, 3], -0.4...0.4, 70 + $0)] } }
    ) {
      [gridSample($0[0], at: $0[1])]
    },
    .init("resized, antialiased", { (0..<5).map { [uniform([1, 5 + $0, 4, 1], -1...1, $0)] } }) {
      [resized($0[0], to: [3, 3], interpolation: .cubic, isAntialiased: true)]
    },
  ]

  private static let squares: [Shape] = [[1, 1], [2, 2], [3, 3], [2, 2, 2], [4, 4]]
  private static let tall: [Shape] = [[2, 1], [3, 2], [3, 3], [2, 3, 2], [4, 2]]
  private static let wide: [Shape] = [[1, 2], [2, 3], [3, 3], [2, 2, 3], [2, 4]]

  private static let matrices: [SmoothFunction] = [
    .init("cholesky", { matrices(squares, symmetric: true) }) { [cholesky($0[0])] },
    .init("luFactors", { matrices(squares) }) { x in
      let factors = luFactors(x[0])
      return [factors.lower, factors.upper]
    },
    .init("qr of tall matrices", { matrices(tall) }) { x in
      let factors = qr(x[0])
      return [factors.q, factors.r]
    },
    .init("qr of wide matrices", { matrices(wide) }) { x in
      let factors = qr(x[0])
      return [factors.q, factors.r]
    },
    .init("eigh", { matrices(squares, symmetric: true) }) { x in
      let (values, vectors) = eigh(x[0])
      return [values, vectors]
    },
    .init("svd of tall matrices", { matrices(tall) }) { x in
      let factors = svd(x[0])
      return [factors.u, factors.s, factors.vt]
    },
    .init("svd of wide matrices", { matrices(wide) }) { x in
      let factors = svd(x[0])
      return [factors.u, factors.s, factors.vt]
    },
    .init("inverse", { matrices(squares) }) { [inverse($0[0])] },
    .init("determinant", { matrices(squares) }) { [determinant($0[0])] },
    .init("pseudoInverse", { matrices(tall) }) { [pseudoInverse($0[0])] },
    .init("solve", { matrices(squares).map { [$0[0], uniform([$0[0].shape[$0[0].rank - 1], 2], -1...1, 3)] } }) {
      [solve($0[0], $0[1])]
    },
    .init("leastSquares", { matrices(tall).map { [$0[0], uniform([$0[0].shape[$0[0].rank - 2], 2], -1...1, 3)] } }) {
      [leastSquares($0[0], $0[1])]
    },
    .init("conditionNumber", { matrices(tall) }) { [conditionNumber($0[0])] },
  ]

  private static let signals: @Sendable () -> [[Tensor]] = {
    ([[5], [2, 4], [3, 3], [1, 6], [2, 17]] as [Shape]).enumerated().map { number, shape in
      [uniform(shape, -1...1, number), uniform(shape, -1...1, 30 + number)]
    }
  }

  private static let waves: [SmoothFunction] = [
    .init("magnitudes of a transform", signals) { [fft(ComplexTensor(real: $0[0], imaginary: $0[1])).magnitude()] },
    .init("a product of spectra", signals) { x in
      let product = realFFT(x[0]) * realFFT(x[1]).conjugate
      return [inverseRealFFT(product, length: x[0].shape[x[0].rank - 1])]
    },
    .init("a quotient of complex numbers", signals) { x in
      let quotient = ComplexTensor(real: x[0], imaginary: x[1]) / ComplexTensor(real: x[1] + 3, imaginary: x[0])
      return [quotient.real, quotient.imaginary, quotient.angle()]
    },
    .init("transforms over several axes", signals) { x in
      let z = inverseFFTN(fftN(ComplexTensor(real: x[0], imaginary: x[1])) * x[0])
      return [z.real, z.imaginary]
    },
  ]
}
