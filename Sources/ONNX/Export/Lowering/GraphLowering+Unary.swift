import MartletGraph

extension GraphLowering {
  /// A function of every element.
  ///
  /// Functions that ONNX lacks are composed so that they are accurate over their whole range in float 32, `erfc` aside,
  /// which is 1 - erf.
  func unary(_ kind: Unary.Kind, _ current: LoweredNode) -> String {
    let (x, dtype) = (current.operands[0], current.node.type.dtype)
    if let name = GraphLowering.standardName(of: kind) { return one(name, [x]) }
    func number(_ value: Double) -> String { scalar(value, dtype) }
    switch kind {
    case .negate: return dtype.isUnsigned ? one("Sub", [number(0), x]) : one("Neg", [x])
    case .floor, .ceil, .round:
      if !dtype.isFloatingPoint { return x }
      return one(kind == .floor ? "Floor" : kind == .ceil ? "Ceil" : "Round", [x])
    case .truncate: return dtype.isFloatingPoint ? truncated(x, dtype) : x
    case .not: return one(dtype == .bool ? "Not" : "BitwiseNot", [x])
    case .isFinite: return one("Not", [one("Or", [one("IsNaN", [x]), one("IsInf", [x])])])
    case .exp2: return one("Pow", [number(2), x])
    case .log2: return one("Mul", [one("Log", [x]), number(1.4426950408889634)])
    case .rsqrt: return one("Reciprocal", [one("Sqrt", [x])])
    case .cbrt: return one("Mul", [one("Sign", [x]), one("Pow", [one("Abs", [x]), number(1.0 / 3)])])
    case .erfc: return one("Sub", [number(1), one("Erf", [x])])
    case .expm1:
      // tanh(x / 2) · (eˣ + 1) loses nothing near 0.
      let tanh = one("Tanh", [one("Mul", [x, number(0.5)])])
      return one("Mul", [tanh, one("Add", [one("Exp", [x]), number(1)])])
    case .log1p:
      // 2 artanh(x / (2 + x)) loses nothing near 0, and ln(1 + x) nothing far from it.
      let ratio = one("Div", [x, one("Add", [x, number(2)])])
      let near = one("Mul", [one("Atanh", [ratio]), number(2)])
      let far = one("Log", [one("Add", [x, number(1)])])
      return select(one("Greater", [x, number(1)]), far, near, dtype)
    default: return unsupported(current)[0]
    }
  }

  /// The operator that is the function itself.
  private static func standardName(of kind: Unary.Kind) -> String? {
    switch kind {
    case .abs: "Abs"
    case .sign: "Sign"
    case .exp: "Exp"
    case .log: "Log"
    case .sqrt: "Sqrt"
    case .reciprocal: "Reciprocal"
    case .sin: "Sin"
    case .cos: "Cos"
    case .tan: "Tan"
    case .asin: "Asin"
    case .acos: "Acos"
    case .atan: "Atan"
    case .sinh: "Sinh"
    case .cosh: "Cosh"
    case .tanh: "Tanh"
    case .asinh: "Asinh"
    case .acosh: "Acosh"
    case .atanh: "Atanh"
    case .sigmoid: "Sigmoid"
    case .erf: "Erf"
    case .isNaN: "IsNaN"
    case .isInfinite: "IsInf"
    default: nil
    }
  }

  func truncated(_ x: String, _ dtype: DType) -> String {
    select(one("Less", [x, scalar(0, dtype)]), one("Ceil", [x]), one("Floor", [x]), dtype)
  }
}
