import MartletKernels
import Testing

/// A product with every stride free, and its sums in float 64 by three plain loops.
private struct Product {
  var rows: Int
  var columns: Int
  var depth: Int
  var transposes = (a: false, b: false, c: false)
  var gap = 0  // unused elements after each row or column
  var accumulates = false
  var hasBias = false
  var packsOnce = false

  private func strides(_ rows: Int, _ columns: Int, _ isTransposed: Bool) -> (row: Int, column: Int, count: Int) {
    isTransposed
      ? (1, rows + gap, (rows + gap) * columns + 1) : (columns + gap, 1, (columns + gap) * rows + 1)
  }

  /// C as computed and as expected, gaps included: a kernel that writes into them is caught.
  func run(seed: UInt64) -> (found: [Float], expected: [Double]) {
    var numbers = Numbers(seed: seed)
    let sa = strides(rows, depth, transposes.a)
    let sb = strides(depth, columns, transposes.b)
    let sc = strides(rows, columns, transposes.c)
    let a = numbers.floats(sa.count)
    let b = numbers.floats(sb.count)
    var c = numbers.floats(sc.count)
    let bias = numbers.floats(columns)
    var expected = c.map(Double.init)
    for i in 0..<rows {
      for j in 0..<columns {
        var sum = 0.0
        for k in 0..<depth {
          sum += Double(a[i * sa.row + k * sa.column]) * Double(b[k * sb.row + j * sb.column])
        }
        let place = i * sc.row + j * sc.column
        expected[place] = 0.5 * sum + (accumulates ? expected[place] : 0) + (hasBias ? Double(bias[j]) : 0)
      }
    }
    let status = a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        c.withUnsafeMutableBytes { c in
          bias.withUnsafeBytes { bias in
            var gemm = martlet_gemm()
            (gemm.rows, gemm.columns, gemm.depth) = (rows, columns, depth)
            (gemm.a, gemm.a_row_stride, gemm.a_column_stride) = (a.baseAddress, sa.row, sa.column)
            (gemm.b, gemm.b_row_stride, gemm.b_column_stride) = (b.baseAddress, sb.row, sb.column)
            (gemm.c, gemm.c_row_stride, gemm.c_column_stride) = (c.baseAddress, sc.row, sc.column)
            (gemm.alpha, gemm.accumulates) = (0.5, accumulates)
            gemm.bias = hasBias ? bias.baseAddress : nil
            let packed = UnsafeMutableRawPointer.allocate(
              byteCount: max(1, martlet_gemm_packed_bytes_f32(&gemm)), alignment: 64)
            defer { packed.deallocate() }
            if packsOnce && martlet_gemm_packed_bytes_f32(&gemm) > 0 {
              martlet_gemm_pack_b_f32(&gemm, packed)
              gemm.packed_b = UnsafeRawPointer(packed)
              gemm.b = nil
            }
            return martlet_gemm_f32(&gemm)
          }
        }
      }
    }
    #expect(status == MARTLET_OK)
    return (c, expected)
  }

  /// Rounding of a sum of `depth` products below 1/4 grows like its root; eight times that is far from luck.
  var tolerance: Double { 5e-7 * (1 + Double(depth).squareRoot()) }
}

extension KernelTests {
  @Suite struct GemmTests {
    @Test(arguments: availableISAs)
    func `every small size agrees with plain loops, whatever the strides`(isa: martlet_isa) {
      var numbers = Numbers(seed: 11)
      withISA(isa) {
        for rows in 1...40 {
          for columns in 1...40 {
            let bits = numbers.bits() >> 20
            let product = Product(
              rows: rows, columns: columns, depth: numbers.int(in: 0...40),
              transposes: (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0), gap: Int(bits >> 3 & 3),
              accumulates: bits & 32 != 0, hasBias: bits & 64 != 0, packsOnce: bits & 128 != 0)
            let (found, expected) = product.run(seed: bits)
            #expect(distance(found, expected) < product.tolerance, "\(product)")
          }
        }
      }
    }

    @Test(arguments: availableISAs, [(100, 130, 900), (1, 300, 5000), (300, 1, 5000), (6, 700, 500), (64, 48, 6000)])
    func `large sizes agree with plain loops`(isa: martlet_isa, size: (Int, Int, Int)) {
      withISA(isa) {
        for bits in 0..<8 {
          let product = Product(
            rows: size.0, columns: size.1, depth: size.2,
            transposes: (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0), gap: bits % 3, accumulates: bits % 2 == 0,
            hasBias: bits % 3 == 0)
          let (found, expected) = product.run(seed: UInt64(bits))
          #expect(distance(found, expected) < product.tolerance, "\(product)")
        }
      }
    }

