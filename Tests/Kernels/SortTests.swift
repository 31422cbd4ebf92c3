import MartletKernels
import Testing

extension KernelTests {
  @Suite struct SortTests {
    private func order(_ source: [Float], descending: Bool, outer: Int, n: Int, inner: Int) -> [Int64] {
      var order = [Int64](repeating: -1, count: source.count)
      martlet_argsort(UInt8(MARTLET_F32.rawValue), descending ? 1 : 0, source, outer, n, inner, &order)
      return order
    }

    @Test(arguments: [(1, 1, 1), (2, 7, 3), (1, 48, 2), (3, 49, 1), (1, 5000, 1)], [false, true])
    func `sorting is stable and puts NaN last`(shape: (Int, Int, Int), descending: Bool) {
      let (outer, n, inner) = shape
      // Few distinct values, so that ties are many.
      var source = noise(outer * n * inner).map { ($0 * 6).rounded() }
      for i in stride(from: 3, to: source.count, by: 11) { source[i] = i % 2 == 0 ? .nan : -0.0 }
      let result = order(source, descending: descending, outer: outer, n: n, inner: inner)
      for line in 0..<outer * inner {
        let start = line / inner * n * inner + line % inner
        let values = (0..<n).map { source[start + $0 * inner] }
        let expected = (0..<n).sorted { i, j in
          let (x, y) = (values[i], values[j])
          if x.isNaN || y.isNaN { return x.isNaN == y.isNaN ? i < j : y.isNaN }
          return x == y ? i < j : descending ? x > y : x < y
        }
        #expect((0..<n).map { Int(result[start + $0 * inner]) } == expected)
      }
    }

    @Test func `integers sort by their sign`() {
      let source: [Int8] = [3, -128, 127, -1, 0, 3]
      var order = [Int64](repeating: 0, count: 6)
      martlet_argsort(UInt8(MARTLET_I8.rawValue), 0, source, 1, 6, 1, &order)
      #expect(order == [1, 3, 4, 0, 5, 2])
      martlet_argsort(UInt8(MARTLET_I8.rawValue), 1, source, 1, 6, 1, &order)
      #expect(order == [2, 0, 5, 4, 3, 1])
    }

    @Test(arguments: [false, true], [false, true])
    func `running sums go either way, with and without the element itself`(reverse: Bool, exclusive: Bool) {
      let (outer, n, inner) = (3, 9, 130)
      let source = noise(outer * n * inner)
      var result = [Float](repeating: .nan, count: source.count)
      martlet_cumulative(
        UInt8(MARTLET_F32.rawValue), UInt8(MARTLET_REDUCE_SUM.rawValue), reverse ? 1 : 0, exclusive ? 1 : 0, source,
        outer, n, inner, &result)
      for line in 0..<outer * inner {
        let start = line / inner * n * inner + line % inner
        for i in 0..<n {
          let range = reverse ? (exclusive ? i + 1..<n : i..<n) : (exclusive ? 0..<i : 0..<i + 1)
          let expected = range.reduce(0.0) { $0 + Double(source[start + $1 * inner]) }
          #expect(abs(Double(result[start + i * inner]) - expected) < 1e-6)
        }
      }
    }

    @Test func `a running maximum stays NaN, and integer products wrap`() {
      var maxima = [Float](repeating: 0, count: 4)
      martlet_cumulative(
        UInt8(MARTLET_F32.rawValue), UInt8(MARTLET_REDUCE_MAX.rawValue), 0, 0, [1, 3, .nan, 9] as [Float], 1, 4, 1,
        &maxima)
      #expect(maxima[0] == 1 && maxima[1] == 3 && maxima[2].isNaN && maxima[3].isNaN)
      var products = [UInt8](repeating: 0, count: 3)
      martlet_cumulative(
        UInt8(MARTLET_U8.rawValue), UInt8(MARTLET_REDUCE_PRODUCT.rawValue), 0, 0, [20, 20, 3] as [UInt8], 1, 3, 1,
        &products)
      #expect(products == [20, 144, 176])
    }
  }
}
