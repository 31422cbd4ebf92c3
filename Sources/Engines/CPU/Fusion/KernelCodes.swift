import MartletGraph
import MartletKernels

// The numbers by which the interpreter of row programs knows functions; orders differ from those of the graph.

extension Unary.Kind {
  /// The function for elements of `dtype`; nil where integers are left as they are or the answer does not depend on
  /// the value.
  func code(_ dtype: DType) -> martlet_unary? {
    switch self {
    case .floor, .ceil, .round, .truncate: dtype.isFloatingPoint ? roundingCode : nil
    case .isNaN: dtype.isFloatingPoint ? MARTLET_UNARY_ISNAN : nil
    case .isInfinite: dtype.isFloatingPoint ? MARTLET_UNARY_ISINF : nil
    case .isFinite: dtype.isFloatingPoint ? MARTLET_UNARY_ISFINITE : nil
    case .not: dtype == .bool ? MARTLET_UNARY_LOGICAL_NOT : MARTLET_UNARY_BITWISE_NOT
    case .negate: MARTLET_UNARY_NEGATE
    case .abs: MARTLET_UNARY_ABS
    case .sign: MARTLET_UNARY_SIGN
    case .bitCount: MARTLET_UNARY_BIT_COUNT
    default: functionCode
    }
  }

  private var roundingCode: martlet_unary {
    switch self {
    case .floor: MARTLET_UNARY_FLOOR
    case .ceil: MARTLET_UNARY_CEIL
    case .round: MARTLET_UNARY_ROUND
    default: MARTLET_UNARY_TRUNC
    }
  }

  private var functionCode: martlet_unary {
    switch self {
    case .exp: MARTLET_UNARY_EXP
    case .exp2: MARTLET_UNARY_EXP2
    case .expm1: MARTLET_UNARY_EXPM1
    case .log: MARTLET_UNARY_LOG
    case .log2: MARTLET_UNARY_LOG2
    case .log1p: MARTLET_UNARY_LOG1P
    case .sqrt: MARTLET_UNARY_SQRT
    case .rsqrt: MARTLET_UNARY_RSQRT
    case .cbrt: MARTLET_UNARY_CBRT
    case .reciprocal: MARTLET_UNARY_RECIPROCAL
    case .sin: MARTLET_UNARY_SIN
    case .cos: MARTLET_UNARY_COS
    case .tan: MARTLET_UNARY_TAN
    case .asin: MARTLET_UNARY_ASIN
    case .acos: MARTLET_UNARY_ACOS
    case .atan: MARTLET_UNARY_ATAN
    case .sinh: MARTLET_UNARY_SINH
    case .cosh: MARTLET_UNARY_COSH
    case .tanh: MARTLET_UNARY_TANH
    case .asinh: MARTLET_UNARY_ASINH
    case .acosh: MARTLET_UNARY_ACOSH
    case .atanh: MARTLET_UNARY_ATANH
    case .sigmoid: MARTLET_UNARY_SIGMOID
    case .erf: MARTLET_UNARY_ERF
    case .logGamma: MARTLET_UNARY_LOG_GAMMA
    case .digamma: MARTLET_UNARY_DIGAMMA
    case .besselI0Scaled: MARTLET_UNARY_BESSEL_I0_SCALED
    case .besselI1Scaled: MARTLET_UNARY_BESSEL_I1_SCALED
    case .besselJ0: MARTLET_UNARY_BESSEL_J0
    case .besselJ1: MARTLET_UNARY_BESSEL_J1
    case .besselY0: MARTLET_UNARY_BESSEL_Y0
    case .besselY1: MARTLET_UNARY_BESSEL_Y1
    default: MARTLET_UNARY_ERFC
    }
  }

  /// Whether the function costs so much that its result is kept rather than computed again.
  var isExpensive: Bool {
    switch self {
    case .negate, .abs, .sign, .not, .isNaN, .isInfinite, .isFinite, .floor, .ceil, .round, .truncate: false
    case .bitCount: false
    default: true
    }
  }
}

extension Binary.Kind {
  func code(_ dtype: DType) -> martlet_binary {
    switch self {
    case .add: MARTLET_BINARY_ADD
    case .subtract: MARTLET_BINARY_SUBTRACT
    case .multiply: MARTLET_BINARY_MULTIPLY
    case .divide: MARTLET_BINARY_DIVIDE
    case .floorDivide: MARTLET_BINARY_FLOOR_DIVIDE
    case .remainder: MARTLET_BINARY_REMAINDER
    case .modulo: MARTLET_BINARY_MODULO
    case .power: MARTLET_BINARY_POWER
    // For bool the larger of two is "or", the smaller "and".
    case .maximum: dtype == .bool ? MARTLET_BINARY_OR : MARTLET_BINARY_MAXIMUM
    case .minimum: dtype == .bool ? MARTLET_BINARY_AND : MARTLET_BINARY_MINIMUM
    case .atan2: MARTLET_BINARY_ATAN2
    case .hypot: MARTLET_BINARY_HYPOT
    case .copySign: MARTLET_BINARY_COPYSIGN
    case .nextAfter: MARTLET_BINARY_NEXTAFTER
    case .and: MARTLET_BINARY_AND
    case .or: MARTLET_BINARY_OR
    case .xor: MARTLET_BINARY_XOR
    case .shiftLeft: MARTLET_BINARY_SHIFT_LEFT
    case .shiftRight: dtype.isSigned ? MARTLET_BINARY_SHIFT_RIGHT_ARITHMETIC : MARTLET_BINARY_SHIFT_RIGHT_LOGICAL
    case .gcd: MARTLET_BINARY_GCD
    case .zeta: MARTLET_BINARY_ZETA
    }
  }

  var isExpensive: Bool {
    switch self {
    case .add, .subtract, .multiply, .maximum, .minimum, .and, .or, .xor, .copySign: false
    default: true
    }
  }
}

extension Compare.Kind {
  var code: martlet_compare {
    switch self {
    case .equal: MARTLET_COMPARE_EQ
    case .notEqual: MARTLET_COMPARE_NE
    case .less: MARTLET_COMPARE_LT
    case .lessOrEqual: MARTLET_COMPARE_LE
    case .greater: MARTLET_COMPARE_GT
    case .greaterOrEqual: MARTLET_COMPARE_GE
    }
  }
}

extension Reduce.Kind {
  var code: martlet_reduction {
    switch self {
    case .sum, .any: MARTLET_REDUCE_SUM
    case .product, .all: MARTLET_REDUCE_PRODUCT
    case .max: MARTLET_REDUCE_MAX
    case .min: MARTLET_REDUCE_MIN
    }
  }
}
