import MartletKernels
import Testing

extension KernelTests {
  @Suite struct CopyTests {
    /// Copies by one loop over all indices.
    private func naive(_ sizes: [Int], _ to: [Int], _ from: [Int], _ source: [UInt32], start: Int, count: Int)
      -> [UInt32]
    {
      var result = [UInt32](repeating: 0, count: count)
      for flat in 0..<sizes.reduce(1, *) {
        var rest = flat, t = 0, f = start
        for d in sizes.indices.reversed() {
          t += rest % sizes[d] * to[d]
          f += rest % sizes[d] * from[d]
          rest /= sizes[d]
        }
        result[t] = source[f]
      }
      return result
    }

    private func check(_ sizes: [Int], to: [Int], from: [Int], start: Int, sourceCount: Int) {
      let count = zip(sizes, to).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
      let source = (0..<sourceCount).map(UInt32.init)
      var result = [UInt32](repeating: 0, count: count)
      source.withUnsafeBufferPointer { source in
        martlet_copy(
          4, sizes.count, sizes, &result, to.map(Int64.init), source.baseAddress! + start, from.map(Int64.init))
      }
      #expect(result == naive(sizes, to, from, source, start: start, count: count))
    }

    @Test func `transpositions, slices, reversals and broadcasts agree with a loop over indices`() {
      check([], to: [], from: [], start: 3, sourceCount: 5)
      check([7], to: [1], from: [1], start: 0, sourceCount: 7)
      check([300_001], to: [1], from: [1], start: 0, sourceCount: 300_001)
      check([9, 13], to: [13, 1], from: [1, 9], start: 0, sourceCount: 117)
      check([130, 67], to: [67, 1], from: [1, 130], start: 0, sourceCount: 130 * 67)
      check([3, 40, 5, 50], to: [10_000, 250, 50, 1], from: [10_000, 1, 2000, 40], start: 0, sourceCount: 30_000)
      check([4, 6], to: [6, 1], from: [-6, -1], start: 23, sourceCount: 24)
      check([5, 8], to: [20, 2], from: [0, 1], start: 0, sourceCount: 8)
      check([33, 35], to: [35, 1], from: [0, 0], start: 2, sourceCount: 3)
      check([2, 3, 4, 5], to: [60, 20, 5, 1], from: [1, 40, 10, 2], start: 0, sourceCount: 200)
    }

    @Test func `elements of every width are moved`() {
      func transposed<T: FixedWidthInteger>(_ type: T.Type) -> Bool {
        let (rows, columns) = (37, 45)
        let source = (0..<rows * columns).map { T(truncatingIfNeeded: $0 * 2_654_435_761) }
        var result = [T](repeating: 0, count: rows * columns)
        martlet_copy(
          MemoryLayout<T>.size, 2, [rows, columns], &result, [Int64(columns), 1], source, [1, Int64(rows)])
        return (0..<rows * columns).allSatisfy { result[$0] == source[$0 / columns + $0 % columns * rows] }
      }
      #expect(transposed(UInt8.self))
      #expect(transposed(UInt16.self))
      #expect(transposed(UInt32.self))
      #expect(transposed(UInt64.self))
    }
  }
}
