import Martlet

extension OperatorTable {
  /// Functions of two or more elements.
  static let arithmetic: [Operator] = [
    .binary("Add") { $0 + $1 }, .binary("Sub") { $0 - $1 }, .binary("Mul") { $0 * $1 }, .binary("Div") { $0 / $1 },
    .binary("BitwiseAnd") { $0 & $1 }, .binary("BitwiseOr") { $0 | $1 }, .binary("BitwiseXor") { $0 ^ $1 },
    .binary("And") { $0 & $1 }, .binary("Or") { $0 | $1 }, .binary("Xor") { $0 ^ $1 },
    Operator("PRelu") { call in
      let (x, slopes) = (try call.numbers(0), try call.numbers(1))
      // Before version 7 a vector has one slope for each channel.
      guard call.version < 7, slopes.tensor.rank == 1, slopes.tensor.elementCount > 1, x.tensor.rank > 1 else {
        return [.tensor(x.combined(with: slopes) { parametricReLU($0, slopes: $1) })]
      }
      let form = Shape([1, slopes.tensor.elementCount] + Array(repeating: 1, count: x.tensor.rank - 2))
      let perChannel = ONNXTensor(slopes.tensor.reshaped(to: form))
      return [.tensor(x.combined(with: perChannel) { parametricReLU($0, slopes: $1) })]
    },
    .variadic("Max") { maximum($0, $1) }, .variadic("Min") { minimum($0, $1) }, .variadic("Sum") { $0 + $1 },
    Operator("Mean") { call in
      let count = Double(call.inputCount)
      return [.tensor(try call.folded { $0 + $1 }.map { $0 / count })]
    },
    Operator("Mod") { call in
      let isRemainder = try call.flag("fmod")
      let (a, b) = (try call.numbers(0), try call.numbers(1))
      let keepsDividendSign = isRemainder || a.tensor.dtype.isFloatingPoint
      return [.tensor(a.combined(with: b) { keepsDividendSign ? $0 % $1 : modulo($0, $1) })]
    },
    Operator("Pow") { call in [.tensor(try call.numbers(0).combined(with: call.numbers(1), raised))] },
    Operator("BitShift") { call in
      let direction = try call.string("direction", default: "")
      let (a, b) = (try call.numbers(0), try call.numbers(1))
      switch direction {
      case "LEFT": return [.tensor(a.combined(with: b) { shiftedLeft($0, $1) })]
      case "RIGHT": return [.tensor(a.combined(with: b) { shiftedRight($0, $1) })]
      default: throw call.unknown("direction", direction)
      }
    },
  ]

  /// A power of the base's element type, whatever the exponent's.
  private static func raised(_ base: Tensor, _ exponent: Tensor) -> Tensor {
    if base.dtype == exponent.dtype { return power(base, exponent) }
    if base.dtype.isFloatingPoint {
      return power(base, exponent.cast(to: base.dtype))
    }
    if exponent.dtype.isFloatingPoint {
      return power(base.cast(to: exponent.dtype), exponent).cast(to: base.dtype)
    }
    return power(base.cast(to: .int64), exponent.cast(to: .int64)).cast(to: base.dtype)
  }

  /// Comparisons.
  static let comparisons: [Operator] = [
    Operator("Equal") { call in
      if case .strings(let a) = try call.value(0) { return [ONNXValue(try equal(a, call.strings(1)))] }
      return [.tensor(try call.numbers(0).combined(with: call.numbers(1)) { $0 .== $1 })]
    },
    .binary("Greater") { $0 .> $1 }, .binary("GreaterOrEqual") { $0 .>= $1 },
    .binary("Less") { $0 .< $1 }, .binary("LessOrEqual") { $0 .<= $1 },
  ]

  /// Compares texts by their places in one common table.
  private static func equal(_ a: ONNXStrings, _ b: ONNXStrings) -> Tensor {
    let joined = ONNXStrings(a.elements + b.elements, shape: [a.elements.count + b.elements.count]).codes.tensor
    let first = joined[0..<a.elements.count].reshaped(to: a.shape)
    return first .== joined[a.elements.count...].reshaped(to: b.shape)
  }
}
