import MartletKernels
import Testing

extension KernelTests {
  /// Sums over rows and columns against sums in float 64 and against integer arithmetic.
  @Suite struct RowReductionTests {
    private func reduceRows(_ type: martlet_type, _ kind: martlet_reduction, rows: Int, columns: Int) -> RowProgram {
      let program = RowProgram(sizes: [rows], columns: columns)
      let a = program.operand(type, strides: [columns], columnStride: 1)
      let b = program.operand(type, strides: [1], columnStride: 0)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, type, to: 0, index: a)
      program.emit(MARTLET_ROW_REDUCE, type, kind: kind.rawValue, to: 0, 0)
      program.stage(isRow: true)
      program.emit(MARTLET_ROW_STORE, type, 0, index: b)
      return program
    }

    @Test(arguments: [(3, 0), (4, 1), (100, 7), (20, 100), (5, 1025), (2, 100_000)])
    func `row sums stay within the bound of blocked summation`(rows: Int, columns: Int) {
      let x = noise(rows * columns)
      let results = underEachSet {
        var a = x, out = [Float](repeating: .nan, count: rows)
        a.lent { a in
          out.lent { out in
            _ = reduceRows(MARTLET_F32, MARTLET_REDUCE_SUM, rows: rows, columns: columns).run([a, out])
          }
        }
        return out
      }
      for row in 0..<rows {
        let line = x[row * columns..<(row + 1) * columns].map(Double.init)
        let bound = 16 * 6e-8 * line.map(abs).reduce(0, +)
        for out in results { #expect(abs(Double(out[row]) - line.reduce(0, +)) <= bound) }
      }
      for other in results.dropFirst() { #expect(other == results[0]) }
    }

    @Test func `a NaN anywhere makes the maximum NaN`() {
      for place in [0, 3, 17, 600] {
        var x = noise(700), out: [Float] = [0]
        x[place] = .nan
        let program = reduceRows(MARTLET_F32, MARTLET_REDUCE_MAX, rows: 1, columns: 700)
        x.lent { x in out.lent { out in _ = program.run([x, out]) } }
        #expect(out[0].isNaN)
      }
    }

    @Test func `integers wrap in sums and compare by their sign`() {
      var x: [Int8] = [100, 100, -128, 5, -1, 7], out: [Int8] = [0, 0]
      for (kind, expected) in [
        (MARTLET_REDUCE_SUM, [72, 11] as [Int8]), (MARTLET_REDUCE_PRODUCT, [0, -35]), (MARTLET_REDUCE_MAX, [100, 7]),
        (MARTLET_REDUCE_MIN, [-128, -1]),
      ] {
        let program = reduceRows(MARTLET_I8, kind, rows: 2, columns: 3)
        x.lent { x in out.lent { out in _ = program.run([x, out]) } }
        #expect(out == expected)
      }
    }

    private func sumColumns(_ x: [Float], groups: Int, rows: Int, columns: Int) -> [Float] {
      let program = RowProgram(sizes: [groups, rows], columns: columns)
      program.groupDimensions = 1
      let a = program.operand(MARTLET_F32, strides: [rows * columns, columns], columnStride: 1)
      let b = program.operand(MARTLET_F32, strides: [columns], columnStride: 1)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
      program.emit(MARTLET_ROW_COLUMN_REDUCE, MARTLET_F32, kind: MARTLET_REDUCE_SUM.rawValue, 0, index: b)
      var x = x, out = [Float](repeating: .nan, count: groups * columns)
      x.lent { x in out.lent { out in _ = program.run([x, out]) } }
      return out
    }

    @Test(arguments: [
      (1, 1, 1), (3, 0, 4), (1, 7, 3), (5, 33, 10), (1, 20_000, 10), (2, 900, 130), (1, 30, 9000), (3, 1000, 70),
    ])
    func `column sums agree with sums in float 64, group by group`(groups: Int, rows: Int, columns: Int) {
      let x = noise(groups * rows * columns)
      let results = underEachSet { sumColumns(x, groups: groups, rows: rows, columns: columns) }
      for other in results.dropFirst() { #expect(other == results[0]) }
      for threads in [1, 3] {
        martlet_pool_set_threads(threads)
        #expect(sumColumns(x, groups: groups, rows: rows, columns: columns) == results[0])
      }
      martlet_pool_set_threads(0)
      for group in 0..<groups {
        for column in 0..<columns {
          var sum = 0.0, size = 0.0
          for row in 0..<rows {
            let value = Double(x[(group * rows + row) * columns + column])
            sum += value
            size += abs(value)
          }
          #expect(abs(Double(results[0][group * columns + column]) - sum) <= 16 * 6e-8 * size)
        }
      }
    }
  }
}
