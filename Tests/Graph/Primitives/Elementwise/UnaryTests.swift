import MartletGraph
import MartletTestSupport
import Testing

@Suite struct UnaryTests {
  private static let floating = Unary.Kind.allCases.filter { $0 != .not && $0 != .bitCount }

  /// Where the function is smooth.
  private func range(_ kind: Unary.Kind) -> ClosedRange<Double> {
    switch kind {
    case .log, .log2, .sqrt, .rsqrt, .cbrt, .reciprocal: 0.5...2.5
    case .logGamma, .digamma, .besselI0Scaled, .besselI1Scaled, .besselY0, .besselY1: 0.5...2.5
    case .log1p, .asin, .acos, .atanh, .tan: -0.7...0.7
    case .acosh: 1.5...3
    default: -1.5...1.5
    }
  }

  @Test(arguments: floating, [[], [3], [2, 3], [2, 0, 3], [1, 1]] as [Shape])
  func `states only what holds`(kind: Unary.Kind, shape: Shape) {
    let type = TensorType(.float64, shape)
    let x =
      switch kind {
      case .abs, .sign, .floor, .ceil, .round, .truncate: ReferenceTensor.distinct(type, seed: 3)
      default: ReferenceTensor.random(type, in: range(kind), seed: 3)
      }
    #expect(RuleChecks(Unary(kind), [x]).failures() == [])
  }

  @Test(arguments: [Unary.Kind.negate, .abs, .sign, .floor, .not, .isNaN, .isInfinite, .isFinite, .bitCount])
  func `states only what holds of integers`(kind: Unary.Kind) {
    for dtype in [DType.int8, .uint8, .int64, .uint64] {
      #expect(RuleChecks(Unary(kind), [.random(TensorType(dtype, [2, 3]), seed: 1)]).failures() == [])
    }
  }

  @Test func `knows the functions at points from tables`() throws {
    // Abramowitz and Stegun, Handbook of Mathematical Functions, tables 4.1 to 4.14, 6.1, 7.1, 9.1 and 9.8.
    let table: [(Unary.Kind, Double, Double)] = [
      (.exp, 1, 2.718281828459045), (.exp2, 3, 8), (.expm1, 1, 1.718281828459045), (.log, 2, 0.6931471805599453),
      (.log2, 8, 3), (.log1p, 1, 0.6931471805599453), (.sqrt, 2, 1.4142135623730951), (.rsqrt, 4, 0.5),
      (.cbrt, 27, 3), (.reciprocal, 8, 0.125), (.sin, 1, 0.8414709848078965), (.cos, 1, 0.5403023058681398),
      (.tan, 1, 1.5574077246549022), (.asin, 1, 1.5707963267948966), (.acos, 0, 1.5707963267948966),
      (.atan, 1, 0.7853981633974483), (.sinh, 1, 1.1752011936438014), (.cosh, 1, 1.5430806348152437),
      (.tanh, 1, 0.7615941559557649), (.asinh, 1, 0.881373587019543), (.acosh, 2, 1.3169578969248166),
      (.atanh, 0.5, 0.5493061443340549), (.sigmoid, 1, 0.7310585786300049), (.erf, 0.5, 0.5204998778130465),
      (.erfc, 0.5, 0.4795001221869535), (.logGamma, 0.5, 0.5723649429247001), (.digamma, 1, -0.5772156649015329),
      (.besselI0Scaled, 1, 0.4657596075936404), (.besselI1Scaled, 1, 0.2079104153497085),
      (.besselJ0, 1, 0.7651976865579666), (.besselJ1, 1, 0.4400505857449335), (.besselY0, 1, 0.0882569642156769),
      (.besselY1, 1, -0.7812128213002887),
    ]
    for (kind, x, y) in table {
      let value = try evaluate(Unary(kind), tensor([x])).doubles[0]
      #expect(abs(value - y) <= 4e-16 * max(1, abs(y)), "\(kind)")
    }
  }

