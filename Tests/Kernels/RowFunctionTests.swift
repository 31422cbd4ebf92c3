import MartletKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A unary operation, what it should give, and the errors it may make.
struct ElementaryFunction: Sendable, CustomTestStringConvertible {
  var kind: martlet_unary
  var name: String
  var exact: @Sendable (Double) -> Double
  /// In units of the last place.
  var allowed = 2.0
  var testDescription: String { name }
}

private let elementary: [ElementaryFunction] = [
  .init(kind: MARTLET_UNARY_EXP, name: "exp", exact: exp),
  .init(kind: MARTLET_UNARY_EXP2, name: "exp2", exact: exp2),
  .init(kind: MARTLET_UNARY_EXPM1, name: "expm1", exact: expm1),
  .init(kind: MARTLET_UNARY_LOG, name: "log", exact: log),
  .init(kind: MARTLET_UNARY_LOG2, name: "log2", exact: log2),
  .init(kind: MARTLET_UNARY_LOG1P, name: "log1p", exact: log1p),
  .init(kind: MARTLET_UNARY_SQRT, name: "sqrt", exact: { $0.squareRoot() }),
  .init(kind: MARTLET_UNARY_RSQRT, name: "rsqrt", exact: { 1 / $0.squareRoot() }),
  .init(kind: MARTLET_UNARY_CBRT, name: "cbrt", exact: cbrt),
  .init(kind: MARTLET_UNARY_SIN, name: "sin", exact: sin),
  .init(kind: MARTLET_UNARY_COS, name: "cos", exact: cos),
  .init(kind: MARTLET_UNARY_TAN, name: "tan", exact: tan),
  .init(kind: MARTLET_UNARY_ASIN, name: "asin", exact: asin),
  .init(kind: MARTLET_UNARY_ACOS, name: "acos", exact: acos),
  .init(kind: MARTLET_UNARY_ATAN, name: "atan", exact: atan),
  .init(kind: MARTLET_UNARY_SINH, name: "sinh", exact: sinh),
  .init(kind: MARTLET_UNARY_COSH, name: "cosh", exact: cosh),
  .init(kind: MARTLET_UNARY_TANH, name: "tanh", exact: tanh),
  .init(kind: MARTLET_UNARY_ASINH, name: "asinh", exact: asinh),
  .init(kind: MARTLET_UNARY_ACOSH, name: "acosh", exact: acosh),
  .init(kind: MARTLET_UNARY_ATANH, name: "atanh", exact: atanh),
  .init(kind: MARTLET_UNARY_SIGMOID, name: "sigmoid", exact: { 1 / (1 + exp(-$0)) }),
  .init(kind: MARTLET_UNARY_ERF, name: "erf", exact: erf),
  .init(kind: MARTLET_UNARY_ERFC, name: "erfc", exact: erfc, allowed: 4),
  .init(kind: MARTLET_UNARY_FLOOR, name: "floor", exact: { $0.rounded(.down) }),
  .init(kind: MARTLET_UNARY_ROUND, name: "round", exact: { $0.rounded(.toNearestOrEven) }),
  .init(kind: MARTLET_UNARY_RECIPROCAL, name: "reciprocal", exact: { 1 / $0 }),
]

extension KernelTests {
  @Suite struct RowFunctionTests {
    private func apply(_ kind: martlet_unary, _ x: [Float]) -> [Float] {
      let program = RowProgram(sizes: [], columns: x.count)
      let a = program.operand(MARTLET_F32, strides: [], columnStride: 1)
      let b = program.operand(MARTLET_F32, strides: [], columnStride: 1)
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: a)
      program.emit(MARTLET_ROW_UNARY, MARTLET_F32, kind: kind.rawValue, to: 0, 0)
      program.emit(MARTLET_ROW_STORE, MARTLET_F32, 0, index: b)
      var x = x, out = [Float](repeating: 0, count: x.count)
      x.lent { x in out.lent { out in _ = program.run([x, out]) } }
      return out
    }

    /// Every 65,537th float of all, so both signs, all exponents, infinities and NaN; and the points around
    /// which functions change their formula.
    private var samples: [Float] {
      let spread = stride(from: UInt64(0), through: 0xFFFF_FFFF, by: 65_537).map { Float(bitPattern: UInt32($0)) }
      let special: [Float] = [0, -0.0, .infinity, -.infinity, .nan, 1, -1, 0.5, 0.625, 0.94, 88.7, -103.9, 1e30, 3e38]
      return spread + special + special.map(\.nextUp) + special.map(\.nextDown) + noise(4000).map { 9 * $0 }
    }

    @Test(arguments: elementary)
    func `is within two units of the last place everywhere, erfc four, in the same bits`(function: ElementaryFunction) {
      let x = samples
      let results = underEachSet { apply(function.kind, x) }
      for (i, value) in results[0].enumerated() {
        let exact = function.exact(Double(x[i]))
        #expect(
          unitsInLastPlace(value, exact) <= function.allowed, "\(function.name)(\(x[i])) gave \(value), not \(exact)")
        if exact == 0 { #expect((value.sign == .minus) == (exact.sign == .minus), "sign of \(function.name)(\(x[i]))") }
      }
      for other in results.dropFirst() {
        #expect(zip(other, results[0]).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) })
      }
    }

    private func apply(_ kind: martlet_binary, _ x: [Float], _ y: [Float]) -> [Float] {
      let program = RowProgram(sizes: [], columns: x.count)
      let operands = (0..<3).map { _ in program.operand(MARTLET_F32, strides: [], columnStride: 1) }
      program.stage()
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 0, index: operands[0])
      program.emit(MARTLET_ROW_LOAD, MARTLET_F32, to: 1, index: operands[1])
      program.emit(MARTLET_ROW_BINARY, MARTLET_F32, kind: kind.rawValue, to: 0, 0, 1)
      program.emit(MARTLET_ROW_STORE, MARTLET_F32, 0, index: operands[2])
      var x = x, y = y, out = [Float](repeating: 0, count: x.count)
      x.lent { x in y.lent { y in out.lent { out in _ = program.run([x, y, out]) } } }
      return out
    }

    @Test func `powers, angles and lengths follow C at every pair of special values`() {
      let values: [Float] = [
        0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 0x1p-133, -0x1p-133, 1e30, -1e30, 16_777_216, -16_777_215, .infinity,
        -.infinity, .nan,
      ]
      let x = values.flatMap { v in values.map { _ in v } } + noise(2000).map { abs($0) * 20 }
      let y = values.flatMap { _ in values } + noise(2000, seed: 9).map { $0 * 12 }
      let functions: [(martlet_binary, @Sendable (Double, Double) -> Double)] = [
        (MARTLET_BINARY_POWER, { pow($0, $1) }), (MARTLET_BINARY_ATAN2, { atan2($0, $1) }),
        (MARTLET_BINARY_HYPOT, { hypot($0, $1) }), (MARTLET_BINARY_REMAINDER, { fmod($0, $1) }),
      ]
      for (kind, exact) in functions {
        for out in underEachSet({ apply(kind, x, y) }) {
          for i in out.indices {
            let expected = exact(Double(x[i]), Double(y[i]))
            #expect(unitsInLastPlace(out[i], expected) <= 2, "\(kind.rawValue): \(x[i]), \(y[i]) gave \(out[i])")
          }
        }
      }
    }
  }
}
