import Martlet

extension OperatorTable {
  /// Numbers as integers or narrow floats with a scale and a zero point, and products of such.
  static let quantization: [Operator] = [
    Operator("QuantizeLinear", fixed: [1, 2]) { call in [.tensor(try quantized(&call))] },
    Operator("DequantizeLinear", fixed: [1, 2]) { call in [.tensor(try dequantized(&call))] },
    Operator("DynamicQuantizeLinear") { call in
      let x = try call.tensor(0)
      guard x.elementCount > 0 else { throw ONNXError(.mismatch, "there is nothing to quantize") }
      let (codes, scale, zero) = dynamicallyQuantized(x)
      return [ONNXValue(codes.cast(to: .uint8)), ONNXValue(scale), ONNXValue(zero.cast(to: .uint8))]
    },
    Operator("QLinearMatMul", fixed: [1, 2, 4, 5, 6, 7]) { call in
      let a = try call.centered(0, zeroPoint: 2, isRow: true)
      let product = try product(a, call.centered(3, zeroPoint: 5, isRow: false))
      let left = try rowScale(call.tensor(1), a)
      let scale = left * (try call.tensor(4)) / (try call.tensor(6).cast(to: left.dtype))
      return [.tensor(try requantized(product, scale, call.numbers(7)))]
    },
    Operator("QLinearConv", fixed: [1, 2, 4, 5, 6, 7]) { call in
      let x = try call.centered(0, zeroPoint: 2, isRow: false)
      let filter = try call.tensor(3, rank: 3...).cast(to: .int32)
      let zero = try call.tensor(5).cast(to: .int32)
      let centered = filter - (try perFilter(zero, filter.rank))
      let bias = try call.optionalTensor(8)?.cast(to: .float64)
      // Sums of products of 8-bit numbers are exact in 64-bit floats.
      let sums = try convolved(
        &call, ONNXTensor(x.cast(to: .float64)), ONNXTensor(centered.cast(to: .float64)), bias: bias)
      let scale = try call.tensor(1) * call.tensor(4) / call.tensor(6)
      let perChannel = scale.elementCount == 1 ? scale.reshaped(to: []) : try perFilter(scale, x.rank - 1)
      return [.tensor(try requantized(sums.tensor, perChannel, call.numbers(7)))]
    },
  ]

  /// Whole numbers from 0 to 255 for the elements of a tensor, with the scale and zero point that its range asks for.
  static func dynamicallyQuantized(_ x: Tensor) -> (codes: Tensor, scale: Tensor, zero: Tensor) {
    let low = minimum(x.min(), 0)
    let range = maximum(x.max(), 0) - low
    let scale = select(range .== 0, 1, range) / 255
    let zero = round((-low / scale).clipped(to: 0...255))
    return ((round(x / scale) + zero).clipped(to: 0...255), scale, zero)
  }

  private static func rowScale(_ scale: Tensor, _ a: Tensor) throws -> Tensor {
    scale.rank == 1 && scale.elementCount > 1 && a.rank > 1 ? scale.expandingDimensions(at: 1) : scale
  }

  /// Whole sums scaled, rounded and moved by a zero point, in whose type the result is.
  static func requantized(_ sums: Tensor, _ scale: Tensor, _ zero: ONNXTensor) throws -> ONNXTensor {
    let type = zero.elementType
    guard let range = type.integerRange, let carrier = type.carrier else {
      throw ONNXError(.unsupported, "results of type \(type) are not supported")
    }
    let wide = sums.cast(to: .float64) * scale.cast(to: .float64)
    let moved = round(wide + zero.tensor.cast(to: .float64))
    return try ONNXTensor(computed: moved.clipped(to: range).cast(to: carrier), as: type)
  }

