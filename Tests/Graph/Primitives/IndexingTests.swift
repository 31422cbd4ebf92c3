import MartletGraph
import Testing

@Suite struct IndexingTests {
  /// A form with a source and two sets of indices for it; the first names a place twice.
  struct Case: Sendable, CustomTestStringConvertible {
    var form: IndexForm
    var source: Shape
    var first, second: ReferenceTensor
    var testDescription: String { "\(form) of \(source) at \(first.type.shape)" }

    init(_ form: IndexForm, _ source: Shape, _ indices: Shape, _ first: [Int64], _ second: [Int64]) {
      self.form = form
      self.source = source
      self.first = integerTensor(indices, first)
      self.second = integerTensor(indices, second)
    }

    var selected: Shape {
      get throws {
        try Gather(form).resultType([TensorType(.float64, source), first.type][...]).shape
      }
    }
  }

  static let cases: [Case] = [
    Case(.axis(0), [4, 2], [3], [1, -1, 1], [0, 1, 2]),
    Case(.axis(1), [2, 4, 2], [2, 2], [3, 0, 3, -4], [1, 1, 1, 2]),
    Case(.axis(0), [3], [], [2], [0]),
    Case(.axis(1), [2, 3], [0], [], []),
    Case(.elements(axis: 1), [2, 3], [2, 4], [0, 2, 0, 1, 2, -1, 2, 0], [1, 1, 0, 0, 1, 2, 2, 0]),
    Case(.elements(axis: 0), [3, 2], [2, 2], [1, 1, 1, 0], [2, 1, 0, 0]),
    Case(.points(batch: 0), [3, 2, 2], [3, 2], [1, 0, 1, 0, 2, 1], [0, 0, -1, 1, 0, 1]),
    Case(.points(batch: 1), [2, 3, 2], [2, 2, 1], [1, 1, 0, 2], [0, 1, 2, 2]),
    Case(.points(batch: 0), [2, 2], [2, 2], [1, 1, 1, 1], [0, 1, 1, 0]),
  ]

  static let combinations = Scatter.Combination.allCases

  @Test(arguments: cases)
  func `derivatives of a gather agree with differences`(one: Case) throws {
    var numbers = Numbers(seed: 3)
    try checkDerivatives([numbers.tensor(one.source), one.first]) { graph, x in
      [try graph.add(Gather(one.form), Operands(x))]
    }
  }

  @Test(arguments: cases, combinations)
  func `derivatives of a scatter agree with differences`(one: Case, combination: Scatter.Combination) throws {
    var numbers = Numbers(seed: 5)
    let operands = [numbers.tensor(one.source), one.first, numbers.tensor(try one.selected)]
    try checkDerivatives(operands) { graph, x in [try graph.add(Scatter(one.form, combination), Operands(x))] }
  }

  @Test func `the derivative of a product is right where factors are zero`() throws {
    let target = doubleTensor([3], [2, 3, 5])
    for updates in [[0, 4, 7, 3], [0, 0, 7, 3], [0, 4, 0, 3]] as [[Double]] {
      try checkDerivatives([target, integerTensor([4], [1, 1, 2, 0]), doubleTensor([4], updates)], order: 1) {
        graph, x in
        [try graph.add(Scatter(.axis(0), .multiply), Operands(x))]
      }
    }
  }

  @Test func `those that tie for a maximum share its derivative equally`() throws {
    let graph = try record([TensorType(.float64, [1]), TensorType(.int64, [3]), TensorType(.float64, [3])]) {
      graph, x in
      [try graph.add(Scatter(.axis(0), .max), Operands(x))]
    }
    let inputs = [doubleTensor([1], [7]), integerTensor([3], [0, 0, 0]), doubleTensor([3], [7, 1, 7])]
    let result = try run(graph.gradient(needed: [0, 2]), inputs + [doubleTensor([1], [3])])
    #expect(result.map(\.doubles) == [[1], [1, 0, 1]])
  }

  @Test(arguments: cases)
  func `a batch of gathers agrees with a loop`(one: Case) throws {
    var numbers = Numbers(seed: 7)
    let examples = [[numbers.tensor(one.source), one.first], [numbers.tensor(one.source), one.second]]
    try checkBatching(examples) { graph, x in [try graph.add(Gather(one.form), Operands(x))] }
  }

