import Martlet
import MartletCPU
import MartletGraph
import MartletTestSupport
import Testing

/// Matrices large enough for the system's LAPACK, where there is one; what is expected holds without it as well.
@Suite(.endsAtZero) struct LargeMatrixTests {
  private static let types: [(MartletGraph.DType, Double)] = [(.float64, 1e-12), (.float32, 2e-4)]

  @Test(arguments: [[260, 260], [2, 256, 256]] as [[Int]])
  func `eigenvectors only grow, and their largest component is positive`(sizes: [Int]) {
    #expect(sizes[sizes.count - 1] >= SystemLAPACK.leastSize)
    for (dtype, tolerance) in Self.types {
      let half = Tensor.normal(Shape(sizes), dtype: dtype, seed: 1)
      let a = half + half.transposed()
      let (values, vectors) = eigh(a)
      let grown = vectors * values.expandingDimensions(at: -2)
      #expect(abs(matmul(a, vectors) - grown).max().scalar < tolerance * 100)
      expectOrthogonal(vectors, tolerance)
      #expect((values[.ellipsis, 1...] .>= values[.ellipsis, ..<(-1)]).all().scalar == 1)
      expectOriented(vectors)
    }
  }

  @Test(arguments: [[260, 260], [300, 256], [256, 300], [2, 256, 270]] as [[Int]])
  func `singular vectors are orthogonal, and the product is the matrix`(sizes: [Int]) {
    for (dtype, tolerance) in Self.types {
      let a = Tensor.normal(Shape(sizes), dtype: dtype, seed: 2)
      let (u, s, vt) = svd(a)
      let product = matmul(u * s.expandingDimensions(at: -2), vt)
      #expect(abs(product - a).max().scalar < tolerance * 100)
      expectOrthogonal(u, tolerance)
      expectOrthogonal(vt.transposed(), tolerance)
      #expect((s[.ellipsis, 1...] .<= s[.ellipsis, ..<(-1)]).all().scalar == 1 && s.min().scalar >= 0)
      expectOriented(u)
    }
  }

  @Test func `an element that is no number gives no numbers, and derivatives go through`() {
    var a = Tensor.normal([256, 256], dtype: .float64, seed: 3)
    let slope = gradient(at: a) { eigh($0 + $0.transposed()).values.sum() }
    // The sum of eigenvalues is the trace.
    #expect(abs(slope - Tensor.eye(256, dtype: .float64) * 2).max().scalar < 1e-9)
    a[3, 5] = Tensor(Double.nan)
    #expect(isNaN(svd(a).s).all().scalar == 1)
  }

  private func expectOrthogonal(_ x: Tensor, _ tolerance: Double) {
    let gram = matmul(x.transposed(), x)
    let identity = Tensor.eye(x.shape[x.rank - 1], dtype: x.dtype)
    #expect(abs(gram - identity).max().scalar < tolerance * 10)
  }

  private func expectOriented(_ x: Tensor) {
    let largest = abs(x).argMax(axis: -2, keepingAxis: true)
    #expect((x.takenAlong(axis: -2, at: largest) .> 0).all().scalar == 1)
  }
}
