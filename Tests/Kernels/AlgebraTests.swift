import MartletKernels
import Testing

extension KernelTests {
  @Suite struct AlgebraTests {
    private func product(_ a: [Double], _ b: [Double], _ rows: Int, _ depth: Int, _ columns: Int) -> [Double] {
      (0..<(rows * columns)).map { at in
        (0..<depth).reduce(0) { $0 + a[at / columns * depth + $1] * b[$1 * columns + at % columns] }
      }
    }

    private func transposed(_ a: [Double], _ rows: Int, _ columns: Int) -> [Double] {
      (0..<(rows * columns)).map { a[$0 % rows * columns + $0 / rows] }
    }

    private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(a.count == b.count ? 0 : .infinity) { worst, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(worst, difference)
      }
    }

    private func identity(_ n: Int) -> [Double] { (0..<(n * n)).map { $0 / n == $0 % n ? 1 : 0 } }

    private func random(_ count: Int, seed: UInt64) -> [Double] {
      var numbers = Numbers(seed: seed)
      return (0..<count).map { _ in Double(numbers.bits() >> 11) / Double(1 << 53) - 0.5 }
    }

    // Blocks are 32 and 64, and blocked reflections begin at 96.
    private static let sizes = [1, 2, 5, 31, 64, 65, 100, 131]

    @Test(arguments: availableISAs, sizes)
    func `products of factors are the matrix`(isa: martlet_isa, n: Int) {
      withISA(isa) {
        var error = martlet_algebra_error()
        let a = random(n * n, seed: 3)
        let positive = zip(product(a, transposed(a, n, n), n, n, n), identity(n)).map { $0 + $1 }
        var l = [Double](repeating: .nan, count: n * n)
        #expect(martlet_cholesky(1, n, 1, positive, &l, &error) == 0)
        #expect(largestDifference(product(l, transposed(l, n, n), n, n, n), positive) < 1e-13 * Double(n + 9))
        var packed = l
        var order = [Int64](repeating: -1, count: n)
        #expect(martlet_lu(1, n, n, 1, a, &packed, &order, &error) == 0)
        let lower = packed.indices.map { $0 / n > $0 % n ? packed[$0] : $0 / n == $0 % n ? 1 : 0 }
        let upper = packed.indices.map { $0 / n <= $0 % n ? packed[$0] : 0 }
        let rows = packed.indices.map { a[Int(order[$0 / n]) * n + $0 % n] }
        #expect(largestDifference(product(lower, upper, n, n, n), rows) < 1e-14 * Double(n + 9))
        #expect(lower.allSatisfy { abs($0) <= 1 })
      }
    }

    @Test(arguments: availableISAs, [(5, 5), (3, 8), (8, 3), (130, 120), (120, 130), (1, 4), (4, 1)])
    func `orthogonal factors are orthogonal, and their product is the matrix`(isa: martlet_isa, shape: (Int, Int)) {
      let (m, n) = shape
      let k = min(m, n)
      withISA(isa) {
        var error = martlet_algebra_error()
        let a = random(m * n, seed: 4)
        for complete in [false, true] {
          let kept = complete ? m : k
          var (q, r) = ([Double](repeating: .nan, count: m * kept), [Double](repeating: .nan, count: kept * n))
          #expect(martlet_qr(1, m, n, 1, complete ? 1 : 0, a, &q, &r, &error) == 0)
          #expect(largestDifference(product(q, r, m, kept, n), a) < 1e-13)
          #expect(largestDifference(product(transposed(q, m, kept), q, kept, m, kept), identity(kept)) < 1e-13)
          #expect(r.indices.allSatisfy { $0 / n <= $0 % n || r[$0] == 0 })
        }
        var (u, s, vt) = (a, [Double](repeating: .nan, count: k), a)
        (u, vt) = ([Double](repeating: .nan, count: m * k), [Double](repeating: .nan, count: k * n))
        #expect(martlet_svd(1, m, n, 1, a, &u, &s, &vt, &error) == 0)
        let scaled = vt.indices.map { s[$0 / n] * vt[$0] }
        #expect(largestDifference(product(u, scaled, m, k, n), a) < 1e-13)
        #expect(largestDifference(product(transposed(u, m, k), u, k, m, k), identity(k)) < 1e-13)
        #expect(largestDifference(product(vt, transposed(vt, k, n), k, n, k), identity(k)) < 1e-13)
        #expect(zip(s, s.dropFirst()).allSatisfy { $0 >= $1 } && s.allSatisfy { $0 >= 0 })
      }
    }

    @Test(arguments: availableISAs, [1, 2, 7, 99, 128])
    func `eigenvectors only grow`(isa: martlet_isa, n: Int) {
      withISA(isa) {
        var error = martlet_algebra_error()
        let half = random(n * n, seed: 5)
        let a = zip(half, transposed(half, n, n)).map { $0 + $1 }
        var (w, v) = ([Double](repeating: .nan, count: n), [Double](repeating: .nan, count: n * n))
        #expect(martlet_eigh(1, n, 1, a, &w, &v, &error) == 0)
        let grown = v.indices.map { v[$0] * w[$0 % n] }
        #expect(largestDifference(product(a, v, n, n, n), grown) < 1e-13 * Double(n))
        #expect(largestDifference(product(transposed(v, n, n), v, n, n, n), identity(n)) < 1e-13)
        #expect(zip(w, w.dropFirst()).allSatisfy { $0 <= $1 })
      }
    }

