import MartletGraph

extension GraphLowering {
  /// A function of two elements; ONNX broadcasts as the graph does.
  func binary(_ kind: Binary.Kind, _ current: LoweredNode) -> String {
    let (a, b) = (current.operands[0], current.operands[1])
    let dtype = current.node.type.dtype
    switch kind {
    case .add: return one("Add", [a, b])
    case .subtract: return one("Sub", [a, b])
    case .multiply: return one("Mul", [a, b])
    case .divide: return one("Div", [a, b])
    case .power: return one("Pow", [a, b])
    case .maximum: return one(dtype == .bool ? "Or" : "Max", [a, b])
    case .minimum: return one(dtype == .bool ? "And" : "Min", [a, b])
    case .remainder: return one("Mod", [a, b], [.int("fmod", 1)])
    case .modulo: return modulo(a, b, dtype)
    case .floorDivide:
      if dtype.isFloatingPoint { return one("Floor", [one("Div", [a, b])]) }
      return one("Div", [one("Sub", [a, modulo(a, b, dtype)]), b])
    case .and: return one(dtype == .bool ? "And" : "BitwiseAnd", [a, b])
    case .or: return one(dtype == .bool ? "Or" : "BitwiseOr", [a, b])
    case .xor: return one(dtype == .bool ? "Xor" : "BitwiseXor", [a, b])
    case .atan2: return atan2(a, b, dtype)
    case .hypot: return hypot(a, b, dtype)
    case .copySign:
      let sign = select(one("Less", [b, scalar(0, dtype)]), scalar(-1, dtype), scalar(1, dtype), dtype)
      return one("Mul", [one("Abs", [a]), sign])
    case .shiftLeft, .shiftRight:
      guard dtype.isUnsigned else { return unsupported(current, "signed numbers cannot be shifted in ONNX")[0] }
      let direction = kind == .shiftLeft ? "LEFT" : "RIGHT"
      let shifted = one("BitShift", [a, b], [.string("direction", direction)])
      let isWide = one("GreaterOrEqual", [b, scalar(Double(dtype.sizeInBytes * 8), dtype)])
      return select(isWide, scalar(0, dtype), shifted, dtype)
    case .nextAfter, .gcd, .zeta: return unsupported(current)[0]
    }
  }

  /// What remains of division rounded down: ONNX has it for integers.
  private func modulo(_ a: String, _ b: String, _ dtype: DType) -> String {
    if !dtype.isFloatingPoint { return one("Mod", [a, b], [.int("fmod", 0)]) }
    let zero = scalar(0, dtype)
    let rest = one("Mod", [a, b], [.int("fmod", 1)])
    let differs = one("Less", [one("Mul", [one("Sign", [rest]), one("Sign", [b])]), zero])
    return select(differs, one("Add", [rest, b]), rest, dtype)
  }

  /// The angle of a point; the sign of a zero does not count.
  private func atan2(_ y: String, _ x: String, _ dtype: DType) -> String {
    let (zero, half) = (scalar(0, dtype), scalar(Double.pi, dtype))
    let angle = one("Atan", [one("Div", [y, x])])
    let turn = select(one("Less", [y, zero]), one("Neg", [half]), half, dtype)
    let turned = select(one("Less", [x, zero]), one("Add", [angle, turn]), angle, dtype)
    let isOrigin = one("And", [one("Equal", [x, zero]), one("Equal", [y, zero])])
    return select(isOrigin, zero, turned, dtype)
  }

  /// √(a² + b²) by the larger of the two, so that no square overflows.
  private func hypot(_ a: String, _ b: String, _ dtype: DType) -> String {
    let (x, y) = (one("Abs", [a]), one("Abs", [b]))
    let (large, small) = (one("Max", [x, y]), one("Min", [x, y]))
    let ratio = one("Div", [small, large])
    let root = one("Sqrt", [one("Add", [one("Mul", [ratio, ratio]), scalar(1, dtype)])])
    // 0 / 0 and ∞ / ∞.
    let isPlain = one("Equal", [ratio, ratio])
    return select(isPlain, one("Mul", [large, root]), large, dtype)
  }

  /// A comparison. ONNX Runtime orders few types, so small integers go through wider ones.
  func compare(_ kind: Compare.Kind, _ current: LoweredNode) -> String {
    var x = current.operands
    let dtype = type(current, 0).dtype
    if kind == .equal { return one("Equal", x) }
    if kind == .notEqual { return one("Not", [one("Equal", x)]) }
    switch dtype {
    case .bool, .int8, .uint8, .int16, .uint16: x = x.map { cast($0, from: dtype, to: .int32) }
    case .uint32: x = x.map { cast($0, from: dtype, to: .int64) }
    default: break
    }
    switch kind {
    case .less: return one("Less", x)
    case .lessOrEqual: return one("LessOrEqual", x)
    case .greater: return one("Greater", x)
    default: return one("GreaterOrEqual", x)
    }
  }
}
