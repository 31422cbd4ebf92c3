import Martlet
import MartletGraph

// Matrices, and Fourier transforms.
extension SmoothFunction {
  private static let squares: [Shape] = [[1, 1], [2, 2], [3, 3], [2, 2, 2], [4, 4]]
  private static let tall: [Shape] = [[2, 1], [3, 2], [3, 3], [2, 3, 2], [4, 2]]
  private static let wide: [Shape] = [[1, 2], [2, 3], [3, 3], [2, 2, 3], [2, 4]]

  static let matrices: [SmoothFunction] = [
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

  static let products: [SmoothFunction] = [
    .init("matmul", pairs) { [matmul($0[0], $0[1])] },
    .init("einsum", pairs) { [einsum("...ij,...jk->...k", $0[0], $0[1]), einsum("...ij->...i", $0[0])] },
    .init("dot", covering: ["dot", "outer", "vectorDot"], signals) { x in
      let (a, b) = (x[0].flattened(), x[1].flattened())
      return [dot(a, b), outer(a, b), vectorDot(x[0], x[1])]
    },
    .init("tensordot", signals) { x in
      [tensordot(x[0], x[1], leftAxes: [x[0].rank - 1], rightAxes: [x[1].rank - 1])]
    },
    .init("kron", { tall.map { [uniform(Shape($0.suffix(2)), -1...1, 1), uniform([2, 2], -1...1, 2)] } }) {
      [kron($0[0], $0[1])]
    },
    .init("cross", { shapes.map { s in (0..<2).map { uniform(Shape(Array(s) + [3]), -1...1, $0) } } }) {
      [cross($0[0], $0[1])]
    },
    .init("chainedProduct", { (1...5).map { [uniform([2, $0], -1...1, 1), uniform([$0, 3], -1...1, 2)] } }) { x in
      [chainedProduct([x[0], x[1], x[1].transposed()])]
    },
    .init("matrixPower", { matrices(squares) }) { [matrixPower($0[0], 3), matrixPower($0[0], -2)] },
    .init("signAndLogDeterminant", { matrices(squares) }) { [signAndLogDeterminant($0[0]).logarithm] },
    .init("matrixNorm", { matrices(tall) }) { x in
      [MatrixNorm.frobenius, .nuclear, .spectral, .columns, .rows, .smallestSingular].map { matrixNorm(x[0], $0) }
    },
    .init(
      "triangularSolve", covering: ["triangularSolve", "choleskySolve"],
      {
        matrices(squares).map {
          [
            $0[0],
            uniform([$0[0].shape[$0[0].rank - 1], 2], -1...1, 3).broadcast(to: Shape($0[0].shape.dropLast() + [2])),
          ]
        }
      }
    ) { x in
      [
        triangularSolve(x[0], x[1], isLower: true), triangularSolve(x[0], x[1], isLower: false, isTransposed: true),
        triangularSolve(x[0], x[1], isLower: true, hasUnitDiagonal: true), choleskySolve(x[0].lowerTriangle(), x[1]),
      ]
    },
  ]

  /// Factors of products.
  private static let pairs: @Sendable () -> [[Tensor]] = {
    ([
      ([2, 3], [3, 2]), ([1, 4], [4, 1]), ([2, 2, 3], [3, 2]), ([2, 3], [2, 3, 1]), ([2, 1, 2, 2], [3, 2, 2]),
    ]
      as [(Shape, Shape)]).enumerated().map {
        [uniform($0.element.0, -1...1, $0.offset), uniform($0.element.1, -1...1, 20 + $0.offset)]
      }
  }

  private static let signals: @Sendable () -> [[Tensor]] = {
    ([[5], [2, 4], [3, 3], [1, 6], [2, 17]] as [Shape]).enumerated().map { number, shape in
      [uniform(shape, -1...1, number), uniform(shape, -1...1, 30 + number)]
    }
  }

  static let waves: [SmoothFunction] = [
    .init("fft, magnitudes", signals) { [fft(ComplexTensor(real: $0[0], imaginary: $0[1])).magnitude()] },
    .init("a product of spectra", covering: ["realFFT", "inverseRealFFT"], signals) { x in
      let product = realFFT(x[0]) * realFFT(x[1]).conjugate
      return [inverseRealFFT(product, length: x[0].shape[x[0].rank - 1])]
    },
    .init("a quotient of complex numbers", covering: ["magnitude", "angle"], signals) { x in
      let quotient = ComplexTensor(real: x[0], imaginary: x[1]) / ComplexTensor(real: x[1] + 3, imaginary: x[0])
      return [quotient.real, quotient.imaginary, quotient.angle(), quotient.magnitude()]
    },
    .init("transforms over several axes", covering: ["fftN", "inverseFFTN"], signals) { x in
      let z = inverseFFTN(fftN(ComplexTensor(real: x[0], imaginary: x[1])) * x[0])
      return [z.real, z.imaginary]
    },
    .init("real transforms over several axes", covering: ["realFFTN", "inverseRealFFTN"], signals) { x in
      let z = realFFTN(x[0]) * 2
      return [z.real, z.imaginary, inverseRealFFTN(z, lengths: Array(x[0].shape))]
    },
    .init("inverseFFT", signals) { x in
      let z = inverseFFT(ComplexTensor(real: x[0], imaginary: x[1]), length: 4, scaling: .orthonormal)
      return [z.real, z.imaginary]
    },
    .init("fftShifted", covering: ["fftShifted", "inverseFFTShifted"], signals) {
      [$0[0].fftShifted(), $0[1].inverseFFTShifted(axes: -1)]
    },
  ]
}
