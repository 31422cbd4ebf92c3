import MartletKernels
import Testing

extension KernelTests {
  /// What is done on the way of a reduction, and bounds in one step, against instructions of their own.
  @Suite struct RowSquaresTests {
    /// Sums of (a - b)², where b has elements of its own, one value a row, or one for all.
    private func squares(
      _ x: [Float], _ y: [Float], rows: Int, columns: Int, rowStep: Int, columnStep: Int, alongColumns: Bool,
      isJoined: Bool
    ) -> [Float] {
      let program = RowProgram(sizes: [rows], columns: columns)
      let a = program.operand(MARTLET_F32, strides: [columns], columnStride: 1)
      let b = program.operand(MARTLET_F32, strides: [rowStep], columnStride: columnStep)
      let sum = program.operand(MARTLET_F32, strides: [alongColumns ? 0 : 1], columnStride: alongColumns ? 1 : 0)
      let reduction = alongColumns ? MARTLET_ROW_COLUMN_REDUCE : MARTLET_ROW_REDUCE
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 1, index: b)
      if isJoined {
        let kind = MARTLET_REDUCE_SQUARED_DIFFERENCES.rawValue
        program.emit(reduction, MARTLET_F32, kind: kind, to: 0, 0, 1, index: sum)
      } else {
        program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_SUBTRACT.rawValue, to: 2, 0, 1)
        program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: MARTLET_BINARY_MULTIPLY.rawValue, to: 2, 2, 2)
        program.emit(reduction, MARTLET_F32, kind: MARTLET_REDUCE_SUM.rawValue, to: 0, 2, index: sum)
      }
      if !alongColumns {
        program.stage(isRow: true)
        program.emit(MARTLET_ROW_STORE, MARTLET_F32, 0, index: sum)
      }
      var x = x, y = y, out = [Float](repeating: .nan, count: alongColumns ? columns : rows)
      x.lent { x in y.lent { y in out.lent { out in _ = program.run([x, y, out]) } } }
      return out
    }

    @Test(arguments: [(1, 3000), (3, 5), (40, 70), (70, 33), (300, 16), (5, 70_000)], [false, true])
    func `squares on the way are those of two instructions`(_ size: (rows: Int, columns: Int), alongColumns: Bool) {
      let x = noise(size.rows * size.columns), y = noise(size.rows * size.columns, seed: 2)
      for (rowStep, columnStep) in [(size.columns, 1), (1, 0), (0, 0), (0, 1)] {
        let results = [false, true].flatMap { isJoined in
          underEachSet {
            squares(
              x, y, rows: size.rows, columns: size.columns, rowStep: rowStep, columnStep: columnStep,
              alongColumns: alongColumns, isJoined: isJoined)
          }
        }
        #expect(results[0].allSatisfy { $0 > 0 })
        for other in results.dropFirst() { #expect(other == results[0]) }
      }
    }

    @Test func `two bounds in one step leave NaN alone`() {
      var x = noise(1000), out = [Float](repeating: 0, count: 1000)
      for place in stride(from: 0, to: 1000, by: 37) { x[place] = .nan }
      for results in underEachSet({
        let program = RowProgram(sizes: [1], columns: 1000)
        let a = program.operand(MARTLET_F32, strides: [1000], columnStride: 1)
        let b = program.operand(MARTLET_F32, strides: [1000], columnStride: 1)
        program.stage()
        program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
        let bounds: [Float] = [-0.25, 0.5]
        for (register, bound) in bounds.enumerated() {
          let scalar = program.scalar(bits: UInt64(bound.bitPattern))
          program.emit(MARTLET_ROW_SCALAR, MARTLET_F32, to: UInt16(register + 1), index: scalar)
        }
        program.emit(MARTLET_ROW_PAIR, MARTLET_F32, kind: UInt32(MARTLET_PAIR_CLIP), to: 3, 0, 1, 2)
        program.emit(MARTLET_ROW_STORE, MARTLET_F32, 3, index: b)
        x.lent { x in out.lent { out in _ = program.run([x, out]) } }
        return out
      }) {
        for (value, result) in zip(x, results) {
          #expect(value.isNaN ? result.isNaN : result == min(max(value, -0.25), 0.5))
        }
      }
    }
  }
}
