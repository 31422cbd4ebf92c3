import Martlet

extension OperatorTable {
  /// Quantized operators of `com.microsoft`.
  static let fusedQuantization: [Operator] = [
    Operator("QuantizeLinear", domain: domain, fixed: [1, 2]) { call in [.tensor(try quantized(&call))] },
    Operator("DequantizeLinear", domain: domain, fixed: [1, 2]) { call in [.tensor(try dequantized(&call))] },
    quantizedPair("QLinearAdd") { $0 + $1 }, quantizedPair("QLinearMul") { $0 * $1 },
    quantizedFunction("QLinearSigmoid") { x, _ in sigmoid(x) },
    quantizedFunction("QLinearLeakyRelu") { x, call in
      leakyReLU(x, negativeSlope: try call.float("alpha", default: 0.01))
    },
    quantizedFunction("QLinearSoftmax") { x, call in x.softmax(axis: try call.int("axis", default: -1)) },
    quantizedFunction("QLinearGlobalAveragePool") { x, call in
      guard x.rank > 2 else { throw ONNXError(.mismatch, "needs images, got \(x.shape)") }
      let axes = try call.flag("channels_last") ? Array(1..<(x.rank - 1)) : Array(2..<x.rank)
      return x.mean(axes: Axes(axes), keepingAxes: true)
    },
    quantizedFunction("QLinearAveragePool") { x, call in
      guard x.rank > 2, try !call.flag("channels_last") else { throw ONNXError(.unsupported, "images \(x.shape)") }
      let windows = try Windows(
        call, image: Array(x.shape[2...]), sizes: call.ints("kernel_shape"), roundsUp: call.flag("ceil_mode"))
      let mean = try windows.average(ONNXTensor(x).withChannelsLast, countsBorder: call.flag("count_include_pad"))
      return try ONNXTensor(channelsLast: mean).tensor
    },
    Operator("QLinearConcat", domain: domain, fixed: [0, 1]) { call in
      guard call.inputCount >= 5, (call.inputCount - 2) % 3 == 0 else { throw ONNXError(.missing, "nothing to join") }
      let parts = try stride(from: 2, to: call.inputCount, by: 3).map { place in
        try call.real(at: place, scale: place + 1, zeroPoint: place + 2)
      }
      let axis = try call.axis(call.int("axis", default: 1), rank: parts[0].rank)
      return [.tensor(try requantized(Tensor(concatenating: parts, axis: axis), 1 / call.tensor(0), call.numbers(1)))]
    },
    Operator("QGemm", domain: domain, fixed: [1, 2, 4, 5, 7, 8]) { call in
      let a = try call.real(at: 0, scale: 1, zeroPoint: 2)
      let b = try call.real(at: 3, scale: 4, zeroPoint: 5, isColumn: !(try call.flag("transB")))
      let left = try call.flag("transA") ? a.transposed() : a
      var sum = matmul(left, try call.flag("transB") ? b.transposed() : b) * (try call.float("alpha", default: 1))
      if let c = try call.optionalTensor(6) {
        sum =
          sum + c.cast(to: .float64) * (try call.tensor(1).cast(to: .float64)) * (try call.tensor(4).cast(to: .float64))
      }
      guard call.has(7) else { return [ONNXValue(sum.cast(to: .float32))] }
      return [.tensor(try requantized(sum, 1 / call.tensor(7), call.numbers(8)))]
    },
    .one("MatMulIntegerToFloat", domain: domain, fixed: [2, 3, 4, 5]) { call in
      let a = try call.real(at: 0, scale: 2, zeroPoint: 4)
      let result = try product(a, call.real(at: 1, scale: 3, zeroPoint: 5, isColumn: true)).cast(to: .float32)
      return try call.optionalTensor(6).map { result + $0 } ?? result
    },
    .one("DynamicQuantizeMatMul", domain: domain, fixed: [2, 3]) { call in
      let a = try call.tensor(0)
      guard a.elementCount > 0 else { throw ONNXError(.mismatch, "there is nothing to quantize") }
      let (codes, scale, zero) = dynamicallyQuantized(a)
      let whole = codes - zero
      let b = try call.real(at: 1, scale: 2, zeroPoint: 3, isColumn: true)
      let result = try product(whole.cast(to: .float64) * scale.cast(to: .float64), b).cast(to: .float32)
      return try call.optionalTensor(4).map { result + $0 } ?? result
    },
    .one("MatMulNBits", domain: domain, fixed: [1, 2, 3]) { call in try blockProduct(&call) },
  ]

