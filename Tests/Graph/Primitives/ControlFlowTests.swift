import MartletGraph
import Testing

@Suite struct ControlFlowTests {
  static let scalar = TensorType(.float64, Shape())
  static let row = TensorType(.float64, [2])

  /// A recurrent cell with a counter: the carry is the state and the number of steps, the values are two weights.
  static func recurrence(length: Int, isReversed: Bool) throws -> Scan {
    let counter = TensorType(.int32, Shape())
    let body = try record([row, counter, row, row, scalar]) { graph, x in
      let (state, count, input, weight, bias) = (x[0], x[1], x[2], x[3], x[4])
      let sum = try graph.add(graph.multiply(state, weight), graph.add(input, bias))
      let scaled = try graph.multiply(sum, graph.cast(count, to: .float64))
      let next = try graph.unary(.sin, scaled)
      return [next, try graph.add(count, graph.scalar(1, .int32)), try graph.multiply(next, next), count]
    }
    return Scan(body: Region(body), length: length, carryCount: 2, sequenceCount: 1, isReversed: isReversed)
  }

  static func recurrenceOperands(length: Int, seed: UInt64) -> [ReferenceTensor] {
    var numbers = Numbers(seed: seed)
    return [
      numbers.tensor([2]), integerTensor([], [1], .int32), numbers.tensor([length, 2]), numbers.tensor([2]),
      numbers.tensor([]),
    ]
  }

  static func elements(_ operation: some PrimitiveRules, of graph: inout GraphBuilder, _ x: [Value]) throws -> [Value] {
    let node = try graph.add(operation, Operands(x))
    return try operation.resultTypes!.enumerated().map { index, type in
      try graph.add(Element(index, type: type), Operands(node))
    }
  }

  @Test(arguments: [0, 1, 4], [false, true])
  func `a scan computes what a loop does`(length: Int, isReversed: Bool) throws {
    let operands = Self.recurrenceOperands(length: length, seed: 3)
    let scan = try Self.recurrence(length: length, isReversed: isReversed)
    let results = try run(operands) { graph, x in try Self.elements(scan, of: &graph, x) }

    var state = operands[0].doubles
    var squares = Array(repeating: 0.0, count: 2 * length)
    for step in 0..<length {
      let position = isReversed ? length - 1 - step : step
      for i in 0..<2 {
        let input = operands[2].doubles[2 * position + i] + operands[4].doubles[0]
        state[i] = sine((state[i] * operands[3].doubles[i] + input) * Double(step + 1))
        squares[2 * position + i] = state[i] * state[i]
      }
    }
    #expect(zip(results[0].doubles, state).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(results[1].integers == [Int64(length + 1)])
    #expect(zip(results[2].doubles, squares).allSatisfy { abs($0 - $1) < 1e-14 })
    let order = (0..<length).map { Int64($0 + 1) }
    #expect(results[3].integers == (isReversed ? order.reversed() : order))
  }

  private func sine(_ x: Double) -> Double {
    var count = OperationCount()
    let type = TensorType(.float64, Shape())
    return try! Unary(.sin).evaluate([doubleTensor([], [x])], result: type, count: &count)[0].doubles[0]
  }

  @Test(arguments: [0, 1, 3], [false, true])
  func `derivatives of a scan agree with differences`(length: Int, isReversed: Bool) throws {
    let scan = try Self.recurrence(length: length, isReversed: isReversed)
    try checkDerivatives(Self.recurrenceOperands(length: length, seed: 4)) { graph, x in
      try Self.elements(scan, of: &graph, x)
    }
  }

  /// A cell with matrices: state · recurrent + input · kernel, where the kernel may be computed in every step.
  static func cell(length: Int, computesKernel: Bool) throws -> Scan {
    let (state, matrix) = (TensorType(.float64, [2, 3]), TensorType(.float64, [3, 3]))
    let product = Contract(leftBatch: [], rightBatch: [], leftContracted: [1], rightContracted: [0])
    let body = try record([state, state, matrix, matrix]) { graph, x in
      let fixed = computesKernel ? try graph.unary(.sin, graph.add(product, Operands(x[3], x[2]))) : x[3]
      let kept = try graph.add(product, Operands(x[0], x[2]))
      let sum = try graph.add(kept, graph.add(product, Operands(x[1], fixed)))
      let next = try graph.unary(.tanh, sum)
      return [next, try graph.multiply(next, kept)]
    }
    return Scan(body: Region(body), length: length, carryCount: 1, sequenceCount: 1)
  }

  static func cellOperands(length: Int) -> [ReferenceTensor] {
    var numbers = Numbers(seed: 15)
    return [numbers.tensor([2, 3]), numbers.tensor([length, 2, 3]), numbers.tensor([3, 3]), numbers.tensor([3, 3])]
  }

  @Test(arguments: [0, 1, 3], [false, true])
  func `derivatives of a scan with matrices agree with differences`(length: Int, computesKernel: Bool) throws {
    let scan = try Self.cell(length: length, computesKernel: computesKernel)
    try checkDerivatives(Self.cellOperands(length: length)) { graph, x in
      try Self.elements(scan, of: &graph, x)
    }
  }

