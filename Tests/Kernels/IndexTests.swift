import MartletKernels
import Testing

extension KernelTests {
  @Suite struct IndexTests {
    private func shape(
      _ form: martlet_index_form, outer: Int = 1, n: Int = 0, inner: Int = 1, count: Int, sizes: [Int] = []
    ) -> martlet_index_shape {
      var shape = martlet_index_shape()
      shape.form = UInt8(form.rawValue)
      shape.index_type = UInt8(MARTLET_I32.rawValue)
      shape.outer = outer
      shape.inner = inner
      shape.count = count
      shape.n = n
      shape.depth = sizes.count
      withUnsafeMutableBytes(of: &shape.sizes) { bytes in
        for (d, size) in sizes.enumerated() { bytes.bindMemory(to: Int.self)[d] = size }
      }
      return shape
    }

    private func gather(_ shape: martlet_index_shape, _ source: [Float], _ indices: [Int32], count: Int) -> (
      [Float], martlet_row_error
    ) {
      var shape = shape, error = martlet_row_error(), result = [Float](repeating: -9, count: count)
      martlet_gather(&shape, 4, source, indices, &result, &error)
      return (result, error)
    }

    @Test func `rows are gathered along a middle axis, negative indices from the end`() {
      let (outer, n, inner) = (3, 5, 4)
      let source = noise(outer * n * inner), indices: [Int32] = [4, 0, -1, -5, 2, 2]
      let (result, error) = gather(
        shape(MARTLET_INDEX_ROWS, outer: outer, n: n, inner: inner, count: 6), source, indices, count: outer * 6 * inner
      )
      #expect(error.status == 0)
      for o in 0..<outer {
        for (j, index) in indices.enumerated() {
          let row = index < 0 ? Int(index) + n : Int(index)
          for k in 0..<inner { #expect(result[(o * 6 + j) * inner + k] == source[(o * n + row) * inner + k]) }
        }
      }
    }

    @Test(arguments: [5, -6, Int32.max, Int32.min])
    func `an index out of range is reported with place and value, and nothing is written`(bad: Int32) {
      let (result, error) = gather(
        shape(MARTLET_INDEX_ROWS, n: 5, inner: 2, count: 4), noise(10), [0, 1, bad, 2], count: 8)
      #expect(error.status == Int32(MARTLET_ROW_INDEX_OUT_OF_RANGE.rawValue))
      #expect(error.index == 2)
      #expect(error.value == Int64(bad))
      #expect(result.allSatisfy { $0 == -9 })
    }

    @Test func `elements are taken along an axis`() {
      let (outer, n, count, inner) = (2, 4, 3, 3)
      let source = noise(outer * n * inner)
      let indices = (0..<outer * count * inner).map { Int32(($0 * 7) % n) - ($0 % 2 == 0 ? 0 : Int32(n)) }
      let (result, _) = gather(
        shape(MARTLET_INDEX_ELEMENTS, outer: outer, n: n, inner: inner, count: count), source, indices,
        count: indices.count)
      for (i, index) in indices.enumerated() {
        let row = (Int(index) + n) % n
        #expect(result[i] == source[(i / (count * inner) * n + row) * inner + i % inner])
      }
    }

    @Test func `N-dimensional indices with batch dimensions pick slices`() {
      let source = noise(2 * 3 * 4 * 5)
      let indices: [Int32] = [2, 3, 0, -1, 1, 1, -3, 0]
      let (result, _) = gather(
        shape(MARTLET_INDEX_ND, outer: 2, inner: 5, count: 2, sizes: [3, 4]), source, indices, count: 20)
      let rows = [2 * 4 + 3, 0 * 4 + 3, 1 * 4 + 1, 0 * 4 + 0]
      for i in 0..<4 {
        for k in 0..<5 { #expect(result[i * 5 + k] == source[(i / 2 * 12 + rows[i]) * 5 + k]) }
      }
    }

    @Test(arguments: [1, 3, 40, 700])
    func `scatter-add adds repeated rows in index order, the same for any number of threads`(inner: Int) {
      let n = 50, count = 80_000 / inner + 3
      let indices = (0..<count).map { Int32(($0 * 31 + $0 / 7) % n) - ($0 % 3 == 0 ? Int32(n) : 0) }
      let updates = noise(count * inner)
      var expected = [Float](repeating: 1, count: n * inner)
      for (i, index) in indices.enumerated() {
        let row = (Int(index) + n) % n
        for k in 0..<inner { expected[row * inner + k] += updates[i * inner + k] }
      }
      for threads in 1...3 {
        martlet_pool_set_threads(threads)
        var shape = shape(MARTLET_INDEX_ROWS, n: n, inner: inner, count: count), error = martlet_row_error()
        var destination = [Float](repeating: 1, count: n * inner)
        martlet_scatter(
          &shape, UInt8(MARTLET_F32.rawValue), UInt8(MARTLET_SCATTER_ADD.rawValue), &destination, indices, updates,
          &error
        )
        #expect(destination == expected)
      }
      martlet_pool_set_threads(0)
    }

    @Test(arguments: [1, 5], [MARTLET_SCATTER_SET, MARTLET_SCATTER_ADD, MARTLET_SCATTER_MAX])
    func `one value for all updates is what as many equal ones are`(inner: Int, kind: martlet_scatter_kind) {
      let (n, count) = (90, 70_000)
      let indices = (0..<count).map { Int32(($0 * 31 + $0 / 7) % n) - ($0 % 3 == 0 ? Int32(n) : 0) }
      var shape = shape(MARTLET_INDEX_ROWS, n: n, inner: inner, count: count), error = martlet_row_error()
      for threads in 1...3 {
        martlet_pool_set_threads(threads)
        for type in [MARTLET_F32, MARTLET_I32] {
          let bits = type == MARTLET_F32 ? Float(0.1).bitPattern : 3
          var one = [UInt32](repeating: type == MARTLET_F32 ? Float(2).bitPattern : 2, count: n * inner)
          var all = one
          let (type, kind) = (UInt8(type.rawValue), UInt8(kind.rawValue))
          let updates = [UInt32](repeating: bits, count: count * inner)
          martlet_scatter(&shape, type, kind, &all, indices, updates, &error)
          martlet_scatter_value(&shape, type, kind, &one, indices, [bits], &error)
          #expect(one == all)
        }
      }
      martlet_pool_set_threads(0)
    }

    @Test func `sums of integers are the same for any number of threads`() {
      let (n, count) = (256, 100_003)
      let indices = (0..<count).map { UInt16(($0 * 37 + $0 / 11) % n) }
      let updates = (0..<count).map { Int64(truncatingIfNeeded: UInt64($0) &* 0x9E37_79B9_7F4A_7C15) }
      var expected = [Int64](repeating: 7, count: n)
      for (index, update) in zip(indices, updates) { expected[Int(index)] &+= update }
      for threads in 1...4 {
        martlet_pool_set_threads(threads)
        var shape = shape(MARTLET_INDEX_ROWS, n: n, count: count), error = martlet_row_error()
        shape.index_type = UInt8(MARTLET_U16.rawValue)
        var destination = [Int64](repeating: 7, count: n)
        martlet_scatter(
          &shape, UInt8(MARTLET_I64.rawValue), UInt8(MARTLET_SCATTER_ADD.rawValue), &destination, indices, updates,
          &error)
        #expect(destination == expected)
      }
      martlet_pool_set_threads(0)
    }

    @Test func `scatters set, multiply and keep extremes; a bad index leaves all as it was`() {
      let updates: [Int16] = [5, -2, 7, 300]
      let kinds: [(martlet_scatter_kind, [Int16])] = [
        (MARTLET_SCATTER_SET, [7, 300, 3]), (MARTLET_SCATTER_ADD, [13, 300, 3]), (MARTLET_SCATTER_MIN, [1, -2, 3]),
        (MARTLET_SCATTER_MAX, [7, 300, 3]), (MARTLET_SCATTER_MULTIPLY, [35, -1200, 3]),
      ]
      for (kind, expected) in kinds {
        var shape = shape(MARTLET_INDEX_ROWS, n: 3, count: 4), error = martlet_row_error(), values: [Int16] = [1, 2, 3]
        martlet_scatter(
          &shape, UInt8(MARTLET_I16.rawValue), UInt8(kind.rawValue), &values, [0, 1, 0, -2] as [Int32], updates, &error)
        #expect(values == expected)
        var untouched: [Int16] = [1, 2, 3]
        martlet_scatter(
          &shape, UInt8(MARTLET_I16.rawValue), UInt8(kind.rawValue), &untouched, [0, 1, 0, 3] as [Int32], updates,
          &error)
        #expect(untouched == [1, 2, 3])
        #expect(error.index == 3)
      }
    }

    @Test func `the first extreme wins, and NaN before all`() {
      let source: [Float] = [1, 3, 3, 2, .nan, 9, .nan, 0, -1, -1, 4, -1]
      var result: [Int64] = [0, 0, 0]
      martlet_arg_reduce(UInt8(MARTLET_F32.rawValue), 0, source, 3, 4, 1, &result)
      #expect(result == [1, 0, 2])
      martlet_arg_reduce(UInt8(MARTLET_F32.rawValue), 1, source, 3, 4, 1, &result)
      #expect(result == [0, 0, 0])
      var columns: [Int64] = [0, 0, 0, 0]
      martlet_arg_reduce(UInt8(MARTLET_F32.rawValue), 0, source, 1, 3, 4, &columns)
      #expect(columns == [1, 1, 1, 0])
    }
  }
}
