import MartletGraph

/// How the values that meet in one place, or the rows of one segment, become one.
public enum ScatterReduction: Sendable, Hashable, CaseIterable {
  case sum, product, mean, max, min

  var combination: Scatter.Combination {
    switch self {
    case .sum, .mean: .add
    case .product: .multiply
    case .max: .max
    case .min: .min
    }
  }

  /// What changes nothing: 0 for `sum` and `mean`, 1 for `product`, else an infinity or the type's bound.
  func identity(_ dtype: DType) -> Double {
    switch self {
    case .sum, .mean: 0
    case .product: 1
    case .max: dtype.least
    case .min: dtype.greatest
    }
  }
}

extension DType {
  /// The number below all others of the type, or the nearest to it that a double tells the type of.
  var least: Double {
    if isFloatingPoint { return -.infinity }
    return isUnsigned || self == .bool ? 0 : -Double(sign: .plus, exponent: sizeInBytes * 8 - 1, significand: 1)
  }

  /// The number above all others of the type.
  var greatest: Double {
    if isFloatingPoint { return .infinity }
    if self == .bool { return 1 }
    return Double(sign: .plus, exponent: sizeInBytes * 8 - (isUnsigned ? 0 : 1), significand: 1) - 1
  }
}