  @Test func `the reverse rule keeps what the steps computed, and sums products once`() throws {
    let scan = try Self.cell(length: 3, computesKernel: false)
    let graph = try record(Self.cellOperands(length: 3).map(\.type)) { graph, x in
      try Self.elements(scan, of: &graph, x)
    }
    let gradient = try graph.gradient(needed: [0, 1, 2, 3])
    let scans = gradient.nodes.compactMap { if case .scan(let scan) = $0.primitive { scan } else { nil } }
    #expect(scans.count == 2, "what only the longer scan computes is not computed without it")
    #expect(scans[0].extends(scan))
    #expect(!scan.extends(scans[0]) && !scan.extends(scan))
    let products = scans[1].body.graph.nodes.filter { if case .contract = $0.primitive { true } else { false } }
    // The cotangents of state and element; those of the matrices come after the last step.
    #expect(products.count == 2)
    #expect(scans[1].carryCount == 1)
    // Nothing that the forward scan computed is there again.
    #expect(!scans[1].body.graph.nodes.contains { $0.primitive.rules.name == "tanh" })
  }

  @Test func `a batch of scans agrees with a loop, for every choice of operands`() throws {
    let scan = try Self.recurrence(length: 3, isReversed: false)
    let examples = [5, 6].map { Self.recurrenceOperands(length: 3, seed: $0) }
    try checkBatching(examples) { graph, x in try Self.elements(scan, of: &graph, x) }
  }

  /// Doubles its first carry (times a factor) until it exceeds a bound.
  static func doubling() throws -> WhileLoop {
    let types = [scalar, scalar, scalar]
    let condition = try record(types) { graph, x in [try graph.compare(.less, x[0], x[2])] }
    let body = try record(types) { graph, x in
      [try graph.multiply(x[0], by: 2), try graph.multiply(graph.add(x[1], x[0]), x[0])]
    }
    return WhileLoop(condition: Region(condition), body: Region(body), carryCount: 2)
  }

  @Test func `a loop turns while its condition holds`() throws {
    let loop = try Self.doubling()
    let results = try run([doubleTensor([], [1]), doubleTensor([], [0]), doubleTensor([], [5])]) { graph, x in
      try Self.elements(loop, of: &graph, x)
    }
    // 1, 2, 4, 8 and 0, (0 + 1) × 1, (1 + 2) × 2, (6 + 4) × 4.
    #expect(results.map(\.doubles) == [[8], [40]])
  }

  @Test func `the forward derivative of a loop agrees with differences`() throws {
    let loop = try Self.doubling()
    let graph = try record([Self.scalar, Self.scalar, Self.scalar]) { graph, x in
      try Self.elements(loop, of: &graph, x)
    }
    func second(_ x: Double) throws -> Double {
      try run(graph, [doubleTensor([], [x]), doubleTensor([], [0.5]), doubleTensor([], [5])])[1].doubles[0]
    }
    let inputs = [doubleTensor([], [1.1]), doubleTensor([], [0.5]), doubleTensor([], [5])]
    let tangents = try run(graph.tangent(given: [0]), inputs + [doubleTensor([], [1])])
    let expected = try (second(1.1 + 1e-5) - second(1.1 - 1e-5)) / 2e-5
    #expect(tangents[0].doubles == [8])
    #expect(abs(tangents[1].doubles[0] - expected) < 1e-6 * expected)
  }

  @Test func `a loop has no reverse derivative, and says what to use`() throws {
    let loop = try Self.doubling()
    let graph = try record([Self.scalar, Self.scalar, Self.scalar]) { graph, x in
      try Self.elements(loop, of: &graph, x)
    }
    let error = #expect(throws: GraphError.self) { try graph.gradient(needed: [0]) }
    #expect(error?.message.contains("use scan") == true)
  }

  @Test func `a batch of loops agrees with a loop, each example for its own number of turns`() throws {
    let loop = try Self.doubling()
    let examples = [[1.0, 0.5, 5], [3, 1, 100], [9, 2, 4]].map { $0.map { doubleTensor([], [$0]) } }
    try checkBatching(examples) { graph, x in try Self.elements(loop, of: &graph, x) }
  }

  static func choice() throws -> Conditional {
    let types = [row, scalar]
    let yes = try record(types) { graph, x in
      [try graph.multiply(graph.unary(.exp, x[0]), x[1]), try graph.multiply(x[1], x[1])]
    }
    let no = try record(types) { graph, x in [try graph.unary(.negate, x[0]), graph.scalar(3, .float64)] }
    return Conditional(ifTrue: Region(yes), ifFalse: Region(no))
  }

  @Test(arguments: [0, 1] as [Int64])
  func `derivatives of a choice agree with differences`(predicate: Int64) throws {
    let choice = try Self.choice()
    var numbers = Numbers(seed: 8)
    let operands = [integerTensor([], [predicate], .bool), numbers.tensor([2]), numbers.tensor([])]
    try checkDerivatives(operands) { graph, x in try Self.elements(choice, of: &graph, x) }
  }

  @Test func `a batch of choices agrees with a loop`() throws {
    let choice = try Self.choice()
    var numbers = Numbers(seed: 9)
    let examples = [1, 0, 1].map { predicate in
      [integerTensor([], [predicate], .bool), numbers.tensor([2]), numbers.tensor([])]
    }
    try checkBatching(examples) { graph, x in try Self.elements(choice, of: &graph, x) }
  }

  @Test func `only the chosen body runs`() throws {
    let bad = try record([Self.row]) { graph, x in
      [try graph.add(Gather(.axis(0)), Operands(x[0], graph.scalar(7, .int64)))]
    }
    let good = try record([Self.row]) { graph, x in [try graph.sum(x[0], axes: [0])] }
    let choice = Conditional(ifTrue: Region(good), ifFalse: Region(bad))
    let body: Body = { graph, x in [try graph.add(choice, Operands(x))] }
    #expect(try run([integerTensor([], [1], .bool), doubleTensor([2], [3, 4])], body)[0].doubles == [7])
    #expect(throws: ExecutionError.self) { try run([integerTensor([], [0], .bool), doubleTensor([2], [3, 4])], body) }
  }
}
