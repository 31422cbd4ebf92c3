// Derivatives of the gamma and Bessel functions (DLMF 5.15, 10.6, 10.29).

extension Unary {
  /// `v` times ψ, or times ψ', which is ζ(2, x).
  func gammaProduct(_ v: Value, _ x: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    if kind == .logGamma { return try graph.multiply(v, graph.unary(.digamma, x)) }
    return try graph.multiply(v, graph.binary(.zeta, graph.scalar(2, like: x), x))
  }

  /// The derivative of a Bessel function at `x`, where it has the value `y`.
  func besselSlope(_ x: Value, _ y: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    switch kind {
    case .besselJ0: return try graph.negate(graph.unary(.besselJ1, x))
    case .besselY0: return try graph.negate(graph.unary(.besselY1, x))
    case .besselJ1: return try graph.subtract(graph.unary(.besselJ0, x), quotient(y, x, in: &graph))
    case .besselY1: return try graph.subtract(graph.unary(.besselY0, x), graph.divide(y, x))
    case .besselI0Scaled:
      // The factor exp(-|x|) takes away sign(x) times the function itself.
      return try graph.subtract(graph.unary(.besselI1Scaled, x), graph.multiply(y, graph.unary(.sign, x)))
    default:
      let own = try graph.multiply(y, graph.unary(.sign, x))
      let slope = try graph.subtract(graph.unary(.besselI0Scaled, x), quotient(y, x, in: &graph))
      return try graph.subtract(slope, own)
    }
  }

  /// y / x of a function that begins with x / 2.
  private func quotient(_ y: Value, _ x: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let isOrigin = try graph.compare(.equal, x, graph.scalar(0, like: x))
    let divisor = try graph.select(isOrigin, graph.scalar(1, like: x), x)
    return try graph.select(isOrigin, graph.scalar(0.5, like: x), graph.divide(y, divisor))
  }
}