  static func quantized(_ call: inout Call) throws -> ONNXTensor {
    let x = try call.tensor(0)
    let (scales, zeros) = (try call.numbers(1), call.has(2) ? try call.numbers(2) : nil)
    let named = try call.optionalElementType("output_dtype")
    let type = zeros?.elementType ?? named ?? .uint8
    let precision = try call.optionalElementType("precision")?.carrier
    // 16-bit floats are divided in their own precision, integers in that of the scale.
    let wide = precision ?? (x.dtype.isFloatingPoint ? x.dtype : scales.tensor.dtype)
    let blocks = try QuantizationBlocks(call, x.shape)
    let scaled = x.cast(to: wide) / (try blocks.spread(scales.tensor).cast(to: wide))
    if let format = NarrowFloat(type) {
      var sum = scaled.cast(to: .float32)
      if let zeros { sum = sum + (try blocks.spread(zeros.tensor)) }
      let saturates = try call.flag("saturate", default: true)
      return try ONNXTensor(computed: format.rounded(sum, saturates: saturates, rounding: "nearest"), as: type)
    }
    guard let range = type.integerRange, let carrier = type.carrier else {
      throw ONNXError(.unsupported, "results of type \(type) are not supported")
    }
    // Whole numbers of 16 bits are exact in 32-bit floats; what is larger is cut off.
    var whole = round(scaled).cast(to: .float32)
    if let zeros { whole = whole + (try blocks.spread(zeros.tensor).cast(to: .float32)) }
    return try ONNXTensor(computed: whole.clipped(to: range).cast(to: carrier), as: type)
  }

  static func dequantized(_ call: inout Call) throws -> ONNXTensor {
    let x = try call.numbers(0)
    let scales = try call.tensor(1)
    let blocks = try QuantizationBlocks(call, x.tensor.shape)
    let target = try call.optionalElementType("output_dtype")?.carrier ?? scales.dtype
    let isFloat = x.tensor.dtype.isFloatingPoint
    var centered = isFloat ? x.tensor : x.tensor.cast(to: .int32)
    if let zeros = try call.optionalTensor(2), !isFloat {
      centered = centered - (try blocks.spread(zeros.cast(to: .int32)))
    }
    let wide: DType = scales.dtype == .float64 ? .float64 : .float32
    let product = centered.cast(to: wide) * (try blocks.spread(scales).cast(to: wide))
    return ONNXTensor(product.cast(to: target))
  }
}

/// How scales and zero points belong to the elements: one for all, one for each slice, or one for each block.
struct QuantizationBlocks {
  private let shape: Shape
  private let axis: Int
  private let size: Int

  init(_ call: Call, _ shape: Shape) throws {
    self.shape = shape
    let listed = try call.int("axis", default: 1)
    size = try call.int("block_size", default: 0)
    // The axis means nothing where there is one scale.
    axis = listed < 0 ? listed + shape.rank : listed
    guard size >= 0 else { throw ONNXError(.mismatch, "a block of \(size) elements is not possible") }
  }

  /// The numbers in a form that broadcasts with the elements.
  func spread(_ numbers: Tensor) throws -> Tensor {
    if numbers.elementCount == 1 { return numbers.reshaped(to: []) }
    guard axis >= 0, axis < shape.rank else { throw ONNXError(.mismatch, "axis \(axis) is outside \(shape)") }
    if size == 0 {
      guard numbers.rank == 1, numbers.shape[0] == shape[axis] else {
        throw ONNXError(.mismatch, "\(numbers.shape) numbers do not fit axis \(axis) of \(shape)")
      }
      var form = Array(repeating: 1, count: shape.rank)
      form[axis] = shape[axis]
      return numbers.reshaped(to: Shape(form))
    }
    guard numbers.rank == shape.rank, size < 1 << 31, numbers.shape[axis] * size >= shape[axis] else {
      throw ONNXError(.mismatch, "\(numbers.shape) numbers for blocks of \(size) do not fit \(shape)")
    }
    return numbers.repeated(size, axis: axis).slice(axis, from: 0, count: shape[axis])
  }
}
