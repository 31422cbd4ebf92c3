import Martlet

extension OperatorTable {
  /// Functions of every element.
  static let elementwise: [Operator] = [
    .unary("Abs") { abs($0) }, .unary("Neg") { -$0 }, .unary("Sign") { sign($0) },
    .unary("Exp") { exp($0) }, .unary("Log") { log($0) }, .unary("Sqrt") { sqrt($0) },
    .unary("Reciprocal") { reciprocal($0) }, .unary("Erf") { erf($0) },
    .unary("Floor") { floor($0) }, .unary("Ceil") { ceil($0) }, .unary("Round") { round($0) },
    .unary("Sin") { sin($0) }, .unary("Cos") { cos($0) }, .unary("Tan") { tan($0) },
    .unary("Asin") { asin($0) }, .unary("Acos") { acos($0) }, .unary("Atan") { atan($0) },
    .unary("Sinh") { sinh($0) }, .unary("Cosh") { cosh($0) }, .unary("Tanh") { tanh($0) },
    .unary("Asinh") { asinh($0) }, .unary("Acosh") { acosh($0) }, .unary("Atanh") { atanh($0) },
    .unary("IsNaN") { isNaN($0) }, .unary("Not") { !$0 }, .unary("BitwiseNot") { !$0 },
    Operator("IsInf") { call in [try isInf(&call)] },
    Operator("Identity") { call in [try call.value(0)] },
  ]

  private static func isInf(_ call: inout Call) throws -> ONNXValue {
    let negative = try call.flag("detect_negative", default: true)
    let positive = try call.flag("detect_positive", default: true)
    return .tensor(
      try call.numbers(0).map { x in
        if negative && positive { return isInfinite(x) }
        if negative { return x .== -.infinity }
        return positive ? x .== .infinity : isInfinite(x) & isNaN(x)
      })
  }
}

extension Operator {
  /// A function of every element of one tensor.
  static func unary(
    _ name: String, domain: String = "", versions: ClosedRange<Int> = Operator.allVersions,
    _ function: @escaping @Sendable (Tensor) -> Tensor
  ) -> Operator {
    Operator(name, domain: domain, versions: versions) { call in [.tensor(try call.numbers(0).map(function))] }
  }

  /// A function of every element of one tensor, and of attributes.
  static func unaryWithAttributes(
    _ name: String, domain: String = "", versions: ClosedRange<Int> = Operator.allVersions,
    _ function: @escaping @Sendable (Tensor, Call) throws -> Tensor
  ) -> Operator {
    Operator(name, domain: domain, versions: versions) { call in
      let node = call
      return [.tensor(try call.numbers(0).map { try function($0, node) })]
    }
  }

  /// A function of two elements with broadcasting.
  static func binary(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> Operator {
    Operator(name) { call in [.tensor(try call.numbers(0).combined(with: call.numbers(1), function))] }
  }

  /// A function of two elements that is applied along any number of inputs.
  static func variadic(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> Operator {
    Operator(name) { call in [.tensor(try call.folded(function))] }
  }
}

extension Call {
  /// The inputs, joined from the first to the last by a function of two elements.
  func folded(_ function: (Tensor, Tensor) throws -> Tensor) throws -> ONNXTensor {
    var result = try numbers(0)
    for place in stride(from: 1, to: inputCount, by: 1) { result = try result.combined(with: numbers(place), function) }
    return result
  }
}
