import Martlet

/// Numbers as texts, and texts as numbers.
enum TextCasts {
  /// Numbers in their shortest decimal form.
  static func printed(_ numbers: ONNXTensor, _ call: Call) throws -> ONNXStrings {
    let shape = numbers.tensor.shape
    switch numbers.tensor.dtype {
    case .float64: return ONNXStrings(try call.reals(of: numbers).map { text("\($0)") }, shape: shape)
    case .bool: return ONNXStrings(try call.integers(of: numbers).map { $0 == 0 ? "False" : "True" }, shape: shape)
    case let dtype where dtype.isFloatingPoint:
      return ONNXStrings(try call.reals(of: numbers).map { text("\(Float($0))") }, shape: shape)
    case .uint64:
      let values = try call.integers(of: numbers)
      return ONNXStrings(values.map { "\(UInt64(bitPattern: Int64($0)))" }, shape: shape)
    default: return ONNXStrings(try call.integers(of: numbers).map { "\($0)" }, shape: shape)
    }
  }

  private static func text(_ number: String) -> String {
    number.hasSuffix(".0") ? String(number.dropLast(2)) : number
  }

  /// The numbers that texts spell.
  static func parsed(_ strings: ONNXStrings, as target: ONNXElementType) throws -> ONNXValue {
    guard let carrier = target.carrier else { throw ONNXError(.unsupported, "\(target) is not supported") }
    if carrier == .int64 || carrier == .uint64 {
      let values = try strings.elements.map { text -> Int64 in
        if let value = Int64(text) { return value }
        if let value = UInt64(text) { return Int64(bitPattern: value) }
        return Int64(saturating: try number(text))
      }
      return .tensor(ONNXTensor(Tensor(values, shape: strings.shape).cast(to: carrier)))
    }
    let values = Tensor(try strings.elements.map(number), shape: strings.shape)
    return .tensor(try ONNXTensor(values).converted(to: target))
  }

  private static func number(_ text: String) throws -> Double {
    guard let value = Double(text) else { throw ONNXError(.mismatch, "the text \"\(text)\" is no number") }
    return value
  }
}
