import MartletGraph

// How random bits become random numbers. `key` is `uint64 [2]` everywhere.

extension Composition {
  /// Numbers k / 2ⁿ in 0..<1, where the type holds n bits exactly.
  func unitUniform(_ type: TensorType, key: Tensor) throws(GraphError) -> Tensor {
    let (width, bits): (DType, Int) =
      switch type.dtype {
      case .float32: (.uint32, 24)
      case .float64: (.uint64, 53)
      case .float16: (.uint32, 11)
      case .bfloat16: (.uint32, 8)
      default: throw mistake("needs a floating-point element type, got \(type.dtype)")
      }
    let words = try self(RandomBits(TensorType(width, type.shape)), key)
    let upper = try binary(.shiftRight, words, Double(width.sizeInBytes * 8 - bits))
    return try binary(.multiply, cast(upper, type.dtype), Double(sign: .plus, exponent: -bits, significand: 1))
  }

  func uniform(_ type: TensorType, in range: ClosedRange<Double>, key: Tensor) throws(GraphError) -> Tensor {
    let unit = try unitUniform(type, key: key)
    if range == 0...1 { return unit }
    let width = range.upperBound - range.lowerBound
    if !width.isFinite { throw mistake("the range \(range) has no finite width") }
    return try binary(.add, binary(.multiply, unit, width), range.lowerBound)
  }

  func normal(
    _ type: TensorType, _ mean: Double, _ deviation: Double, key: Tensor
  ) throws(GraphError) -> Tensor {
    try checkDeviation(deviation)
    let dtype = try computationType(type.dtype)
    let pairs = (type.elementCount + 1) / 2
    let uniform = try unitUniform(TensorType(dtype, [2, pairs]), key: key)
    // 1 - u lies in (0, 1], where the logarithm is finite.
    let distance = try binary(.subtract, 1, reshape(slice(uniform, 0..<1, axis: 0), [pairs]))
    let radius = try unary(.sqrt, binary(.multiply, unary(.log, distance), -2))
    let angle = try binary(.multiply, reshape(slice(uniform, 1..<2, axis: 0), [pairs]), 2 * Double.pi)
    let both = try concatenate(
      [binary(.multiply, radius, unary(.cos, angle)), binary(.multiply, radius, unary(.sin, angle))], axis: 0)
    let standard = try reshape(slice(both, 0..<type.elementCount, axis: 0), type.shape)
    return try cast(scaled(standard, mean, deviation), type.dtype)
  }

  func truncatedNormal(
    _ type: TensorType, _ mean: Double, _ deviation: Double, _ bound: Double, key: Tensor
  ) throws(GraphError) -> Tensor {
    if !(bound > 0) { throw mistake("the bound \(bound) is not positive") }
    try checkDeviation(deviation)
    let dtype = try computationType(type.dtype)
    let unit = try unitUniform(TensorType(dtype, type.shape), key: key)
    // erf of a bound near 6 is 1, whose inverse is infinite; no number of the type lies there anyway.
    let limit = Swift.min(Math.erf(bound / 2.0.squareRoot()), 1 - 0x1p-24)
    // Halves of steps, so that the numbers are symmetric around 0.
    let half = Double(sign: .plus, exponent: dtype == .float64 ? -54 : -25, significand: 1)
    let symmetric = try binary(.subtract, binary(.multiply, binary(.add, unit, half), 2 * limit), limit)
    let standard = try binary(.multiply, inverseErf(symmetric), 2.0.squareRoot())
    return try cast(scaled(clip(standard, -bound, bound), mean, deviation), type.dtype)
  }

  func bernoulli(_ shape: Shape, _ probability: Double, key: Tensor) throws(GraphError) -> Tensor {
    guard probability >= 0 && probability <= 1 else { throw mistake("the probability \(probability) is not in 0...1") }
    let words = try self(RandomBits(TensorType(.uint32, shape)), key)
    if probability == 1 { return try full(1, TensorType(.bool, shape)) }
    let threshold = Swift.min((probability * 0x1p32).rounded(), 0x1p32 - 1)
    return try compare(.less, words, threshold)
  }

  func integers(_ type: TensorType, in range: Range<Int>, key: Tensor) throws(GraphError) -> Tensor {
    if range.isEmpty { throw mistake("the range \(range) is empty") }
    if !type.dtype.isInteger { throw mistake("needs an integer element type, got \(type.dtype)") }
    let bounds = [range.lowerBound, range.upperBound - 1].map { Literal($0, type.dtype).integerValue }
    if bounds != [Int64(range.lowerBound), Int64(range.upperBound - 1)] {
      throw mistake("the range \(range) does not fit \(type.dtype)")
    }
    let words = try self(RandomBits(TensorType(.uint64, type.shape)), key)
    let count = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    let offsets = try binary(.remainder, words, integer(count, .uint64))
    let first = try integer(UInt64(bitPattern: Int64(range.lowerBound)), .int64)
    return try cast(binary(.add, cast(offsets, .int64), first), type.dtype)
  }

  func permutation(_ count: Int, key: Tensor) throws(GraphError) -> Tensor {
    try self(ArgSort(axis: 0), self(RandomBits(TensorType(.uint64, checkedSizes([count]))), key))
  }

  func shuffle(_ x: Tensor, _ axis: Int, key: Tensor) throws(GraphError) -> Tensor {
    let axis = try checkedAxis(axis, x.shape)
    return try self(Gather(.axis(axis)), x, permutation(x.shape[axis], key: key))
  }

  func gumbel(_ type: TensorType, key: Tensor) throws(GraphError) -> Tensor {
    let dtype = try computationType(type.dtype)
    let unit = try unitUniform(TensorType(dtype, type.shape), key: key)
    let half = Double(sign: .plus, exponent: dtype == .float64 ? -54 : -25, significand: 1)
    let exponential = try unary(.negate, unary(.log, binary(.add, unit, half)))
    // Half a step above 0 keeps the inner logarithm finite; where adding it rounds to 1 the outer one must not be 0.
    let guarded = try binary(.maximum, exponential, half)
    return try cast(unary(.negate, unary(.log, guarded)), type.dtype)
  }

  private func scaled(_ x: Tensor, _ mean: Double, _ deviation: Double) throws(GraphError) -> Tensor {
    let wide = deviation == 1 ? x : try binary(.multiply, x, deviation)
    return mean == 0 ? wide : try binary(.add, wide, mean)
  }

  private func computationType(_ dtype: DType) throws(GraphError) -> DType {
    if !dtype.isFloatingPoint { throw mistake("needs a floating-point element type, got \(dtype)") }
    return dtype == .float64 ? .float64 : .float32
  }

  private func integer(_ bits: UInt64, _ dtype: DType) throws(GraphError) -> Tensor {
    try self(ScalarValue(Literal(dtype: dtype, bits: bits)))
  }
}

private func checkDeviation(_ deviation: Double) throws(GraphError) {
  if !(deviation >= 0) { throw mistake("the standard deviation \(deviation) is negative") }
}