  @Test(arguments: cases, combinations)
  func `a batch of scatters agrees with a loop`(one: Case, combination: Scatter.Combination) throws {
    var numbers = Numbers(seed: 9)
    let examples = try [one.first, one.second].map { indices in
      [numbers.tensor(one.source), indices, numbers.tensor(try one.selected)]
    }
    try checkBatching(examples) { graph, x in [try graph.add(Scatter(one.form, combination), Operands(x))] }
  }

  @Test(arguments: cases)
  func `what is said to be an index can be permuted`(one: Case) throws {
    var numbers = Numbers(seed: 13)
    let source = numbers.tensor(one.source)
    try checkIndexing(Gather(one.form), [source, one.first])
    for combination in Self.combinations {
      try checkIndexing(Scatter(one.form, combination), [source, one.first, numbers.tensor(try one.selected)])
    }
  }

  @Test func `updates apply in order`() throws {
    let operands = [
      doubleTensor([3], [1, 2, 3]), integerTensor([3], [2, 0, 2], .uint8), doubleTensor([3], [5, 6, 7]),
    ]
    func values(_ combination: Scatter.Combination) throws -> [Double] {
      try run(operands) { graph, x in [try graph.add(Scatter(.axis(0), combination), Operands(x))] }[0].doubles
    }
    #expect(try values(.set) == [6, 2, 7])
    #expect(try values(.add) == [7, 2, 15])
    #expect(try values(.multiply) == [6, 2, 105])
    #expect(try values(.min) == [1, 2, 3])
    #expect(try values(.max) == [6, 2, 7])
  }

  @Test func `integers wrap, NaN wins, and unsigned numbers are not negative`() throws {
    func scatter(_ combination: Scatter.Combination, _ operands: [ReferenceTensor]) throws -> ReferenceTensor {
      try run(operands) { graph, x in [try graph.add(Scatter(.axis(0), combination), Operands(x))] }[0]
    }
    let index = integerTensor([1], [0])
    #expect(
      try scatter(.add, [integerTensor([1], [127], .int8), index, integerTensor([1], [1], .int8)]).integers == [-128])
    let large = try scatter(.max, [integerTensor([1], [-1], .uint64), index, integerTensor([1], [1], .uint64)])
    #expect(large.integers == [-1])
    #expect(try scatter(.min, [doubleTensor([1], [1]), index, doubleTensor([1], [.nan])]).doubles[0].isNaN)
    #expect(try scatter(.max, [doubleTensor([1], [.nan]), index, doubleTensor([1], [1])]).doubles[0].isNaN)
  }

  @Test func `an index outside its axis is an error that says where`() throws {
    func message(_ form: IndexForm, _ source: Shape, _ indices: ReferenceTensor) -> String? {
      let source = ReferenceTensor(zeros: TensorType(.float64, source))
      let error = #expect(throws: ExecutionError.self) {
        try run([source, indices]) { graph, x in [try graph.add(Gather(form), Operands(x))] }
      }
      return error?.message
    }
    #expect(
      message(.axis(0), [5, 3], integerTensor([2, 2], [0, 1, 5, 2]))
        == "gather: index 5 at position [1, 0] is outside axis 0 of [5, 3] (valid: -5..<5)")
    #expect(
      message(.points(batch: 1), [2, 4, 3], integerTensor([2, 2], [0, 0, 3, -4], .int32))
        == "gather: index -4 at position [1, 1] is outside axis 2 of [2, 4, 3] (valid: -3..<3)")
    #expect(
      message(.axis(0), [0, 3], integerTensor([1], [0]))
        == "gather: index 0 at position [0] is outside axis 0 of [0, 3] (valid: 0..<0)")
    #expect(
      message(.elements(axis: 0), [2], integerTensor([1], [-1], .uint64))
        == "gather: index 18446744073709551615 at position [0] is outside axis 0 of [2] (valid: -2..<2)")
  }

  @Test func `the operations counted are those of the cost`() throws {
    let types = [TensorType(.float64, [4, 2]), TensorType(.int64, [3]), TensorType(.float64, [3, 2])]
    let operands = [ReferenceTensor(zeros: types[0]), integerTensor([3], [0, 1, 1]), ReferenceTensor(zeros: types[2])]
    for combination in Self.combinations {
      let scatter = Scatter(.axis(0), combination)
      var count = OperationCount()
      _ = try scatter.evaluate(operands, result: types[0], count: &count)
      #expect(scatter.cost(types[...], result: types[0]).floatingPointOperations == count.floatingPointOperations)
    }
  }
}
