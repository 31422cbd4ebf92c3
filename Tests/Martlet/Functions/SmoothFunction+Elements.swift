import Martlet
import MartletGraph

// Functions of single elements, and of pairs of them.
extension SmoothFunction {
  static let elementary: [SmoothFunction] = [
    .init("abs", one(0.2...2)) { [abs($0[0])] },
    .init("abs of negative numbers", one(-2 ... -0.2)) { [abs($0[0])] },
    .init("sign", one(0.2...2)) { [sign($0[0])] },
    .init("exp", one(-2...2)) { [exp($0[0])] },
    .init("exp2", one(-2...2)) { [exp2($0[0])] },
    .init("expm1", one(-2...2)) { [expm1($0[0])] },
    .init("log", one(0.3...3)) { [log($0[0])] },
    .init("log to a base", one(0.3...3)) { [log($0[0], base: 7)] },
    .init("log2", one(0.3...3)) { [log2($0[0])] },
    .init("log10", one(0.3...3)) { [log10($0[0])] },
    .init("log1p", one(-0.7...3)) { [log1p($0[0])] },
    .init("sqrt", one(0.3...3)) { [sqrt($0[0])] },
    .init("rsqrt", one(0.3...3)) { [rsqrt($0[0])] },
    .init("cbrt", one(-3 ... -0.3)) { [cbrt($0[0])] },
    .init("reciprocal", one(-3 ... -0.4)) { [reciprocal($0[0])] },
    .init("square", one(-2...2)) { [square($0[0])] },
    .init("sin", one(-3...3)) { [sin($0[0])] },
    .init("cos", one(-3...3)) { [cos($0[0])] },
    .init("tan", one(-1...1)) { [tan($0[0])] },
    .init("asin", one(-0.8...0.8)) { [asin($0[0])] },
    .init("acos", one(-0.8...0.8)) { [acos($0[0])] },
    .init("atan", one(-3...3)) { [atan($0[0])] },
    .init("sinh", one(-2...2)) { [sinh($0[0])] },
    .init("cosh", one(-2...2)) { [cosh($0[0])] },
    .init("tanh", one(-2...2)) { [tanh($0[0])] },
    .init("asinh", one(-3...3)) { [asinh($0[0])] },
    .init("acosh", one(1.3...3)) { [acosh($0[0])] },
    .init("atanh", one(-0.8...0.8)) { [atanh($0[0])] },
    .init("sigmoid", one(-4...4)) { [sigmoid($0[0])] },
    .init("radians", one(-200...200)) { [radians($0[0])] },
    .init("degrees", one(-3...3)) { [degrees($0[0])] },
    // Steps: their derivative is 0 wherever they have one.
    .init("floor", one(0.1...0.9)) { [floor($0[0])] },
    .init("ceil", one(0.1...0.9)) { [ceil($0[0])] },
    .init("round", one(-0.4...0.4)) { [round($0[0])] },
    .init("rounded", one(-0.04...0.04)) { [$0[0].rounded(decimals: 1)] },
    .init("trunc", one(0.1...0.9)) { [trunc($0[0])] },
    .init("replacingNonFinite", one(-2...2)) { [$0[0].replacingNonFinite(with: 0), $0[0].replacingNonFinite(nan: 1)] },
    .init("cast", one(-2...2)) { [$0[0].cast(to: .float64) * 2] },
    .init("promoted", one(-2...2)) { x in
      let (a, b) = x[0].promoted(with: Tensor(3 as Float))
      return [a * b]
    },
  ]

