import MartletGraph
import MartletTestSupport
import Testing

@Suite struct BinaryTests {
  private static let smooth: [Binary.Kind] = [.add, .subtract, .multiply, .divide, .power, .atan2, .hypot]
  private static let kinked: [Binary.Kind] = [
    .floorDivide, .remainder, .modulo, .maximum, .minimum, .copySign,
  ]
  private static let whole: [Binary.Kind] = [
    .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .modulo, .maximum, .minimum, .and, .or, .xor,
    .shiftLeft, .shiftRight, .gcd,
  ]
  private static let shapes: [[Shape]] = [
    [[3], [3]], [[2, 3], [3]], [[], [2, 2]], [[2, 1], [1, 3]], [[1], [1]], [[0, 3], [1, 3]], [[4, 1, 2], [3, 1]],
  ]

  @Test(arguments: smooth, shapes)
  func `states only what holds`(kind: Binary.Kind, shapes: [Shape]) {
    let a = ReferenceTensor.random(TensorType(.float64, shapes[0]), in: 0.5...1.5, seed: 1)
    let b = ReferenceTensor.random(TensorType(.float64, shapes[1]), in: 0.5...1.5, seed: 2)
    #expect(RuleChecks(Binary(kind), [a, b]).failures() == [])
  }

  @Test(arguments: kinked, shapes)
  func `states only what holds beside kinks`(kind: Binary.Kind, shapes: [Shape]) {
    // Multiples of 0.5 and 0.25 apart, so that quotients and differences stay off the kinks.
    let a = ReferenceTensor.distinct(TensorType(.float64, shapes[0]), spacing: 0.5, seed: 1)
    let b = ReferenceTensor.distinct(TensorType(.float64, shapes[1]), spacing: 1.34, seed: 2)
    #expect(RuleChecks(Binary(kind), [a, b]).failures() == [])
  }

  @Test(arguments: whole, [DType.int8, .uint16, .int64, .uint64])
  func `states only what holds of integers`(kind: Binary.Kind, dtype: DType) {
    let a = ReferenceTensor.random(TensorType(dtype, [2, 3]), seed: 1)
    let b = integers([1, 2, 7], [3], dtype)
    #expect(RuleChecks(Binary(kind), [a, b]).failures() == [])
  }

  @Test func `Hurwitz's zeta function has a derivative by its second operand only`() throws {
    // ζ(2, 1) = π² / 6, ζ(4, 1) = π⁴ / 90, ζ(2, 2) one less than the first.
    let values = try evaluate(Binary(.zeta), tensor([2, 4, 2]), tensor([1, 1, 2])).doubles
    let expected = [1.6449340668482264, 1.0823232337111382, 0.6449340668482264]
    #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-15 })
    var program = ReferenceProgram(inputs: [TensorType(.float64, [2]), TensorType(.float64, [2])])
    program.outputs = try program.apply(Binary(.zeta), program.inputs)
    let one = try program.graph.ones(TensorType(.float64, [2]))
    #expect(throws: GraphError.self) { try program.pullback([one], to: [program.inputs[0]]) }
    program.outputs = try program.pullback([one], to: [program.inputs[1]]).compactMap { $0 }
    // -s ζ(s + 1, q); ζ(3) is Apéry's constant.
    let slopes = try program.run([tensor([2, 2]), tensor([1, 2])])[0].doubles
    #expect(abs(slopes[0] + 2 * 1.2020569031595942) < 1e-14 && abs(slopes[1] + 2 * 0.2020569031595942) < 1e-14)
  }

  @Test func `divisors in common are not negative`() throws {
    let common = try evaluate(Binary(.gcd), integers([12, -12, 0, 0, 7]), integers([18, 18, -5, 0, 3])).integers
    #expect(common == [6, 6, 5, 0, 1])
  }

  @Test func `divides integers in each of the four ways`() throws {
    let a = integers([7, -7, 7, -7])
    let b = integers([2, 2, -2, -2])
    #expect(try evaluate(Binary(.divide), a, b).integers == [3, -3, -3, 3])
    #expect(try evaluate(Binary(.floorDivide), a, b).integers == [3, -4, -4, 3])
    #expect(try evaluate(Binary(.remainder), a, b).integers == [1, -1, 1, -1])
    #expect(try evaluate(Binary(.modulo), a, b).integers == [1, 1, -1, -1])
  }

  @Test func `divides floating-point numbers in the same four ways`() throws {
    let a = tensor([7.5, -7.5, 7.5, -7.5, 1])
    let b = tensor([2, 2, -2, -2, 0.1])
    #expect(try evaluate(Binary(.floorDivide), a, b).doubles == [3, -4, -4, 3, 9])
    #expect(try evaluate(Binary(.remainder), a, b).doubles.dropLast() == [1.5, -1.5, 1.5, -1.5])
    #expect(try evaluate(Binary(.modulo), a, b).doubles.dropLast() == [1.5, 0.5, -0.5, -1.5])
  }