  private static let domain = "com.microsoft"

  /// A function of two quantized tensors.
  private static func quantizedPair(
    _ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Operator {
    Operator(name, domain: domain, fixed: [1, 2, 4, 5, 6, 7]) { call in
      let a = try call.real(at: 0, scale: 1, zeroPoint: 2)
      let result = function(a, try call.real(at: 3, scale: 4, zeroPoint: 5))
      return [.tensor(try requantized(result, 1 / call.tensor(6), call.zeroPoint(7, like: 0)))]
    }
  }

  /// A function of one quantized tensor.
  private static func quantizedFunction(
    _ name: String, _ function: @escaping @Sendable (Tensor, Call) throws -> Tensor
  ) -> Operator {
    Operator(name, domain: domain, fixed: [1, 2, 3, 4]) { call in
      let x = try function(call.real(at: 0, scale: 1, zeroPoint: 2), call)
      return [.tensor(try requantized(x, 1 / call.tensor(3), call.zeroPoint(4, like: 0)))]
    }
  }

  /// A product with a matrix whose rows are stored in blocks of a few bits, each block with its scale.
  private static func blockProduct(_ call: inout Call) throws -> Tensor {
    let a = try call.tensor(0, rank: 1...)
    let (width, count) = (try call.int("K"), try call.int("N"))
    let (bits, block) = (try call.int("bits", default: 4), try call.int("block_size"))
    guard bits == 2 || bits == 4 || bits == 8, block >= 16, block < 1 << 20, width > 0, count > 0,
      a.shape.last == width, width < 1 << 31, count < 1 << 31
    else { throw ONNXError(.unsupported, "\(bits) bits in blocks of \(block) for \(a.shape) × [\(width), \(count)]") }
    let blocks = (width + block - 1) / block
    let packed = try call.tensor(1)
    let perByte = 8 / bits
    guard packed.elementCount == count * blocks * block / perByte, packed.dtype == .uint8 else {
      throw ONNXError(.mismatch, "\(packed.type) does not hold \(count) rows of \(blocks) blocks")
    }
    let codes = unpacked(packed.reshaped(to: [count * blocks, block / perByte]), bits: bits)
    let scales = try call.tensor(2).reshaped(to: call.shape([count * blocks, 1]))
    var zero = Tensor.full([1, 1], value: Double(1 << (bits - 1)), dtype: scales.dtype)
    if let given = try call.optionalTensor(3) {
      // Those of one row are padded to whole bytes, unless they are numbers of their own.
      let rows =
        given.dtype == .uint8 ? unpacked(given.reshaped(to: [count, given.elementCount / count]), bits: bits) : given
      zero = rows.reshaped(to: [count, rows.elementCount / count]).slice(1, from: 0, count: blocks)
        .reshaped(to: [count * blocks, 1]).cast(to: scales.dtype)
    }
    let rows = ((codes.cast(to: scales.dtype) - zero) * scales).reshaped(to: [count, blocks * block])
    let result = matmul(a, rows.slice(1, from: 0, count: width).transposed().cast(to: a.dtype))
    return try call.optionalTensor(5).map { result + $0 } ?? result
  }

  /// The codes of bytes, the lowest bits first, along the last dimension.
  private static func unpacked(_ bytes: Tensor, bits: Int) -> Tensor {
    guard bits < 8, bytes.rank == 2 else { return bytes }
    let shifts = stride(from: 0, to: 8, by: bits).map { UInt8($0) }
    let mask = Tensor(UInt8(1 << bits - 1))
    let parts = shiftedRight(bytes.expandingDimensions(at: 2), Tensor(shifts)) & mask
    return parts.reshaped(to: [bytes.shape[0], bytes.shape[1] * shifts.count])
  }
}

extension Call {
  /// The real numbers that a quantized input stands for, as 64-bit floats.
  fileprivate func real(at input: Int, scale: Int, zeroPoint: Int, isColumn: Bool = false) throws -> Tensor {
    let x = try centered(input, zeroPoint: zeroPoint, isRow: !isColumn)
    return x.cast(to: .float64) * (try tensor(scale).cast(to: .float64))
  }

  /// A zero point, or 0 of the type of another input.
  fileprivate func zeroPoint(_ input: Int, like other: Int) throws -> ONNXTensor {
    if has(input) { return try numbers(input) }
    let type = try numbers(other).elementType
    return ONNXTensor(Tensor.zeros([], dtype: type.carrier ?? .uint8), as: type)
  }
}