  @Test func `rounds ties to even, and the other ways as they are called`() throws {
    let x = tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    #expect(try evaluate(Unary(.round), x).doubles == [-2, -2, 0, 0, 2, 2])
    #expect(try evaluate(Unary(.floor), x).doubles == [-3, -2, -1, 0, 1, 2])
    #expect(try evaluate(Unary(.ceil), x).doubles == [-2, -1, 0, 1, 2, 3])
    #expect(try evaluate(Unary(.truncate), x).doubles == [-2, -1, 0, 0, 1, 2])
  }

  @Test func `wraps integers, of which the smallest has no opposite`() throws {
    let x = integers([-128, -1, 0, 127], nil, .int8)
    #expect(try evaluate(Unary(.negate), x).integers == [-128, 1, 0, -127])
    #expect(try evaluate(Unary(.abs), x).integers == [-128, 1, 0, 127])
    #expect(try evaluate(Unary(.sign), x).integers == [-1, -1, 0, 1])
    #expect(try evaluate(Unary(.negate), integers([1, 0], nil, .uint8)).integers == [255, 0])
    // All bits set: -1 as a pattern, the largest as a number.
    #expect(try evaluate(Unary(.sign), integers([-1], nil, .uint64)).integers == [1])
    #expect(try evaluate(Unary(.not), integers([0, 1], nil, .bool)).integers == [1, 0])
    #expect(try evaluate(Unary(.not), integers([0, 5], nil, .uint8)).integers == [255, 250])
  }

  @Test func `counts the bits of integers of every width`() throws {
    #expect(try evaluate(Unary(.bitCount), integers([-1, 0, 5], nil, .int8)).integers == [8, 0, 2])
    #expect(try evaluate(Unary(.bitCount), integers([-1, 256], nil, .uint64)).integers == [64, 1])
  }

  @Test func `the gamma family knows its poles`() throws {
    #expect(try evaluate(Unary(.logGamma), tensor([0, -1, -2])).doubles == [.infinity, .infinity, .infinity])
    let slopes = try evaluate(Unary(.digamma), tensor([0, -0.0, -1])).doubles
    #expect(slopes[0] == -.infinity && slopes[1] == .infinity && slopes[2].isNaN)
  }

  @Test func `finds NaN and infinities`() throws {
    let x = tensor([0, .nan, .infinity, -.infinity])
    #expect(try evaluate(Unary(.isNaN), x).integers == [0, 1, 0, 0])
    #expect(try evaluate(Unary(.isInfinite), x).integers == [0, 0, 1, 1])
    #expect(try evaluate(Unary(.isFinite), x).integers == [1, 0, 0, 0])
  }

  @Test(arguments: [
    (Unary.Kind.abs, 0.0), (.sqrt, .infinity), (.cbrt, .infinity), (.besselJ1, 0.5), (.besselI1Scaled, 0.5),
  ])
  func `has the documented derivative at 0`(kind: Unary.Kind, derivative: Double) throws {
    #expect(try gradients(of: Unary(kind), at: [tensor([0])])[0] == [derivative])
  }

  @Test func `expm1 keeps its derivative's digits where the function is nearly -1`() throws {
    let gradient = try gradients(of: Unary(.expm1), at: [tensor([-30])])[0][0]
    // exp(-30), from bc -l with scale=30.
    #expect(abs(gradient / 9.357622968840175e-14 - 1) < 1e-14)
  }

  @Test func `refuses element types that a function does not have`() {
    #expect(throws: GraphError.self) { try evaluate(Unary(.exp), integers([1])) }
    #expect(throws: GraphError.self) { try evaluate(Unary(.not), tensor([1.0])) }
    #expect(throws: GraphError.self) { try evaluate(Unary(.negate), integers([1], nil, .bool)) }
  }
}

/// The gradients of the sum of an operation's results.
func gradients(of operation: any PrimitiveRules, at operands: [ReferenceTensor]) throws -> [[Double]] {
  var program = ReferenceProgram(inputs: operands.map(\.type))
  program.outputs = try program.apply(operation, program.inputs)
  let sources = program.inputs.filter { program.graph.type($0).dtype.isFloatingPoint }
  let one = try program.graph.ones(program.graph.type(program.outputs[0]))
  let cotangents = try program.pullback([one], to: sources)
  program.outputs = cotangents.compactMap { $0 }
  var computed = try program.run(operands).makeIterator()
  return cotangents.map { $0 == nil ? [] : computed.next()!.doubles }
}