  static let operators: [SmoothFunction] = [
    .init("sum, difference, product and quotient", covering: [], two(-2...2, 0.5...2)) { x in
      [x[0] + x[1], x[0] - x[1], x[0] * x[1], x[0] / x[1], -x[0]]
    },
    .init("operators with a number", covering: [], one(0.5...2)) { x in
      [x[0] + 2, 3 - x[0], x[0] * -1.5, 2 / x[0], x[0] / 4]
    },
    .init("power", two(0.5...2, -2...2)) { [power($0[0], $0[1]), power($0[0], 3), power(2, $0[1])] },
    .init("power of negative numbers", one(-2 ... -0.5)) { [power($0[0], 3), power($0[0], -2)] },
    .init("maximum", two(0...1, 1.2...2)) { [maximum($0[0], $0[1]), maximum($0[0], 0.5), maximum(1.5, $0[1])] },
    .init("minimum", two(0.6...1, 1.2...1.4)) { [minimum($0[0], $0[1]), minimum($0[0], 0.5), minimum(1.5, $0[1])] },
    .init("maximumNumber", two(0...1, 1.2...2)) { [maximumNumber($0[0], $0[1])] },
    .init("minimumNumber", two(0...1, 1.2...2)) { [minimumNumber($0[0], $0[1])] },
    .init("atan2", two(0.5...2, -2...2)) { [atan2($0[0], $0[1]), atan2($0[0], 2), atan2(-1, $0[0])] },
    .init("hypot", two(0.5...2, -2...2)) { [hypot($0[0], $0[1])] },
    .init("copySign", two(0.5...2, -2 ... -0.5)) { [copySign($0[0], $0[1])] },
    .init("nextAfter", two(0.5...2, -2...2)) { [nextAfter($0[0], $0[1])] },
    // Quotients between 2 and 3, so that none is near a step.
    .init("floorDivided", two(2.3...2.6, 1...1.1)) { [floorDivided($0[0], $0[1]), floorDivided(-4, $0[0])] },
    .init("modulo", two(2.3...2.6, 1...1.1)) { [modulo($0[0], $0[1]), modulo(-$0[0], $0[1]), modulo($0[0], 2)] },
    .init("remainder", covering: [], two(2.3...2.6, 1...1.1)) { [$0[0] % $0[1], -$0[0] % $0[1], $0[0] % 2] },
    .init("lerp", two(-2...2, -2...2)) {
      [lerp($0[0], $0[1], weight: 0.3), lerp($0[0], $0[1], weight: $0[0] * $0[1])]
    },
    .init("scaledByPowerOfTwo", two(-2...2, -2...2)) { [scaledByPowerOfTwo($0[0], exponents: $0[1])] },
    .init("logAddExp2", two(-2...2, -2...2)) { [logAddExp2($0[0], $0[1])] },
    .init("xlog1py", two(0.5...2, -0.5...2)) { [xlog1py($0[0], $0[1])] },
    .init("select", two(-2...2, 0.5...2)) { [select($0[1] .> 1, $0[0], $0[1]), select($0[1] .> 1, $0[0], 3)] },
    .init("clipped to a range", one(-0.9...0.9)) { [$0[0].clipped(to: -1...1), $0[0].clipped(to: 2...), -$0[0]] },
    .init(
      "broadcasting", covering: [], { shapes.map { [uniform($0, 0.5...2, 1), uniform([2, 1, 2, 1], 0.5...2, 2)] } }
    ) { x in
      [x[0].reshaped(to: [1, x[0].elementCount]) * x[1], power(x[1], x[0].flattened())]
    },
  ]

  static let moreSpecialFunctions: [SmoothFunction] = [
    .init("erf", one(-2...2)) { [erf($0[0])] },
    .init("erfc", one(-2...2)) { [erfc($0[0])] },
    .init("scaledBesselI0", one(-4...4)) { [scaledBesselI0($0[0])] },
    .init("scaledBesselI1", one(-4...4)) { [scaledBesselI1($0[0])] },
    .init("normalCDF", one(-3...3)) { [normalCDF($0[0])] },
    .init("inverseNormalCDF", one(0.1...0.9)) { [inverseNormalCDF($0[0])] },
    .init("logit", one(0.1...0.9)) { [logit($0[0]), logit($0[0], epsilon: 0.01)] },
    .init("entropyTerms", one(0.1...2)) { [entropyTerms($0[0])] },
    .init("multivariateLogGamma", one(1.5...4)) { [multivariateLogGamma($0[0], dimension: 3)] },
  ]
}