    @Test(arguments: availableISAs, [(32, 700, 500), (32, 64, 5000), (4, 33, 1), (200, 5000, 900)])
    func `a B that was packed before gives the same product`(isa: martlet_isa, size: (Int, Int, Int)) {
      withISA(isa) {
        var product = Product(rows: size.0, columns: size.1, depth: size.2, packsOnce: true)
        for isTransposed in [false, true] {
          product.transposes.b = isTransposed
          let results = [1, 2].map { threads in withThreads(threads) { product.run(seed: 9) } }
          #expect(distance(results[0].found, results[0].expected) < product.tolerance, "\(product)")
          #expect(results[0].found == results[1].found)
        }
      }
    }

    @Test(arguments: [
      (513, 300, 700), (64, 48, 6000), (1, 5000, 4100), (5000, 1, 900), (9, 3000, 300), (3000, 40, 900),
    ])
    func `the bits are the same with any number of threads`(size: (Int, Int, Int)) {
      let product = Product(rows: size.0, columns: size.1, depth: size.2)
      let results = (1...4).map { count in withThreads(count) { product.run(seed: 5).found.map(\.bitPattern) } }
      for result in results { #expect(result == results[0]) }
    }

    @Test func `a batch in float 64 multiplies each pair of matrices`() {
      let (batch, rows, columns, depth) = (7, 9, 11, 13)
      let a = (0..<batch * rows * depth).map { Double($0 % 17) - 8 }
      let b = (0..<batch * depth * columns).map { Double($0 % 19) - 9 }
      var c = [Double](repeating: .nan, count: batch * rows * columns)
      var gemm = martlet_gemm()
      (gemm.rows, gemm.columns, gemm.depth, gemm.batch) = (rows, columns, depth, batch)
      (gemm.a_row_stride, gemm.a_column_stride, gemm.a_batch_stride) = (depth, 1, rows * depth)
      (gemm.b_row_stride, gemm.b_column_stride, gemm.b_batch_stride) = (columns, 1, depth * columns)
      (gemm.c_row_stride, gemm.c_column_stride, gemm.c_batch_stride) = (columns, 1, rows * columns)
      gemm.alpha = 1
      a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
          c.withUnsafeMutableBytes { c in
            (gemm.a, gemm.b, gemm.c) = (a.baseAddress, b.baseAddress, c.baseAddress)
            #expect(martlet_gemm_f64(&gemm) == MARTLET_OK)
          }
        }
      }
      for n in 0..<batch {
        for i in 0..<rows {
          for j in 0..<columns {
            let sum = (0..<depth).reduce(0.0) {
              $0 + a[(n * rows + i) * depth + $1] * b[(n * depth + $1) * columns + j]
            }
            #expect(c[(n * rows + i) * columns + j] == sum)  // whole numbers: exact
          }
        }
      }
    }

    @Test(arguments: [(200, 150, 500), (3, 100, 20), (1, 900, 30), (900, 1, 30), (64, 48, 6000), (20, 40, 0)])
    func `the epilogue sees every element of C once, finished`(size: (Int, Int, Int)) {
      let (rows, columns, depth) = size
      let a = [Float](repeating: 1, count: max(1, rows * depth))
      let b = [Float](repeating: 1, count: max(1, depth * columns))
      var c = [Float](repeating: .nan, count: rows * columns)
      var gemm = martlet_gemm()
      (gemm.rows, gemm.columns, gemm.depth, gemm.alpha) = (rows, columns, depth, 1)
      (gemm.a_row_stride, gemm.a_column_stride) = (depth, 1)
      (gemm.b_row_stride, gemm.b_column_stride) = (columns, 1)
      (gemm.c_row_stride, gemm.c_column_stride) = (columns, 1)
      gemm.epilogue = { _, tile, _, row, column, rows, columns, stride in
        let values = tile!.assumingMemoryBound(to: Float.self)
        for i in 0..<rows {
          for j in 0..<columns {
            values[i * stride + j] = -values[i * stride + j] - Float((row + i) * 1000 + column + j)
          }
        }
      }
      a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
          c.withUnsafeMutableBytes { c in
            (gemm.a, gemm.b, gemm.c) = (a.baseAddress, b.baseAddress, c.baseAddress)
            #expect(martlet_gemm_f32(&gemm) == MARTLET_OK)
          }
        }
      }
      let expected = (0..<rows * columns).map { -Double(depth) - Double($0 / columns * 1000 + $0 % columns) }
      #expect(distance(c, expected) == 0)
    }
  }
}