  @Test(arguments: [Binary.Kind.divide, .floorDivide, .remainder, .modulo])
  func `an integer divided by 0 is an error that names the position`(kind: Binary.Kind) throws {
    let error = #expect(throws: ExecutionError.self) {
      try evaluate(Binary(kind), integers([1, 2, 3, 4], [2, 2]), integers([1, 0]))
    }
    #expect(error?.message == "\(kind): division by zero at position 1 of int32 [2, 2]")
  }

  @Test(arguments: [DType.int8, .int16, .int32, .int64])
  func `the smallest integer divided by -1 wraps`(dtype: DType) throws {
    let smallest = Int64.min >> Int64(64 - 8 * dtype.sizeInBytes)
    let (a, b) = (integers([smallest], nil, dtype), integers([-1], nil, dtype))
    #expect(try evaluate(Binary(.divide), a, b).integers == [smallest])
    #expect(try evaluate(Binary(.floorDivide), a, b).integers == [smallest])
    #expect(try evaluate(Binary(.remainder), a, b).integers == [0])
    #expect(try evaluate(Binary(.modulo), a, b).integers == [0])
  }

  @Test func `unsigned 64-bit numbers beyond the signed range keep their size`() throws {
    let a = integers([-1, -2], nil, .uint64)
    let b = integers([2, 3], nil, .uint64)
    #expect(try evaluate(Binary(.divide), a, b).integers == [Int64.max, 0x5555_5555_5555_5554])
    #expect(try evaluate(Binary(.maximum), a, b).integers == [-1, -2])
    #expect(try evaluate(Binary(.shiftRight), a, b).integers == [0x3FFF_FFFF_FFFF_FFFF, 0x1FFF_FFFF_FFFF_FFFF])
  }

  @Test func `raises integers to powers`() throws {
    let a = integers([2, -3, 5, -1, 2, 1])
    let b = integers([10, 3, 0, -3, -1, -9])
    #expect(try evaluate(Binary(.power), a, b).integers == [1024, -27, 1, -1, 0, 1])
    #expect(throws: ExecutionError.self) {
      try evaluate(Binary(.power), integers([0]), integers([-1]))
    }
  }

  @Test func `shifts beyond the width give 0 or the sign`() throws {
    let a = integers([1, -8, -8, 4], nil, .int8)
    let b = integers([8, 1, 100, -1], nil, .int8)
    #expect(try evaluate(Binary(.shiftLeft), a, b).integers == [0, -16, 0, 0])
    #expect(try evaluate(Binary(.shiftRight), a, b).integers == [0, -4, -1, 0])
  }

  @Test func `NaN wins maximum and minimum`() throws {
    let (a, b) = (tensor([.nan, 1, 2]), tensor([1, .nan, 3]))
    #expect(try evaluate(Binary(.maximum), a, b).isIdentical(to: tensor([.nan, .nan, 3])))
    #expect(try evaluate(Binary(.minimum), a, b).isIdentical(to: tensor([.nan, .nan, 2])))
  }

  @Test(arguments: [DType.float16, .bfloat16, .float32, .float64])
  func `nextAfter gives the neighbor in the type at hand`(dtype: DType) throws {
    let epsilon = [DType.float16: 0x1p-10, .bfloat16: 0x1p-7, .float32: 0x1p-23, .float64: 0x1p-52][dtype]!
    let (a, b) = (tensor([1, 1, -1, 1], nil, dtype), tensor([2, 0, 0, 1], nil, dtype))
    let expected = [1 + epsilon, 1 - epsilon / 2, -1 + epsilon / 2, 1]
    #expect(try evaluate(Binary(.nextAfter), a, b).doubles == expected)
    let smallest = try evaluate(Binary(.nextAfter), tensor([0], nil, dtype), tensor([-1], nil, dtype)).doubles[0]
    #expect(smallest < 0 && dtype.isSmallest(smallest))
  }

  @Test func `shares the derivative at ties, and is 0 where the documentation says so`() throws {
    #expect(try gradients(of: Binary(.maximum), at: [tensor([2]), tensor([2])]) == [[0.5], [0.5]])
    #expect(try gradients(of: Binary(.minimum), at: [tensor([2]), tensor([2])]) == [[0.5], [0.5]])
    #expect(try gradients(of: Binary(.hypot), at: [tensor([0]), tensor([0])]) == [[0], [0]])
    #expect(try gradients(of: Binary(.power), at: [tensor([0]), tensor([2])]) == [[0], [0]])
    #expect(try gradients(of: Binary(.power), at: [tensor([0]), tensor([1])]) == [[1], [0]])
    #expect(try gradients(of: Binary(.power), at: [tensor([0]), tensor([0])]) == [[0], [0]])
    #expect(try gradients(of: Binary(.power), at: [tensor([-2]), tensor([3])])[0] == [12])
  }

  @Test func `the second derivative of a square at 0 is 2`() throws {
    var program = ReferenceProgram(inputs: [TensorType(.float64, [1]), TensorType(.float64, [1])])
    let (x, seed) = (program.inputs[0], program.inputs[1])
    let two = program.graph.scalar(2, .float64)
    program.outputs = try [program.graph.binary(.power, x, two)]
    program.outputs = try program.pullback([seed], to: [x]).compactMap { $0 }
    program.outputs = try program.pullback([seed], to: [x]).compactMap { $0 }
    #expect(try program.run([tensor([0]), tensor([1])])[0].doubles == [2])
  }

  @Test func `names both shapes and the axis where they do not broadcast`() {
    let error = #expect(throws: GraphError.self) {
      try Binary(.add).resultType(TensorType(.float32, [2, 3]), TensorType(.float32, [2, 4]))
    }
    #expect(error?.description == "add: shapes do not broadcast: [2, 3] and [2, 4] (axis -1: 3 and 4)")
  }
}

extension DType {
  /// Whether half of the number, in this type, is 0.
  fileprivate func isSmallest(_ value: Double) -> Bool { Literal(value / 2, self).doubleValue == 0 }
}
