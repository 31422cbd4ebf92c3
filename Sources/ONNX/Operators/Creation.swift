import Martlet

extension OperatorTable {
  /// Tensors made from numbers.
  static let creation: [Operator] = [
    Operator("Constant") { call in [try constant(&call)] },
    Operator("ConstantOfShape", fixed: [0]) { call in
      let shape = try call.shape(call.integers(0))
      guard let value = try call.optionalValue("value") else { return [ONNXValue(Tensor.zeros(shape))] }
      guard let numbers = value.numbers, numbers.tensor.elementCount == 1 else {
        throw ONNXError(.mismatch, "the value is not one number")
      }
      return [
        .tensor(try ONNXTensor(computed: numbers.tensor.reshaped(to: []).broadcast(to: shape), as: numbers.elementType))
      ]
    },
    .one("Range", fixed: [0, 1, 2]) { call in try range(&call) },
    .one("EyeLike") { call in
      let like = try call.tensor(0, rank: 2)
      let dtype = try call.optionalElementType("dtype")?.carrier ?? like.dtype
      return Tensor.eye(like.shape[0], columns: like.shape[1], diagonal: try call.int("k", default: 0), dtype: dtype)
    },
  ]

  private static func constant(_ call: inout Call) throws -> ONNXValue {
    if let value = try call.optionalValue("value") ?? call.optionalValue("sparse_value") { return value }
    if let value = try call.optionalInt("value_int") { return ONNXValue(Tensor(value)) }
    if let values = try call.optionalInts("value_ints") { return ONNXValue(Tensor(values)) }
    if let value = try call.optionalFloat("value_float") { return ONNXValue(Tensor(Float(value))) }
    if let values = try call.optionalFloats("value_floats") { return ONNXValue(Tensor(values.map { Float($0) })) }
    if let value = try call.optionalString("value_string") { return .strings(ONNXStrings([value], shape: [])) }
    if let values = try call.optionalStrings("value_strings") {
      return .strings(ONNXStrings(values, shape: [values.count]))
    }
    throw ONNXError(.missing, "a constant has no value")
  }

  private static func range(_ call: inout Call) throws -> Tensor {
    let dtype = try call.tensor(0).dtype
    let type = ONNXElementType(dtype)
    if !dtype.isFloatingPoint {
      let (start, limit, step) = (try call.integer(0), try call.integer(1), try call.integer(2))
      guard step != 0, step.magnitude < 1 << 62, start.magnitude < 1 << 62, limit.magnitude < 1 << 62 else {
        throw ONNXError(.mismatch, "there is no way from \(start) to \(limit) in steps of \(step)")
      }
      let distance = step > 0 ? limit - start : start - limit
      let count = distance > 0 ? (distance - 1) / Int(step.magnitude) + 1 : 0
      _ = try call.shape([count])
      return (Tensor.range(0..<count) * Tensor(step) + Tensor(start)).cast(to: dtype)
    }
    let (start, limit, step) = (try call.real(0), try call.real(1), try call.real(2))
    let count = ((limit - start) / step).rounded(.up)
    guard step != 0, count < 0x1p53 else {
      throw ONNXError(.mismatch, "there is no way from \(start) to \(limit) in steps of \(step)")
    }
    _ = try call.shape([Int(max(count, 0))])
    guard type.isNative else { throw ONNXError(.unsupported, "ranges of \(type)") }
    return (Tensor.range(0..<Int(max(count, 0))).cast(to: .float64) * step + start).cast(to: dtype)
  }
}
