import Martlet
import MartletFormats

extension OperatorTable {
  /// Conversions between element types.
  static let casts: [Operator] = [
    Operator("Cast") { call in
      guard let target = try call.optionalElementType("to") else {
        throw ONNXError(.missing, "the attribute \"to\" is missing")
      }
      return [try cast(call.value(0), to: target, call)]
    },
    Operator("CastLike") { call in
      let like = try call.value(1)
      let target: ONNXElementType = like.strings != nil ? .string : try call.numbers(1).elementType
      return [try cast(call.value(0), to: target, call)]
    },
    Operator("BitCast") { call in
      guard let target = try call.optionalElementType("to") else {
        throw ONNXError(.missing, "the attribute \"to\" is missing")
      }
      return [.tensor(try bitCast(call.numbers(0), to: target, call))]
    },
  ]

  private static func cast(_ value: ONNXValue, to target: ONNXElementType, _ call: Call) throws -> ONNXValue {
    if let strings = value.strings {
      return target == .string ? value : try TextCasts.parsed(strings, as: target)
    }
    guard let numbers = value.numbers else { throw ONNXError(.mismatch, "cannot cast \(value.kind)") }
    if target == .string { return .strings(try TextCasts.printed(numbers, call)) }
    return .tensor(
      try numbers.converted(
        to: target, saturates: call.flag("saturate", default: true),
        rounding: call.string("round_mode", default: "up")))
  }

  private static func bitCast(
    _ numbers: ONNXTensor, to target: ONNXElementType, _ call: Call
  ) throws -> ONNXTensor {
    guard let carrier = target.carrier, numbers.elementType.bitWidth == target.bitWidth else {
      throw ONNXError(.mismatch, "the bits of \(numbers.elementType) are not those of \(target)")
    }
    if numbers.elementType.isNative && target.isNative && numbers.elementType != .bool && target != .bool {
      return ONNXTensor(numbers.tensor.bitCast(to: carrier))
    }
    // Codes of less than 16 bits exist only in files.
    let packed = try call.packedElements(of: numbers)
    let bytes = try PackedElements.expanded(SharedBytes(packed), target, count: numbers.tensor.elementCount)
    return ONNXTensor(
      Tensor(stored: StoredTensor(dtype: carrier, shape: numbers.tensor.shape, bytes: bytes).normalized()), as: target)
  }
}

extension ONNXTensor {
  /// The same numbers in another element type.
  ///
  /// - Parameters:
  ///   - saturates: Whether numbers beyond a narrow float's greatest become that; otherwise infinity or NaN.
  ///   - rounding: For powers of two only: `up`, `down` or `nearest`.
  func converted(to target: ONNXElementType, saturates: Bool = true, rounding: String = "up") throws -> ONNXTensor {
    if target == elementType { return self }
    guard let carrier = target.carrier else { throw ONNXError(.unsupported, "\(target) is not supported") }
    if let format = NarrowFloat(target) {
      let wide = tensor.cast(to: .float32)
      return try ONNXTensor(computed: format.rounded(wide, saturates: saturates, rounding: rounding), as: target)
    }
    if target.isNative { return map { $0.cast(to: carrier) } }
    // Integers of less than 8 bits keep their low bits.
    let wide = tensor.dtype.isFloatingPoint ? tensor.cast(to: .int32) : tensor.cast(to: .int64)
    let shift = Double(wide.dtype.sizeInBytes * 8 - target.bitWidth)
    let isSigned = carrier == .int8
    let low = shiftedLeft(wide, shift)
    let cut =
      isSigned ? shiftedRight(low, shift) : wide & Tensor.full(like: wide, value: Double(1 << target.bitWidth - 1))
    return try ONNXTensor(computed: cut.cast(to: carrier), as: target)
  }
}

extension NarrowFloat {
  /// The nearest numbers of the format, ties to even.
  func rounded(_ x: Tensor, saturates: Bool, rounding: String) throws -> Tensor {
    guard isSigned else { return try powersOfTwo(x, saturates: saturates, rounding: rounding) }
    // The unit in the last place, a power of two that is made from the bits of the exponent.
    let biased = shiftedRight(abs(x).bitCast(to: .int32), 23)
    let exponent = maximum(biased - 127, Double(smallestExponent))
    let unit = shiftedLeft(exponent + Double(127 - mantissaBits), 23).bitCast(to: .float32)
    let rounded = copySign(round(x / unit) * unit, x)
    let limit = Double(greatest)
    let overflow: Tensor
    if saturates || special == .none {
      overflow = rounded.clipped(to: -limit...limit)
    } else if special == .infinities {
      let inside = select(rounded .> limit, .infinity, rounded)
      overflow = select(inside .< -limit, -.infinity, inside)
    } else {
      overflow = select(abs(rounded) .> limit, .nan, rounded)
    }
    let infinite = saturates || special == .none ? overflow : special == .infinities ? x : x * .nan
    // A format without NaN has its zero instead.
    let nan = special == .none ? Tensor.full(like: x, value: -0.0) : x
    let result = select(isInfinite(x), infinite, select(isNaN(x), nan, overflow))
    // Formats whose negative zero is NaN have but one zero.
    return special == .negativeZeroIsNaN ? select(result .== 0, 0, result) : result
  }

  private func powersOfTwo(_ x: Tensor, saturates: Bool, rounding: String) throws -> Tensor {
    let bits = x.bitCast(to: .int32)
    let mantissa = bits & Tensor.full(like: bits, value: 0x7FFFFF)
    let exponent = shiftedRight(bits & Tensor.full(like: bits, value: 0x7F80_0000), 23)
    let up: Tensor
    switch rounding {
    case "up": up = mantissa .> 0
    case "down": up = mantissa .< 0
    case "nearest":
      // From the middle up, apart from the smallest numbers, whose exponent counts as one more.
      up = (mantissa .> 0x400000) | ((mantissa .== 0x400000) & (exponent .> 0))
    default: throw ONNXError(.unsupported, "the rounding mode \"\(rounding)\" is not known")
    }
    let raised = exponent + up.cast(to: .int32)
    let code = saturates ? minimum(raised, 254) : raised
    // Exponent 0 is that of 2⁻¹²⁷, which is below the normal numbers of float32.
    let value = select(code .== 0, 0x400000, shiftedLeft(code, 23)).bitCast(to: .float32)
    return select(isNaN(x) | (code .>= 255), .nan, value)
  }
}
