import MartletGraph
import MartletTestSupport
import Testing

@Suite struct AlgebraTests {
  private func type(_ shape: Shape) -> TensorType { TensorType(.float64, shape) }

  /// Matrices with well separated eigenvalues: random ones, and growing numbers on the diagonal.
  private func spread(_ shape: Shape, seed: Int) -> ReferenceTensor {
    let random = ReferenceTensor.random(type(shape), seed: seed).doubles
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    return tensor(
      random.enumerated().map { index, value in
        let (i, j) = (index / columns % max(rows, 1), index % columns)
        return i == j ? 2 + 3 * Double(i) + value : value / 2
      }, shape)
  }

  /// The examples of a batch must stay well-conditioned, so they are all equal.
  private func failures(_ operation: any PrimitiveRules, _ operands: [ReferenceTensor], order: Int = 2) -> [String] {
    var checks = RuleChecks(operation, operands)
    checks.fixedOperands = [0]
    checks.holdsSizes = true
    checks.order = order
    // Central differences of factors with divisions by differences.
    checks.tolerance = 2e-6
    return checks.failures()
  }

  @Test(arguments: Factorize.Kind.allCases, [[1, 1], [2, 2], [3, 3], [2, 3, 3], [2, 0, 2, 2], [0, 0]] as [Shape])
  func `factors of square matrices state only what holds`(kind: Factorize.Kind, shape: Shape) {
    let x = spread(shape, seed: 3)
    #expect(failures(Factorize(kind, of: x.type), [x]) == [])
  }

  @Test(arguments: [[3, 2], [4, 1], [2, 4, 2]] as [Shape])
  func `factors of tall matrices state only what holds`(shape: Shape) {
    let x = spread(shape, seed: 4)
    #expect(failures(Factorize(.qr, of: x.type), [x]) == [])
    #expect(failures(Factorize(.singularValues, of: x.type), [x], order: 1) == [])
    #expect(failures(Factorize(.lu, of: x.type), [x], order: 0) == [])
    #expect(failures(Factorize(.completeQR, of: x.type), [x], order: 0) == [])
  }

  @Test(arguments: [[2, 3], [1, 4], [2, 2, 3]] as [Shape])
  func `factors of wide matrices state only what holds`(shape: Shape) {
    let x = spread(shape, seed: 5)
    #expect(failures(Factorize(.singularValues, of: x.type), [x], order: 1) == [])
    #expect(failures(Factorize(.qr, of: x.type), [x], order: 0) == [])
  }

  @Test(arguments: 0..<8)
  func `triangular systems state only what holds`(flags: Int) {
    let solve = TriangularSolve(isLower: flags & 1 == 1, isTransposed: flags & 2 == 2, hasUnitDiagonal: flags & 4 == 4)
    for (a, b) in [([2, 2], [2, 3]), ([3, 3], [3, 1]), ([2, 2, 2], [2, 2, 2]), ([0, 0], [0, 2])] as [(Shape, Shape)] {
      #expect(failures(solve, [spread(a, seed: 6), .random(type(b), seed: 7)]) == [])
    }
  }

  @Test(arguments: Fourier.Kind.allCases, [1, 2, 3, 4, 5])
  func `transforms state only what holds`(kind: Fourier.Kind, length: Int) {
    for axis in 0..<2 {
      var shape: Shape = [2, 2]
      shape[axis] = kind == .realInverse ? length / 2 + 1 : length
      let operands = (0..<(kind == .realForward ? 1 : 2)).map { ReferenceTensor.random(type(shape), seed: 8 + $0) }
      var checks = RuleChecks(Fourier(kind, axis: axis, length: length, of: type(shape)), operands)
      checks.holdsSizes = true
      #expect(checks.failures() == [])
    }
  }

  @Test(arguments: [true, false], [[5], [2, 3], [0]] as [Shape])
  func `searches state only what holds`(isRight: Bool, shape: Shape) {
    let sequence = tensor((0..<shape.elementCount).map { Double($0 % max(shape.last!, 1)) }, shape)
    var values = shape
    values[shape.rank - 1] = 4
    var checks = RuleChecks(SearchSorted(isRight: isRight), [sequence, .random(type(values), in: -1...4, seed: 2)])
    checks.isCostBound = true
    checks.fixedOperands = [0]
    checks.order = 0
    #expect(checks.failures() == [])
  }

  @Test(arguments: [0, 1, 3], [true, false])
  func `the beginning of an order states only what holds`(count: Int, isDescending: Bool) {
    let x = ReferenceTensor.distinct(type([2, 3, 4]), seed: 9)
    for axis in 1..<3 {
      var checks = RuleChecks(ArgSort(axis: axis, isDescending: isDescending, count: count), [x])
      checks.isCostBound = true
      #expect(checks.failures() == [])
    }
  }

  @Test(arguments: [false, true], [[5], [3, 2], [1, 4], [2, 0]] as [Shape])
  func `running logarithms of sums state only what holds`(isReversed: Bool, shape: Shape) {
    for axis in 0..<shape.rank {
      let x = ReferenceTensor.random(type(shape), in: -2...2, seed: 10)
      #expect(RuleChecks(Cumulative(.logSumExp, axis: axis, isReversed: isReversed), [x]).failures() == [])
    }
  }

  @Test func `a matrix without a factor is named, with its pivot`() throws {
    let bad = tensor([4, 2, 2, 1, 1, 0, 0, -3], [2, 2, 2])
    let error = #expect(throws: ExecutionError.self) { try evaluate(Factorize(.cholesky, of: bad.type), bad) }
    #expect(error?.message == "cholesky: the matrix at [0] is not positive definite: pivot 1 is 0.0")
    let solve = TriangularSolve(isLower: false)
    let singular = #expect(throws: ExecutionError.self) {
      try evaluate(solve, tensor([1, 2, 3, 0], [2, 2]), tensor([1, 1], [2, 1]))
    }
    #expect(singular?.message == "triangularSolve: the matrix is singular: pivot 1 is 0")
  }
}
