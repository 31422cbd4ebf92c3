#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The two routines of LAPACK that are worth more than our own kernels where matrices are large, found at run time.
///
/// Eigenvalues and singular values by divide and conquer, in the system's library: OpenBLAS, MKL, Accelerate, or the
/// reference LAPACK that a distribution links to one of these. `MARTLET_LAPACK=0` in the environment does without it.
///
/// - Note: Anderson et al., *LAPACK users' guide*, third edition, SIAM 1999: `SYEVD` and `GESDD`.
package struct SystemLAPACK: Sendable {
  /// File names under which a library with integers of 32 bits is looked for.
  static let names = [
    "libopenblas.so.0", "libmkl_rt.so.2", "libflexiblas.so.3", "liblapack.so.3",
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
  ]

  /// The library, or nil if there is none, it lacks a routine or is not wanted; looked for once.
  package static let shared = SystemLAPACK()

  /// The smallest dimension from which on the library is asked.
  ///
  /// OpenBLAS 0.3.21 with one thread against our own kernels, 27 November 2026, AVX2, milliseconds for eigenvectors of
  /// float 64: 1.3 and 1.7 for 128 rows, 6.3 and 10 for 256, 38 and 77 for 512, 243 and 677 for 1,024.
  package static let leastSize = 256

  private typealias Text = UnsafePointer<CChar>
  private typealias Size = UnsafePointer<Int32>
  private typealias Array = UnsafeMutableRawPointer
  private typealias Integers = UnsafeMutablePointer<Int32>
  // Behind the arguments that the guide names Fortran has the lengths of the texts.
  private typealias SymmetricEigen =
    @convention(c) (Text, Text, Size, Array, Size, Array, Array, Size, Integers, Size, Integers, Int, Int) -> Void
  private typealias SingularValues =
    @convention(c) (
      Text, Size, Size, Array, Size, Array, Array, Size, Array, Size, Array, Size, Integers, Integers, Int
    ) -> Void

  private let symmetricEigen: (single: SymmetricEigen, double: SymmetricEigen)
  private let singularValues: (single: SingularValues, double: SingularValues)

  private init?() {
    if let choice = getenv("MARTLET_LAPACK"), String(cString: choice) == "0" { return nil }
    guard let library = SystemLAPACK.names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
      let ssyevd = dlsym(library, "ssyevd_"), let dsyevd = dlsym(library, "dsyevd_"),
      let sgesdd = dlsym(library, "sgesdd_"), let dgesdd = dlsym(library, "dgesdd_")
    else { return nil }
    symmetricEigen = (
      unsafeBitCast(ssyevd, to: SymmetricEigen.self), unsafeBitCast(dsyevd, to: SymmetricEigen.self)
    )
    singularValues = (
      unsafeBitCast(sgesdd, to: SingularValues.self), unsafeBitCast(dgesdd, to: SingularValues.self)
    )
  }
}

// MARK: - Eigenvalues

extension SystemLAPACK {
  /// (A + Aᵀ) / 2 = V diag(values) Vᵀ as `martlet_eigh` has it, for one matrix.
  ///
  /// - Returns: False, with results that mean nothing, when the library gave up, when an element is not finite or when
  ///   memory ran out: our own code then says what is wrong.
  package func eigen<Element: BinaryFloatingPoint>(
    _ n: Int, _ a: UnsafePointer<Element>, values: UnsafeMutablePointer<Element>,
    vectors: UnsafeMutablePointer<Element>
  ) -> Bool {
    guard n > 0, n < 1 << 15, isFinite(a, n * n) else { return false }
    let routine = Element.self == Float.self ? symmetricEigen.single : symmetricEigen.double
    let matrix = UnsafeMutablePointer<Element>.allocate(capacity: n * n)
    defer { matrix.deallocate() }
    for i in 0..<n { for j in 0..<n { matrix[i * n + j] = (a[i * n + j] + a[j * n + i]) / 2 } }
    let size = Int32(n)
    var (status, integerRoom) = (Int32(0), Int32(0))
    // Asked with a size of -1 a routine says how much memory it wants, where its memory would be.
    var ask = Int32(-1)
    withUnsafePointer(to: size) { n in
      routine("V", "L", n, matrix, n, values, vectors, &ask, &integerRoom, &ask, &status, 1, 1)
    }
    guard status == 0, let work = Workspace<Element>(wanted(vectors[0]), Int(integerRoom)) else { return false }
    withUnsafePointer(to: size) { n in
      routine("V", "L", n, matrix, n, values, work.numbers, work.size, work.integers, work.integerSize, &status, 1, 1)
    }
    if status != 0 { return false }
    // The library's columns are rows here.
    for j in 0..<n {
      orient(matrix + j * n, n, 1)
      for i in 0..<n { vectors[i * n + j] = matrix[j * n + i] }
    }
    return true
  }

