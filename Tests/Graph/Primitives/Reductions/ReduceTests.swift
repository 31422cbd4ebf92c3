import MartletGraph
import MartletTestSupport
import Testing

@Suite struct ReduceTests {
  private static let numbers: [Reduce.Kind] = [.sum, .product, .max, .min]
  private static let cases: [(Shape, AxisList)] = [
    ([4], [0]), ([2, 3], [0]), ([2, 3], [1]), ([2, 3], [0, 1]), ([2, 1, 3], [0, 2]), ([2, 2, 3], [1]), ([3], []),
    ([1], [0]), ([], []), ([0, 3], [1]),
  ]

  @Test(arguments: numbers, cases)
  func `states only what holds`(kind: Reduce.Kind, instance: (Shape, AxisList)) {
    let x = ReferenceTensor.distinct(TensorType(.float64, instance.0), seed: 5)
    #expect(RuleChecks(Reduce(kind, axes: instance.1), [x]).failures() == [])
  }

  @Test(arguments: numbers, [DType.int8, .uint8, .int64, .uint64])
  func `states only what holds of integers`(kind: Reduce.Kind, dtype: DType) {
    let x = ReferenceTensor.random(TensorType(dtype, [3, 4]), seed: 1)
    #expect(RuleChecks(Reduce(kind, axes: [1]), [x]).failures() == [])
  }

  @Test(arguments: [Reduce.Kind.any, .all])
  func `states only what holds of bool`(kind: Reduce.Kind) {
    #expect(RuleChecks(Reduce(kind, axes: [0]), [.random(TensorType(.bool, [2, 5]), seed: 1)]).failures() == [])
  }

  @Test(arguments: [[0, 2, 3], [0, 0, 3], [0, 0, 0], [1, 0, 2]] as [[Double]])
  func `a product's derivatives hold with zeros among the factors`(factors: [Double]) {
    #expect(RuleChecks(Reduce(.product, axes: [0]), [tensor(factors)]).failures() == [])
  }

  @Test func `nothing sums to 0 and multiplies to 1`() throws {
    let nothing = tensor([] as [Double], [2, 0])
    #expect(try evaluate(Reduce(.sum, axes: [1]), nothing).doubles == [0, 0])
    #expect(try evaluate(Reduce(.product, axes: [1]), nothing).doubles == [1, 1])
    let none = integers([], [0], .bool)
    #expect(try evaluate(Reduce(.any, axes: [0]), none).integers == [0])
    #expect(try evaluate(Reduce(.all, axes: [0]), none).integers == [1])
    #expect(throws: GraphError.self) { try evaluate(Reduce(.max, axes: [1]), nothing) }
    #expect(RuleChecks(Reduce(.sum, axes: [1]), [nothing]).failures() == [])
    #expect(RuleChecks(Reduce(.product, axes: [1]), [nothing]).failures() == [])
  }

  @Test func `NaN wins, and an unsigned maximum looks beyond the signed range`() throws {
    #expect(try evaluate(Reduce(.max, axes: [0]), tensor([1, .nan, 2])).doubles[0].isNaN)
    #expect(try evaluate(Reduce(.min, axes: [0]), tensor([.nan, 1, 2])).doubles[0].isNaN)
    #expect(try evaluate(Reduce(.max, axes: [0]), integers([1, -1], nil, .uint64)).integers == [-1])
    #expect(try evaluate(Reduce(.max, axes: [0]), integers([-3, -2], nil, .int8)).integers == [-2])
  }

  @Test func `ties share the cotangent of a maximum equally`() throws {
    let x = tensor([1, 3, 3, 3, 2, 2], [2, 3])
    #expect(try gradients(of: Reduce(.max, axes: [1]), at: [x])[0] == [0, 0.5, 0.5, 1, 0, 0])
    #expect(try gradients(of: Reduce(.min, axes: [0, 1]), at: [x])[0] == [1, 0, 0, 0, 0, 0])
  }
}

@Suite struct CumulativeTests {
  private static let cases: [(Shape, Int)] = [
    ([4], 0), ([2, 3], 0), ([2, 5], 1), ([2, 3, 2], 1), ([1], 0), ([2, 0], 1),
  ]

  @Test(arguments: Cumulative.Kind.allCases, cases)
  func `states only what holds`(kind: Cumulative.Kind, instance: (Shape, Int)) {
    let x = ReferenceTensor.distinct(TensorType(.float64, instance.0), seed: 7)
    for isReversed in [false, true] {
      let operation = Cumulative(kind, axis: instance.1, isReversed: isReversed)
      #expect(RuleChecks(operation, [x]).failures() == [])
    }
  }

