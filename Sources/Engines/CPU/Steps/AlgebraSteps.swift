import MartletGraph
import MartletKernels

/// Factors of matrices.
struct FactorizeStep: Step {
  let factorize: Factorize
  let source: Placed
  let results: [Int32]
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let isDouble: Int32 = factorize.operand.dtype == .float64 ? 1 : 0
    let (rows, columns, count) = (factorize.rows, factorize.columns, factorize.count)
    let a = frame.address(source)
    let first = frame.address(results[0])
    func result(_ index: Int) -> UnsafeMutableRawPointer { frame.address(results[index]) }
    var error = martlet_algebra_error()
    if runBySystem(a, results.map(frame.address)) { return }
    switch factorize.kind {
    case .cholesky: martlet_cholesky(isDouble, rows, count, a, first, &error)
    case .lu:
      martlet_lu(
        isDouble, rows, columns, count, a, first, result(1).assumingMemoryBound(to: Int64.self), &error)
    case .qr: martlet_qr(isDouble, rows, columns, count, 0, a, first, result(1), &error)
    case .completeQR: martlet_qr(isDouble, rows, columns, count, 1, a, first, result(1), &error)
    case .symmetricEigen: martlet_eigh(isDouble, rows, count, a, first, result(1), &error)
    case .singularValues: martlet_svd(isDouble, rows, columns, count, a, first, result(1), result(2), &error)
    }
    switch UInt32(error.status) {
    case MARTLET_ALGEBRA_OK.rawValue: return
    case MARTLET_ALGEBRA_BAD_PIVOT.rawValue:
      throw site.error(factorize.badPivot(error.matrix, error.pivot, error.value))
    case MARTLET_ALGEBRA_NOT_CONVERGED.rawValue:
      let place = factorize.operand.place(ofMatrix: error.matrix)
      throw site.error("\(factorize.name): the iteration for the matrix\(place) did not come to an end")
    default: throw site.outOfMemory(factorize.name, frame.engine)
    }
  }
}

extension FactorizeStep {
  /// Lets the system's LAPACK do it, where there is one and the matrices are large. Says whether it was done.
  private func runBySystem(_ a: UnsafeMutableRawPointer, _ results: [UnsafeMutableRawPointer]) -> Bool {
    guard [.symmetricEigen, .singularValues].contains(factorize.kind),
      min(factorize.rows, factorize.columns) >= SystemLAPACK.leastSize, let library = SystemLAPACK.shared
    else { return false }
    return factorize.operand.dtype == .float64
      ? run(library, a.assumingMemoryBound(to: Double.self), results.map { $0.assumingMemoryBound(to: Double.self) })
      : run(library, a.assumingMemoryBound(to: Float.self), results.map { $0.assumingMemoryBound(to: Float.self) })
  }

  private func run<Element: BinaryFloatingPoint>(
    _ library: SystemLAPACK, _ a: UnsafePointer<Element>, _ results: [UnsafeMutablePointer<Element>]
  ) -> Bool {
    let (rows, columns) = (factorize.rows, factorize.columns)
    let least = min(rows, columns)
    return (0..<factorize.count).allSatisfy { index in
      let matrix = a + index * rows * columns
      if factorize.kind == .symmetricEigen {
        return library.eigen(
          rows, matrix, values: results[0] + index * rows, vectors: results[1] + index * rows * rows)
      }
      return library.singular(
        rows, columns, matrix, u: results[0] + index * rows * least, s: results[1] + index * least,
        vt: results[2] + index * least * columns)
    }
  }
}

/// Systems of equations with a triangle.
struct TriangularSolveStep: Step {
  let solve: TriangularSolve
  let matrix: Placed
  let right: Placed
  let types: [TensorType]
  let result: Int32
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let (a, b) = (types[0], types[1])
    let (n, columns) = (b.shape[b.rank - 2], b.shape[b.rank - 1])
    var error = martlet_algebra_error()
    let status = martlet_triangular_solve(
      a.dtype == .float64 ? 1 : 0, solve.isLower ? 1 : 0, solve.isTransposed ? 1 : 0, solve.hasUnitDiagonal ? 1 : 0, n,
      columns, a.shape.dropLast(2).reduce(1, *), frame.address(matrix), frame.address(right), frame.address(result),
      &error)
    if status == 0 { return }
    if error.status == Int32(MARTLET_ALGEBRA_BAD_PIVOT.rawValue) {
      throw site.error(solve.singular(a, error.matrix, error.pivot))
    }
    throw site.outOfMemory(solve.name, frame.engine)
  }
}

/// Roots of unity for one length, made when the program is planned.
final class FourierPlan: @unchecked Sendable {
  // Never changes after it is made.
  let handle: OpaquePointer?

  init(_ fourier: Fourier) {
    let kind: martlet_fft_kind =
      switch fourier.kind {
      case .forward: MARTLET_FFT_FORWARD
      case .inverse: MARTLET_FFT_INVERSE
      case .realForward: MARTLET_FFT_REAL_FORWARD
      case .realInverse: MARTLET_FFT_REAL_INVERSE
      }
    handle = martlet_fft_make(fourier.length, fourier.operand.dtype == .float64 ? 1 : 0, kind)
  }

  deinit { martlet_fft_free(handle) }
}

/// A Fourier transform.
struct FourierStep: Step {
  let fourier: Fourier
  let plan: FourierPlan
  let layout: AxisLayout
  let real: Placed
  /// The real operand again where there is no imaginary one.
  let imaginary: Placed
  let results: [Int32]
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let first = frame.address(results[0])
    let second = results.count > 1 ? frame.address(results[1]) : nil
    guard let handle = plan.handle,
      martlet_fft_run(
        handle, layout.outer, layout.inner, frame.address(real), frame.address(imaginary), first, second) == 0
    else { throw site.outOfMemory(fourier.name, frame.engine) }
  }
}