  /// A count that was told as a floating-point number, which may have rounded it down.
  private func wanted(_ room: some BinaryFloatingPoint) -> Int { Int(Double(room) * 1.000001) + 1 }

  private func isFinite<Element: BinaryFloatingPoint>(_ x: UnsafePointer<Element>, _ count: Int) -> Bool {
    (0..<count).reduce(Element(0)) { $0 + (x[$1] - x[$1]) } == 0
  }

  /// Makes the largest component positive, the first of equals. Says whether anything changed.
  @discardableResult
  private func orient<Element: BinaryFloatingPoint>(
    _ x: UnsafeMutablePointer<Element>, _ count: Int, _ stride: Int
  ) -> Bool {
    var largest = Element(0)
    for i in 0..<count where abs(x[i * stride]) > abs(largest) { largest = x[i * stride] }
    if largest >= 0 { return false }
    for i in 0..<count { x[i * stride] = -x[i * stride] }
    return true
  }
}

// MARK: - Singular values

extension SystemLAPACK {
  /// A = U diag(s) Vᵀ as `martlet_svd` has it, for one matrix.
  ///
  /// - Returns: See ``eigen(_:_:values:vectors:)``.
  package func singular<Element: BinaryFloatingPoint>(
    _ rows: Int, _ columns: Int, _ a: UnsafePointer<Element>, u: UnsafeMutablePointer<Element>,
    s: UnsafeMutablePointer<Element>, vt: UnsafeMutablePointer<Element>
  ) -> Bool {
    let least = min(rows, columns)
    guard least > 0, max(rows, columns) < 1 << 15, isFinite(a, rows * columns) else { return false }
    let routine = Element.self == Float.self ? singularValues.single : singularValues.double
    let matrix = UnsafeMutablePointer<Element>.allocate(capacity: rows * columns)
    defer { matrix.deallocate() }
    matrix.update(from: a, count: rows * columns)
    guard let places = Workspace<Element>(1, 8 * least) else { return false }
    // Row by row is the transpose column by column, whose left vectors are the right ones of A.
    var (m, n, k, status) = (Int32(columns), Int32(rows), Int32(least), Int32(0))
    // Asked with a size of -1 a routine says how much memory it wants, where its memory would be.
    var ask = Int32(-1)
    routine("S", &m, &n, matrix, &m, s, vt, &m, u, &k, s, &ask, places.integers, &status, 1)
    guard status == 0, let work = Workspace<Element>(wanted(s[0]), 1) else { return false }
    routine("S", &m, &n, matrix, &m, s, vt, &m, u, &k, work.numbers, work.size, places.integers, &status, 1)
    if status != 0 { return false }
    for j in 0..<least where orient(u + j, rows, least) {
      for i in 0..<columns { vt[j * columns + i] = -vt[j * columns + i] }
    }
    return true
  }
}

/// Memory for a routine, and pointers to its sizes.
private final class Workspace<Element> {
  let numbers: UnsafeMutablePointer<Element>
  let integers: UnsafeMutablePointer<Int32>
  private let sizes: UnsafeMutablePointer<Int32>
  var size: UnsafePointer<Int32> { UnsafePointer(sizes) }
  var integerSize: UnsafePointer<Int32> { UnsafePointer(sizes + 1) }

  init?(_ count: Int, _ integerCount: Int) {
    guard count >= 0, integerCount >= 0, count < 1 << 31, integerCount < 1 << 31,
      let memory = malloc(max(count, 1) * MemoryLayout<Element>.stride)
    else { return nil }
    guard let integerMemory = malloc((max(integerCount, 1) + 2) * MemoryLayout<Int32>.stride) else {
      free(memory)
      return nil
    }
    numbers = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    sizes = integerMemory.bindMemory(to: Int32.self, capacity: max(integerCount, 1) + 2)
    sizes[0] = Int32(max(count, 1))
    sizes[1] = Int32(max(integerCount, 1))
    integers = sizes + 2
  }

  deinit {
    free(numbers)
    free(sizes)
  }
}