  @Test(arguments: [[0, 2, 3, 4], [2, 0, 3, 0, 5], [0, 0, 0], [1, 2, 0]] as [[Double]])
  func `a running product's derivatives hold with zeros among the factors`(factors: [Double]) {
    for isReversed in [false, true] {
      let operation = Cumulative(.product, axis: 0, isReversed: isReversed)
      #expect(RuleChecks(operation, [tensor(factors)]).failures() == [])
    }
  }

  @Test func `runs from either end`() throws {
    let x = tensor([3, 1, 2])
    #expect(try evaluate(Cumulative(.sum, axis: 0), x).doubles == [3, 4, 6])
    #expect(try evaluate(Cumulative(.sum, axis: 0, isReversed: true), x).doubles == [6, 3, 2])
    #expect(try evaluate(Cumulative(.product, axis: 0), x).doubles == [3, 3, 6])
    #expect(try evaluate(Cumulative(.min, axis: 0), x).doubles == [3, 1, 1])
    #expect(try evaluate(Cumulative(.max, axis: 0, isReversed: true), x).doubles == [3, 2, 2])
    #expect(try evaluate(Cumulative(.max, axis: 0), tensor([1, .nan, 2])).isIdentical(to: tensor([1, .nan, .nan])))
    #expect(
      try evaluate(Cumulative(.product, axis: 0), integers([100, 2, 2], nil, .int8)).integers == [
        100, -56, -112,
      ])
  }

  @Test func `the first of equal elements receives a running maximum's cotangents`() throws {
    #expect(try gradients(of: Cumulative(.max, axis: 0), at: [tensor([2, 1, 2, 3])])[0] == [3, 0, 0, 1])
    let reversed = Cumulative(.min, axis: 0, isReversed: true)
    #expect(try gradients(of: reversed, at: [tensor([0, 1, 2, 1])])[0] == [1, 0, 0, 3])
  }
}

@Suite struct OrderTests {
  private static let cases: [(Shape, Int)] = [([5], 0), ([3, 4], 0), ([3, 4], 1), ([2, 3, 2], 1), ([1], 0)]

  @Test(arguments: [ArgReduce.Kind.max, .min], cases)
  func `argMax and argMin state only what holds`(kind: ArgReduce.Kind, instance: (Shape, Int)) {
    for dtype in [DType.float64, .int8, .uint64, .bool] {
      let x = ReferenceTensor.random(TensorType(dtype, instance.0), seed: 7)
      #expect(RuleChecks(ArgReduce(kind, axis: instance.1), [x]).failures() == [])
    }
  }

  @Test(arguments: [false, true], cases)
  func `argSort states only what holds`(isDescending: Bool, instance: (Shape, Int)) {
    for dtype in [DType.float64, .int8, .uint64, .bool] {
      let x = ReferenceTensor.random(TensorType(dtype, instance.0), seed: 7)
      var checks = RuleChecks(ArgSort(axis: instance.1, isDescending: isDescending), [x])
      checks.isCostBound = true
      #expect(checks.failures() == [])
    }
  }

  @Test func `the first of equal elements wins, and NaN wins over all`() throws {
    #expect(try evaluate(ArgReduce(.max, axis: 0), tensor([1, 3, 3])).integers == [1])
    #expect(try evaluate(ArgReduce(.min, axis: 0), tensor([2, 1, 1])).integers == [1])
    #expect(try evaluate(ArgReduce(.min, axis: 0), tensor([2, .nan, 1, .nan])).integers == [1])
    #expect(try evaluate(ArgReduce(.max, axis: 1), tensor([1, 2, 4, 3], [2, 2])).integers == [1, 0])
    #expect(try evaluate(ArgReduce(.max, axis: 1), tensor([] as [Double], [0, 0])).integers == [])
    #expect(throws: GraphError.self) { try evaluate(ArgReduce(.max, axis: 1), tensor([] as [Double], [2, 0])) }
  }

  @Test func `sorting is stable both ways and puts NaN last`() throws {
    let x = tensor([2, .nan, 1, 2, 0])
    #expect(try evaluate(ArgSort(axis: 0), x).integers == [4, 2, 0, 3, 1])
    #expect(try evaluate(ArgSort(axis: 0, isDescending: true), x).integers == [0, 3, 2, 4, 1])
    #expect(try evaluate(ArgSort(axis: 0), tensor([1, 3, 2, 0, 5, 4], [3, 2])).integers == [0, 1, 1, 0, 2, 2])
  }
}
