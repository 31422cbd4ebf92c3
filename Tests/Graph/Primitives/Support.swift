import MartletGraph

/// A tensor of float 64 elements.
func tensor(_ values: [Double], _ shape: Shape? = nil, _ dtype: DType = .float64) -> ReferenceTensor {
  ReferenceTensor(TensorType(dtype, shape ?? [values.count]), rounding: values)
}

/// A tensor of integers.
func integers(_ values: [Int64], _ shape: Shape? = nil, _ dtype: DType = .int32) -> ReferenceTensor {
  ReferenceTensor(TensorType(dtype, shape ?? [values.count]), wrapping: values)
}

/// The single result of an operation.
func evaluate(_ operation: any PrimitiveRules, _ operands: ReferenceTensor...) throws -> ReferenceTensor {
  var count = OperationCount()
  let type = try operation.resultType(operands.map(\.type)[...])
  return try operation.evaluate(operands, result: type, count: &count)[0]
}
