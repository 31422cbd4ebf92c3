import MartletGraph

/// The larger of *x* and 0; NaN stays. The derivative at 0 is 0.
public func relu(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("relu", fileID, line) { c in
    let zero = try c.scalar(0, x.dtype)
    return try c.select(c.compare(.lessOrEqual, x, zero), zero, x)
  }
}

/// *x* kept inside 0...6.
public func relu6(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("relu6", fileID, line) { c in try c.clip(x, 0, 6) }
}

/// *x* where it is positive, `negativeSlope` · *x* elsewhere.
public func leakyReLU(
  _ x: Tensor, negativeSlope: Double = 0.01, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("leakyReLU", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.select(c.compare(.greater, x, 0), x, c.binary(.multiply, x, negativeSlope))
  }
}

/// *x* where it is positive, `alpha` · (*eˣ* - 1) elsewhere.
///
/// - Note: Clevert, Unterthiner and Hochreiter, *Fast and accurate deep network learning by exponential linear units*,
///   ICLR 2016.
public func elu(
  _ x: Tensor, alpha: Double = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("elu", fileID, line) { c in try c.elu(x, alpha: alpha) }
}

/// The exponential linear unit whose constants keep mean 0 and variance 1.
///
/// - Note: Klambauer et al., *Self-normalizing neural networks*, NeurIPS 2017.
public func selu(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("selu", fileID, line) { c in
    try c.binary(.multiply, c.elu(x, alpha: 1.6732632423543772), 1.0507009873554805)
  }
}

/// How ``gelu(_:approximation:fileID:line:)`` computes the normal distribution.
public enum GELUApproximation: Sendable, Hashable {
  /// By the error function.
  case none
  /// By a hyperbolic tangent, as GPT-2 and BERT were trained; differs by up to 5e-4.
  case tanh
}

/// *x* times the probability that a standard normal number is below *x*.
///
/// - Note: Hendrycks and Gimpel, *Gaussian error linear units*, 2016.
public func gelu(
  _ x: Tensor, approximation: GELUApproximation = .none, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("gelu", fileID, line) { c in
    try checkFloatingPoint(x)
    let half = try c.binary(.multiply, x, 0.5)
    switch approximation {
    case .none:
      // erfc keeps its digits where x is far below 0; 1 + erf would cancel there.
      return try c.binary(.multiply, half, c.unary(.erfc, c.binary(.multiply, x, -(0.5.squareRoot()))))
    case .tanh:
      let cube = try c.binary(.multiply, c.binary(.multiply, x, x), x)
      let inner = try c.binary(.add, x, c.binary(.multiply, cube, 0.044715))
      let tanh = try c.unary(.tanh, c.binary(.multiply, inner, (2 / Double.pi).squareRoot()))
      return try c.binary(.multiply, half, c.binary(.add, tanh, 1))
    }
  }
}

/// *x* times its sigmoid, also known as swish.
///
/// - Note: Elfwing, Uchibe and Doya, *Neural Networks* 107 (2018).
public func silu(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("silu", fileID, line) { c in try c.binary(.multiply, x, c.unary(.sigmoid, x)) }
}

/// log(1 + *eˣ*), a smooth ``relu(_:fileID:line:)``, without overflow.
public func softplus(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("softplus", fileID, line) { c in try c.softplus(x) }
}

/// The logarithm of the sigmoid, without underflow.
public func logSigmoid(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("logSigmoid", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.unary(.negate, c.softplus(c.unary(.negate, x)))
  }
}

/// *x* / (1 + |*x*|).
public func softsign(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("softsign", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.binary(.divide, x, c.binary(.add, c.unary(.abs, x), 1))
  }
}

/// *x* · tanh(softplus(*x*)).
///
/// - Note: Misra, *Mish: a self regularized non-monotonic activation function*, BMVC 2020.
public func mish(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("mish", fileID, line) { c in try c.binary(.multiply, x, c.unary(.tanh, c.softplus(x))) }
}

/// *x* / 6 + 1/2 kept inside 0...1.
public func hardSigmoid(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("hardSigmoid", fileID, line) { c in try c.hardSigmoid(x) }
}

/// *x* · hardSigmoid(*x*).
///
/// - Note: Howard et al., *Searching for MobileNetV3*, ICCV 2019.
public func hardSwish(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("hardSwish", fileID, line) { c in try c.binary(.multiply, x, c.hardSigmoid(x)) }
}

/// *x* kept inside -1...1.
public func hardTanh(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("hardTanh", fileID, line) { c in try c.clip(x, -1, 1) }
}

/// The first half along an axis times the sigmoid of the second half.
///
/// - Returns: The shape of `x`, with `axis` half as long.
/// - Precondition: The axis has an even size.
/// - Note: Dauphin et al., *Language modeling with gated convolutional networks*, ICML 2017.
public func glu(
  _ x: Tensor, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("glu", fileID, line) { c in
    let axis = try checkedAxis(axis, x.shape)
    let size = x.shape[axis]
    if size % 2 != 0 { throw mistake("axis \(axis) of \(x.shape) does not have two halves") }
    let gate = try c.unary(.sigmoid, c.slice(x, size / 2..<size, axis: axis))
    return try c.binary(.multiply, c.slice(x, 0..<size / 2, axis: axis), gate)
  }
}

extension Composition {
  func elu(_ x: Tensor, alpha: Double) throws(GraphError) -> Tensor {
    let isPositive = try compare(.greater, x, 0)
    // The exponential of a large number is infinite, and so would be its derivative, times 0.
    let negative = try unary(.expm1, select(isPositive, 0, x))
    return try select(isPositive, x, binary(.multiply, negative, alpha))
  }

  func softplus(_ x: Tensor) throws(GraphError) -> Tensor {
    try checkFloatingPoint(x)
    let tail = try unary(.log1p, unary(.exp, unary(.negate, unary(.abs, x))))
    return try binary(.add, binary(.maximum, x, 0), tail)
  }

  func hardSigmoid(_ x: Tensor) throws(GraphError) -> Tensor {
    try checkFloatingPoint(x)
    return try clip(binary(.add, binary(.multiply, x, 1.0 / 6), 0.5), 0, 1)
  }
}
