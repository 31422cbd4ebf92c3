import MartletGraph
import Testing

@Suite struct ShapeOperationTests {
  /// An operation and its operands, of which integers are no subject of differentiation.
  struct Case: Sendable, CustomTestStringConvertible {
    var operation: any PrimitiveRules
    var operands: [ReferenceTensor]
    var testDescription: String { "\(operation) of \(operands.map(\.type))" }

    init(_ operation: any PrimitiveRules, _ operands: ReferenceTensor...) {
      self.operation = operation
      self.operands = operands
    }
  }

  static func numbers(_ shape: Shape) -> ReferenceTensor {
    var numbers = Numbers(seed: UInt64(shape.elementCount + 3))
    return numbers.tensor(shape)
  }

  static let cases: [Case] = [
    Case(Reshape(to: [3, 1, 4]), numbers([3, 2, 2])),
    Case(Reshape(to: []), numbers([1, 1])),
    Case(Reshape(to: [0, 5]), numbers([3, 0])),
    Case(Transpose([2, 0, 1]), numbers([2, 3, 4])),
    Case(Transpose([]), numbers([])),
    Case(Broadcast(to: [2, 3, 4]), numbers([3, 1])),
    Case(Broadcast(to: [0, 2]), numbers([2])),
    Case(Slice(starts: [1, 0], limits: [5, 3], strides: [2, 1]), numbers([6, 3])),
    Case(Slice(starts: [2], limits: [2]), numbers([4])),
    Case(Pad(low: [1, 0], high: [2, 0], interior: [1, 0]), numbers([3, 2]), numbers([])),
    Case(Pad(low: [-1, 2], high: [-2, -1], interior: [2, 0]), numbers([3, 3]), numbers([])),
    Case(Pad(low: [2], high: [1], interior: [3]), numbers([0]), numbers([])),
    Case(Pad(low: [-3], high: [5]), numbers([2]), numbers([])),
    Case(Concatenate(axis: 1), numbers([2, 3]), numbers([2, 1]), numbers([2, 0])),
    Case(Reverse(axes: [0, 2]), numbers([2, 3, 3])),
    Case(DynamicSlice(sizes: [2, 3]), numbers([4, 3]), integerTensor([2], [1, 0])),
    Case(DynamicUpdate(), numbers([4, 3]), numbers([2, 3]), integerTensor([2], [2, 0])),
  ]

  @Test(arguments: cases)
  func `derivatives agree with differences`(one: Case) throws {
    try checkDerivatives(one.operands) { graph, x in [try graph.add(one.operation, Operands(x))] }
  }

  @Test(arguments: cases)
  func `a batch agrees with a loop`(one: Case) throws {
    var second = one.operands.map { operand in
      operand.type.dtype.isFloatingPoint
        ? ReferenceTensor(operand.type, rounding: operand.doubles.map { 3 * $0 + 1 }) : operand
    }
    // Other starts, which lie inside as well.
    if let starts = second.last, starts.type.dtype == .int64 { second[second.count - 1] = integerTensor([2], [0, 0]) }
    try checkBatching([one.operands, second]) { graph, x in [try graph.add(one.operation, Operands(x))] }
  }

  @Test(arguments: cases)
  func `what is said to be an index can be permuted`(one: Case) throws {
    try checkIndexing(one.operation, one.operands)
  }

  @Test func `elements go where they belong`() throws {
    let x = doubleTensor([2, 3], [1, 2, 3, 4, 5, 6])
    func values(_ operation: some PrimitiveRules, _ operands: [ReferenceTensor]) throws -> [Double] {
      try run(operands) { graph, x in [try graph.add(operation, Operands(x))] }[0].doubles
    }
    #expect(try values(Transpose([1, 0]), [x]) == [1, 4, 2, 5, 3, 6])
    #expect(try values(Broadcast(to: [2, 2]), [doubleTensor([2, 1], [1, 2])]) == [1, 1, 2, 2])
    #expect(try values(Slice(starts: [0, 0], limits: [2, 3], strides: [1, 2]), [x]) == [1, 3, 4, 6])
    #expect(try values(Reverse(axes: [1]), [x]) == [3, 2, 1, 6, 5, 4])
    let padded = Pad(low: [1], high: [-1], interior: [1])
    #expect(try values(padded, [doubleTensor([3], [1, 2, 3]), doubleTensor([], [9])]) == [9, 1, 9, 2, 9])
    #expect(try values(Concatenate(axis: 1), [x, doubleTensor([2, 1], [7, 8])]) == [1, 2, 3, 7, 4, 5, 6, 8])
    #expect(try values(DynamicSlice(sizes: [1, 2]), [x, integerTensor([2], [1, 1])]) == [5, 6])
    let updated = try values(DynamicUpdate(), [x, doubleTensor([1, 2], [8, 9]), integerTensor([2], [0, 1])])
    #expect(updated == [1, 8, 9, 4, 5, 6])
  }

  @Test func `a reshape that merges dimensions keeps the index of those it leaves alone`() throws {
    let structure = Reshape(to: [6, 4]).indexing(
      [TensorType(.float32, [2, 3, 4])][...], result: TensorType(.float32, [6, 4]))
    #expect(structure == IndexStructure(operands: [[nil, nil, 0]], result: [nil, 0]))
  }

  @Test func `a block outside the tensor is an error that names the place`() throws {
    let error = #expect(throws: ExecutionError.self) {
      try run([doubleTensor([5, 3], Array(repeating: 0, count: 15)), integerTensor([2], [4, 0])]) { graph, x in
        [try graph.add(DynamicSlice(sizes: [2, 3]), Operands(x))]
      }
    }
    #expect(
      error?.message == "dynamicSlice: start 4 of a block of [2, 3] is outside axis 0 of [5, 3] (valid: 0...3)")
  }
}