    @Test func `zeros, equal values and numbers far apart have singular values too`() {
      let cases: [(Int, Int, [Double])] = [
        (3, 3, Array(repeating: 0, count: 9)), (4, 2, Array(repeating: 1, count: 8)), (3, 3, identity(3)),
        (3, 3, [1, 0, 0, 0, 0, 0, 0, 0, 3]), (3, 3, [0, 1, 0, 0, 0, 1, 0, 0, 0]), (2, 2, [1e200, 0, 0, 1e-200]),
        (3, 3, [0, 0, 0, 1, 0, 0, 1, 1, 0]),
      ]
      for (m, n, a) in cases {
        var error = martlet_algebra_error()
        let k = min(m, n)
        var (u, s, vt) = ([Double](repeating: .nan, count: m * k), [Double](repeating: .nan, count: k), a)
        vt = [Double](repeating: .nan, count: k * n)
        #expect(martlet_svd(1, m, n, 1, a, &u, &s, &vt, &error) == 0)
        let scaled = vt.indices.map { s[$0 / n] * vt[$0] }
        #expect(largestDifference(product(u, scaled, m, k, n), a) <= 1e-14 * (a.max() ?? 1))
        #expect(largestDifference(product(transposed(u, m, k), u, k, m, k), identity(k)) < 1e-14)
      }
    }

    @Test func `batches are the same for any number of threads`() {
      let (n, batch) = (20, 40)
      let a = random(n * n * batch, seed: 6)
      let results = [1, 2, 5].map { threads in
        withThreads(threads) {
          var error = martlet_algebra_error()
          var (w, v) = ([Double](repeating: 0, count: n * batch), [Double](repeating: 0, count: n * n * batch))
          martlet_eigh(1, n, batch, a, &w, &v, &error)
          return w + v
        }
      }
      #expect(results.allSatisfy { $0 == results[0] })
    }
  }

  @Suite struct FourierTests {
    private func transform(
      _ n: Int, _ kind: martlet_fft_kind, _ outer: Int, _ inner: Int, _ real: [Double], _ imaginary: [Double],
      _ count: Int
    ) -> ([Double], [Double]) {
      var results = ([Double](repeating: .nan, count: count), [Double](repeating: .nan, count: count))
      let plan = martlet_fft_make(n, 1, kind)!
      defer { martlet_fft_free(plan) }
      #expect(martlet_fft_run(plan, outer, inner, real, imaginary, &results.0, &results.1) == 0)
      return results
    }

    @Test(arguments: availableISAs, [1, 2, 3, 4, 8, 13, 17, 30, 49, 77, 128, 211])
    func `forward and back again multiplies by the length`(isa: martlet_isa, n: Int) {
      withISA(isa) {
        for (outer, inner) in [(1, 1), (19, 1), (2, 3), (1, 20)] {
          var numbers = Numbers(seed: 7)
          let x = numbers.floats(outer * n * inner).map(Double.init)
          let y = numbers.floats(outer * n * inner).map(Double.init)
          let there = transform(n, MARTLET_FFT_FORWARD, outer, inner, x, y, x.count)
          let back = transform(n, MARTLET_FFT_INVERSE, outer, inner, there.0, there.1, x.count)
          #expect(zip(back.0, x).allSatisfy { abs($0 / Double(n) - $1) < 1e-14 })
          #expect(zip(back.1, y).allSatisfy { abs($0 / Double(n) - $1) < 1e-14 })
          let half = outer * (n / 2 + 1) * inner
          let waves = transform(n, MARTLET_FFT_REAL_FORWARD, outer, inner, x, x, half)
          let (real, _) = transform(n, MARTLET_FFT_REAL_INVERSE, outer, inner, waves.0, waves.1, x.count)
          #expect(zip(real, x).allSatisfy { abs($0 / Double(n) - $1) < 1e-14 })
        }
      }
    }

    @Test(arguments: [5, 12, 16, 17])
    func `a wave has one frequency`(n: Int) {
      for k in 0..<n {
        let angles = (0..<n).map { 2 * Double.pi * Double($0 * k % n) / Double(n) }
        let (x, y) = (angles.map { cosine($0) }, angles.map { cosine($0 - .pi / 2) })
        let (real, imaginary) = transform(n, MARTLET_FFT_FORWARD, 1, 1, x, y, n)
        for j in 0..<n {
          #expect(abs(real[j] - (j == k ? Double(n) : 0)) < 1e-12 && abs(imaginary[j]) < 1e-12)
        }
      }
    }

    /// By its series, so that the oracle needs no library.
    private func cosine(_ x: Double) -> Double {
      var (term, sum) = (1.0, 1.0)
      for k in 1..<40 {
        term *= -x * x / Double((2 * k - 1) * (2 * k))
        sum += term
      }
      return sum
    }
  }
}
