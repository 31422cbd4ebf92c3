import MartletKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension KernelTests {
  /// Settings of the pool and the instruction set are process-wide, so these suites run one by one.
  @Suite struct RowProgramTests {
    /// out = tanh(a * b + s) - exp(-a), with b along the columns only.
    private func chain(_ a: [Float], _ b: [Float], rows: Int, columns: Int) -> [Float] {
      let program = RowProgram(sizes: [rows], columns: columns)
      let x = program.operand(MARTLET_F32, strides: [columns], columnStride: 1)
      let y = program.operand(MARTLET_F32, strides: [0], columnStride: 1)
      let z = program.operand(MARTLET_F32, strides: [columns], columnStride: 1)
      let s = program.scalar(bits: UInt64(Float(0.25).bitPattern))
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: x)
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 1, index: y)
      program.emit(MARTLET_ROW_SCALAR, MARTLET_F32, to: 2, index: s)
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_MULTIPLY.rawValue, to: 1, 0, 1)
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_ADD.rawValue, to: 1, 1, 2)
      program.emit(MARTLET_ROW_UNARY, MARTLET_F32, kind: MARTLET_UNARY_TANH.rawValue, to: 1, 1)
      program.emit(MARTLET_ROW_UNARY, MARTLET_F32, kind: MARTLET_UNARY_NEGATE.rawValue, to: 0, 0)
      program.emit(MARTLET_ROW_UNARY, MARTLET_F32, kind: MARTLET_UNARY_EXP.rawValue, to: 0, 0)
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_SUBTRACT.rawValue, to: 0, 1, 0)
      program.emit(MARTLET_ROW_STORE, MARTLET_F32, 0, index: z)
      var a = a, b = b, out = [Float](repeating: .nan, count: rows * columns)
      a.lent { a in b.lent { b in out.lent { out in _ = program.run([a, b, out]) } } }
      return out
    }

    @Test(arguments: [(1, 1), (3, 5), (7, 100), (2, 513), (1, 70_001), (300, 33)])
    func `a chain of operations gives what scalar arithmetic gives`(rows: Int, columns: Int) {
      let a = noise(rows * columns), b = noise(columns, seed: 2)
      for out in underEachSet({ chain(a, b, rows: rows, columns: columns) }) {
        for i in out.indices {
          let expected = tanh(Double(a[i] * b[i % columns] + 0.25)) - exp(-Double(a[i]))
          #expect(abs(Double(out[i]) - expected) < 4e-7)
        }
      }
    }

    @Test func `all instruction sets and thread counts give the same bits`() {
      let a = noise(300 * 1000), b = noise(1000, seed: 3)
      let results = underEachSet { chain(a, b, rows: 300, columns: 1000).map(\.bitPattern) }
      for other in results.dropFirst() { #expect(other == results[0]) }
      for threads in 1...4 {
        martlet_pool_set_threads(threads)
        #expect(chain(a, b, rows: 300, columns: 1000).map(\.bitPattern) == results[0])
      }
      martlet_pool_set_threads(0)
    }

    @Test func `operands are read and written by their strides`() {
      // out[k, i, j] = a[i, j, k] - b[j], a transposition, a broadcast and an offset in one.
      let (n, m, l) = (5, 7, 6)
      let program = RowProgram(sizes: [n, m], columns: l)
      let a = program.operand(MARTLET_F32, strides: [m * l, l], columnStride: 1)
      let b = program.operand(MARTLET_F32, strides: [0, -1], columnStride: 0, offset: m - 1)
      let c = program.operand(MARTLET_F32, strides: [m, 1], columnStride: n * m)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 1, index: b)
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_SUBTRACT.rawValue, to: 2, 0, 1)
      program.emit(MARTLET_ROW_STORE, MARTLET_F32, 2, index: c)
      var x = noise(n * m * l), y = noise(m), out = [Float](repeating: .nan, count: n * m * l)
      x.lent { x in y.lent { y in out.lent { out in _ = program.run([x, y, out]) } } }
      for i in 0..<n {
        for j in 0..<m {
          for k in 0..<l { #expect(out[(k * n + i) * m + j] == x[(i * m + j) * l + k] - y[m - 1 - j]) }
        }
      }
    }

    private func softmax(_ x: [Float], rows: Int, columns: Int) -> [Float] {
      let program = RowProgram(sizes: [rows], columns: columns)
      let a = program.operand(MARTLET_F32, strides: [columns], columnStride: 1)
      let b = program.operand(MARTLET_F32, strides: [columns], columnStride: 1)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
      program.emit(MARTLET_ROW_REDUCE, MARTLET_F32, kind: MARTLET_REDUCE_MAX.rawValue, to: 0, 0)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
      program.emit(MARTLET_ROW_EXPAND, MARTLET_F32, to: 1, 0)
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_SUBTRACT.rawValue, to: 0, 0, 1)
      program.emit(MARTLET_ROW_UNARY, MARTLET_F32, kind: MARTLET_UNARY_EXP.rawValue, to: 0, 0)
      program.emit(MARTLET_ROW_REDUCE, MARTLET_F32, kind: MARTLET_REDUCE_SUM.rawValue, to: 1, 0)
      program.emit(MARTLET_ROW_SAVE, MARTLET_F32, 0, index: 0)
      program.stage(isRow: true)
      program.emit(MARTLET_ROW_UNARY, MARTLET_F32, kind: MARTLET_UNARY_RECIPROCAL.rawValue, to: 1, 1)
      program.stage()
      program.emit(MARTLET_ROW_RESTORE, MARTLET_F32, to: 0, index: 0)
      program.emit(MARTLET_ROW_EXPAND, MARTLET_F32, to: 1, 1)
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_MULTIPLY.rawValue, to: 0, 0, 1)
      program.emit(MARTLET_ROW_STORE, MARTLET_F32, 0, index: b)
      var x = x, out = [Float](repeating: .nan, count: rows * columns)
      x.lent { x in out.lent { out in _ = program.run([x, out]) } }
      return out
    }

    @Test(arguments: [(1, 1), (9, 3), (40, 10), (5, 511), (3, 2000), (2, 200_003)])
    func `soft-max in stages over a row agrees with its definition`(rows: Int, columns: Int) {
      let x = noise(rows * columns).map { 8 * $0 }
      let results = underEachSet { softmax(x, rows: rows, columns: columns) }
      for other in results.dropFirst() { #expect(other.map(\.bitPattern) == results[0].map(\.bitPattern)) }
      for row in 0..<rows {
        let line = x[row * columns..<(row + 1) * columns].map { exp(Double($0)) }
        let total = line.reduce(0, +)
        for column in 0..<columns {
          let expected = line[column] / total
          #expect(abs(Double(results[0][row * columns + column]) - expected) <= 1e-6 * expected)
        }
      }
    }

    @Test func `a split row has the same bits for any number of threads`() {
      let x = noise(200_003)
      let results = (1...4).map { threads in
        martlet_pool_set_threads(threads)
        return softmax(x, rows: 1, columns: x.count).map(\.bitPattern)
      }
      martlet_pool_set_threads(0)
      for other in results.dropFirst() { #expect(other == results[0]) }
    }

    @Test func `integer division by zero reports the first place and leaves the rest right`() {
      let program = RowProgram(sizes: [50], columns: 40)
      let a = program.operand(MARTLET_I32, strides: [40], columnStride: 1)
      let b = program.operand(MARTLET_I32, strides: [40], columnStride: 1)
      let c = program.operand(MARTLET_I32, strides: [40], columnStride: 1)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_I32, to: 0, index: a)
      program.emit(MARTLET_ROW_LOAD, MARTLET_I32, to: 1, index: b)
      program.emit(MARTLET_ROW_BINARY, MARTLET_I32, kind: MARTLET_BINARY_DIVIDE.rawValue, to: 0, 0, 1)
      program.emit(MARTLET_ROW_STORE, MARTLET_I32, 0, index: c)
      var x = [Int32](repeating: -7, count: 2000), y = [Int32](repeating: 2, count: 2000)
      x[5] = .min
      y[5] = -1
      y[1234] = 0
      y[1999] = 0
      var out = [Int32](repeating: 99, count: 2000)
      let error = x.lent { x in y.lent { y in out.lent { out in program.run([x, y, out]) } } }
      #expect(error.status == Int32(MARTLET_ROW_DIVISION_BY_ZERO.rawValue))
      #expect(error.index == 1234)
      #expect(out[0] == -3)
      #expect(out[5] == .min)
      #expect(out[1998] == -3)
    }

    @Test func `a block of rows and columns is computed in place, and nothing beside it`() {
      // c = c + bias, as the epilogue of a matrix product.
      let (rows, columns) = (20, 1500)
      let program = RowProgram(sizes: [rows], columns: columns)
      let c = program.operand(MARTLET_F32, strides: [columns], columnStride: 1)
      let bias = program.operand(MARTLET_F32, strides: [0], columnStride: 1)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: c)
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 1, index: bias)
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_ADD.rawValue, to: 0, 0, 1)
      program.emit(MARTLET_ROW_STORE, MARTLET_F32, 0, index: c)
      let x = noise(rows * columns)
      for (rowRange, columnRange) in [(3..<9, 10..<42), (0..<20, 700..<1500), (19..<20, 1499..<1500)] {
        var values = x, b = noise(columns, seed: 4)
        values.lent { v in b.lent { b in _ = program.runBlock([v, b], rows: rowRange, columns: columnRange) } }
        for i in values.indices {
          let isInside = rowRange.contains(i / columns) && columnRange.contains(i % columns)
          #expect(values[i] == (isInside ? x[i] + b[i % columns] : x[i]))
        }
      }
    }

    @Test func `a program with a register out of range is refused with its place`() {
      let program = RowProgram(sizes: [2], columns: 2)
      let a = program.operand(MARTLET_F32, strides: [2], columnStride: 1)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
      program.emit(MARTLET_ROW_UNARY, MARTLET_F32, kind: MARTLET_UNARY_EXP.rawValue, to: 200, 0)
      var x = noise(4)
      let error = x.lent { program.run([$0]) }
      #expect(error.status == Int32(MARTLET_ROW_INVALID_PROGRAM.rawValue))
      #expect(error.index == 1)
    }

    @Test func `half precision is rounded after every operation`() {
      let program = RowProgram(sizes: [1], columns: 3)
      let a = program.operand(MARTLET_BF16, strides: [3], columnStride: 1)
      let b = program.operand(MARTLET_BF16, strides: [3], columnStride: 1)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_BF16, to: 0, index: a)
      program.emit(MARTLET_ROW_BINARY, MARTLET_BF16, kind: MARTLET_BINARY_ADD.rawValue, to: 1, 0, 0)
      program.emit(MARTLET_ROW_BINARY, MARTLET_BF16, kind: MARTLET_BINARY_ADD.rawValue, to: 1, 1, 0)
      program.emit(MARTLET_ROW_BINARY, MARTLET_BF16, kind: MARTLET_BINARY_SUBTRACT.rawValue, to: 1, 1, 0)
      program.emit(MARTLET_ROW_STORE, MARTLET_BF16, 1, index: b)
      // With x = 1 + 2^-7: x + x is exact, 3x is a tie that rounds to 3.03125, and 3.03125 - x is a tie that
      // rounds to 2.03125. Rounded once, at the end, it would be 2.015625 (0x4001).
      var x: [UInt16] = [0x3F81, 0x3F80, 0x7F80], out: [UInt16] = [0, 0, 0]
      x.lent { x in out.lent { out in _ = program.run([x, out]) } }
      #expect(out[0] == 0x4002)
      #expect(out[1] == 0x4000)
      #expect(Float(bitPattern: UInt32(out[2]) << 16).isNaN)
    }
  }
}
