import MartletGraph
import MartletTestSupport
import Testing

@Suite struct CompareTests {
  @Test(arguments: Compare.Kind.allCases, [DType.float64, .bfloat16, .int8, .uint64, .bool])
  func `states only what holds`(kind: Compare.Kind, dtype: DType) {
    let a = ReferenceTensor.random(TensorType(dtype, [2, 3]), seed: 1)
    let b = ReferenceTensor.random(TensorType(dtype, [3]), seed: 2)
    #expect(RuleChecks(Compare(kind), [a, b]).failures() == [])
  }

  @Test func `NaN is unequal to everything`() throws {
    let (a, b) = (tensor([.nan, .nan]), tensor([1, .nan]))
    for kind in Compare.Kind.allCases {
      #expect(try evaluate(Compare(kind), a, b).integers == (kind == .notEqual ? [1, 1] : [0, 0]))
    }
  }

  @Test func `compares 64-bit numbers without a sign beyond the signed range`() throws {
    let (a, b) = (integers([-1], nil, .uint64), integers([1], nil, .uint64))
    #expect(try evaluate(Compare(.greater), a, b).integers == [1])
  }
}

@Suite struct SelectTests {
  @Test(
    arguments: [[[2, 3], [2, 3], [2, 3]], [[2, 1], [3], []], [[3], [2, 1], [2, 3]], [[], [2, 0], [1]]] as [[Shape]])
  func `states only what holds`(shapes: [Shape]) {
    let condition = ReferenceTensor.random(TensorType(.bool, shapes[0]), seed: 1)
    let a = ReferenceTensor.random(TensorType(.float64, shapes[1]), seed: 2)
    let b = ReferenceTensor.random(TensorType(.float64, shapes[2]), seed: 3)
    #expect(RuleChecks(Select(), [condition, a, b]).failures() == [])
  }

  @Test func `takes from one side or the other`() throws {
    let condition = integers([1, 0], nil, .bool)
    #expect(try evaluate(Select(), condition, tensor([1, 2]), tensor([.nan, 4])).doubles == [1, 4])
    let (a, b) = (integers([1, 2]), integers([3, 4]))
    #expect(try evaluate(Select(), condition, a, b).integers == [1, 4])
  }
}

@Suite struct CastTests {
  @Test(arguments: DType.allCases, DType.allCases)
  func `states only what holds`(source: DType, target: DType) {
    var checks = RuleChecks(Cast(to: target), [.random(TensorType(source, [2, 3]), in: 1.1...1.9, seed: 1)])
    // Steps of numerical derivatives would be lost in a narrow type.
    if target != .float64 && target.isFloatingPoint { checks.order = 0 }
    #expect(checks.failures() == [])
  }

  @Test func `truncates, saturates and forgets NaN on the way to integers`() throws {
    let x = tensor([1.9, -1.9, 300, -300, .nan, .infinity])
    #expect(try evaluate(Cast(to: .int8), x).integers == [1, -1, 127, -128, 0, 127])
    #expect(try evaluate(Cast(to: .uint8), x).integers == [1, 0, 255, 0, 0, 255])
    #expect(try evaluate(Cast(to: .bool), x).integers == [1, 1, 1, 1, 1, 1])
  }

  @Test func `integers wrap to narrower ones and round once to floats`() throws {
    #expect(try evaluate(Cast(to: .int8), integers([300, -129])).integers == [44, 127])
    // 2⁶³ + 2³⁹ + 1 lies above the middle of two floats; by way of a double it would fall on the middle.
    let x = integers([Int64.min + (1 << 39) + 1], nil, .uint64)
    #expect(try evaluate(Cast(to: .float32), x).doubles == [0x1p63 + 0x1p40])
  }

  @Test func `passes cotangents back in the operand's type`() throws {
    #expect(try gradients(of: Cast(to: .bfloat16), at: [tensor([1.5], nil, .float32)]) == [[1]])
  }
}

@Suite struct BitCastTests {
  @Test func `reads the bits of a float and gives them back`() throws {
    let bits = try evaluate(BitCast(to: .uint32), tensor([1, -2], nil, .float32))
    #expect(bits.integers == [0x3F80_0000, 0xC000_0000])
    #expect(try evaluate(BitCast(to: .float32), bits).doubles == [1, -2])
    #expect(try evaluate(BitCast(to: .int16), tensor([-1], nil, .float16)).integers == [-0x4400])
    var checks = RuleChecks(BitCast(to: .uint64), [.random(TensorType(.float64, [2, 3]), seed: 1)])
    checks.order = 0
    #expect(checks.failures() == [])
  }

  @Test func `has no derivative`() {
    #expect(throws: GraphError.self) { try gradients(of: BitCast(to: .float32), at: [tensor([1], nil, .float32)]) }
  }
}

@Suite struct IdentityTests {
  @Test func `a barrier passes everything on`() {
    #expect(RuleChecks(Identity(.barrier), [.random(TensorType(.float64, [2, 3]), seed: 1)]).failures() == [])
  }

  @Test func `stopGradient has no derivative, but is no constant to other rules`() throws {
    #expect(try gradients(of: Identity(.stopGradient), at: [tensor([1])]) == [[]])
    var checks = RuleChecks(Identity(.stopGradient), [.random(TensorType(.float64, [2, 3]), seed: 1)])
    checks.order = 0
    #expect(checks.failures() == [])
  }
}
