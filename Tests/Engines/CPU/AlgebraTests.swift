import MartletCPU
import MartletGraph
import Testing

@Suite struct AlgebraTests {
  /// Matrices that are positive definite and have well separated eigenvalues.
  private func matrices(_ dtype: DType, _ shape: Shape, seed: UInt64) -> ReferenceTensor {
    var dice = Dice(seed: seed)
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let values = (0..<shape.elementCount).map { index -> Double in
      let noise = Double(dice.below(17)) / 16 - 0.5
      let (i, j) = (index / max(columns, 1) % max(rows, 1), index % max(columns, 1))
      return i == j ? Double(3 * i) + 4 + noise : noise / 4
    }
    return ReferenceTensor(TensorType(dtype, shape), rounding: values)
  }

  @Test(
    arguments: [DType.float32, .float64],
    [[3, 3], [5, 2], [2, 4], [3, 4, 4], [1, 1], [2, 0, 3, 3], [70, 70]] as [Shape])
  func `factors agree with the reference`(dtype: DType, shape: Shape) throws {
    for kind in Factorize.Kind.allCases {
      var sketch = Sketch()
      // The reference needs minutes for what takes the kernels a millisecond.
      if shape[0] > 50 && (kind == .symmetricEigen || kind == .singularValues) { continue }
      let x = sketch.input(matrices(dtype, shape, seed: 5))
      let operation = Factorize(kind, of: TensorType(dtype, shape))
      guard let node = try? sketch.builder.add(operation, Operands(x)) else { continue }
      var outputs = [node]
      for (index, type) in (operation.resultTypes ?? []).enumerated().dropFirst() {
        outputs.append(try sketch.builder.add(Element(index, type: type), Operands(node)))
      }
      try expectAgreement(sketch, outputs, scale: 400, "\(kind) of \(shape)")
    }
  }

  @Test(arguments: [DType.float32, .float64], 0..<8)
  func `triangular systems agree with the reference`(dtype: DType, flags: Int) throws {
    let solve = TriangularSolve(isLower: flags & 1 == 1, isTransposed: flags & 2 == 2, hasUnitDiagonal: flags & 4 == 4)
    for (a, b) in [([4, 4], [4, 1]), ([2, 3, 3], [2, 3, 5]), ([130, 130], [130, 3]), ([0, 0], [0, 2])]
      as [(Shape, Shape)]
    {
      var sketch = Sketch()
      let left = sketch.input(matrices(dtype, a, seed: 6))
      let right = sketch.input(dtype, b)
      let x = try sketch.builder.add(solve, Operands(left, right))
      try expectAgreement(sketch, [x], scale: 40, "\(a) \(b)")
    }
  }

  @Test func `a matrix without a factor is an error that names it, and nothing else happens`() throws {
    for dtype in [DType.float32, .float64] {
      var sketch = Sketch()
      let x = sketch.input(ReferenceTensor(TensorType(dtype, [2, 2, 2]), rounding: [4, 2, 2, 9, 1, 2, 2, 1]))
      let y = try sketch.builder.add(Factorize(.cholesky, of: TensorType(dtype, [2, 2, 2])), Operands(x))
      let graph = sketch.graph([y])
      let error = #expect(throws: ExecutionError.self) { try run(graph, sketch.data, on: CPUEngine.shared) }
      #expect(error?.message == "cholesky: the matrix at [1] is not positive definite: pivot 1 is -3.0")
    }
  }

  @Test(arguments: Fourier.Kind.allCases, [1, 2, 6, 7, 16, 17, 30, 64, 97])
  func `transforms agree with the reference`(kind: Fourier.Kind, length: Int) throws {
    for dtype in [DType.float32, .float64] {
      for axis in 0..<3 {
        var sketch = Sketch()
        var shape: Shape = [3, 2, 19]
        shape[axis] = kind == .realInverse ? length / 2 + 1 : length
        let count = kind == .realForward ? 1 : 2
        let operands = (0..<count).map { _ in sketch.input(dtype, shape) }
        let operation = Fourier(kind, axis: axis, length: length, of: TensorType(dtype, shape))
        let node = try sketch.builder.add(operation, Operands(operands))
        var outputs = [node]
        if let types = operation.resultTypes {
          outputs.append(try sketch.builder.add(Element(1, type: types[1]), Operands(node)))
        }
        // Sums of `length` numbers of up to 4.
        try expectAgreement(sketch, outputs, scale: 100, "axis \(axis)")
      }
    }
  }

  @Test(arguments: DType.allCases)
  func `searches and first positions agree with the reference`(dtype: DType) throws {
    var sketch = Sketch()
    let x = sketch.input(dtype, [3, 300, 2])
    var outputs: [Value] = []
    for (axis, count) in [(0, 1), (1, 0), (1, 1), (1, 7), (1, 120), (1, 300), (2, 2)] {
      for isDescending in [true, false] {
        outputs.append(
          try sketch.builder.add(ArgSort(axis: axis, isDescending: isDescending, count: count), Operands(x)))
      }
    }
    let line = sketch.input(dtype, [2, 9])
    let order = try sketch.builder.add(ArgSort(axis: 1), Operands(line))
    let sorted = try sketch.builder.add(Gather(.elements(axis: 1)), Operands(line, order))
    let values = sketch.input(dtype, [2, 40])
    for isRight in [true, false] {
      outputs.append(try sketch.builder.add(SearchSorted(isRight: isRight), Operands(sorted, values)))
    }
    if dtype.isFloatingPoint {
      for axis in 0..<3 {
        for isReversed in [true, false] {
          let running = Cumulative(.logSumExp, axis: axis, isReversed: isReversed)
          outputs.append(try sketch.builder.add(running, Operands(x)))
        }
      }
    }
    try expectAgreement(sketch, outputs, scale: 4)
  }
}
