public import MartletGraph

/// How floating-point numbers are rounded to a few bits: *x* ≈ scale · (*q* − zero point), with *q* an integer.
///
/// One scale for a whole tensor, or one for each slice along an axis, as for the output channels of a filter. What a
/// function is given is checked there, where the tensor is known.
///
/// - Note: Jacob et al., *Quantization and training of neural networks for efficient integer-arithmetic-only
///   inference*, CVPR 2018.
public struct Quantization: Sendable, Hashable {
  /// The distance between neighboring numbers: one, or one for each slice along ``axis``.
  public var scales: [Double]
  /// The integers that stand for 0, as many as ``scales``.
  public var zeroPoints: [Int]
  /// The axis of a tensor along which scales differ; nil where there is one for all.
  public var axis: Int?
  /// The type of the integers: of 8, 16 or 32 bits.
  public var dtype: DType

  /// One scale for all elements.
  public init(scale: Double, zeroPoint: Int = 0, dtype: DType = .int8) {
    self.init(scales: [scale], zeroPoints: [zeroPoint], axis: nil, dtype: dtype)
  }

  /// A scale for each slice along an axis; the zero points are 0 where none are given.
  public init(scales: [Double], zeroPoints: [Int]? = nil, axis: Int?, dtype: DType = .int8) {
    self.scales = scales
    self.zeroPoints = zeroPoints ?? scales.map { _ in 0 }
    (self.axis, self.dtype) = (axis, dtype)
  }

  /// The scale and zero point that spread the integers over a range of numbers, extended to hold 0, which is exact.
  public init(covering range: ClosedRange<Double>, dtype: DType = .uint8) {
    let (low, high) = (Swift.min(range.lowerBound, 0), Swift.max(range.upperBound, 0))
    let (least, greatest) = dtype.isInteger ? Quantization.limits(dtype) : (0, 1)
    let scale = (high - low) / Double(greatest - least)
    let zeroPoint = Double(least) - low / scale
    self.init(scale: scale, zeroPoint: zeroPoint.isFinite ? Int(zeroPoint.rounded()) : least, dtype: dtype)
  }

  /// The least and the greatest integer.
  fileprivate static func limits(_ dtype: DType) -> (Int, Int) {
    let bits = Swift.min(dtype.sizeInBytes * 8, 32)
    return dtype.isSigned ? (-(1 << (bits - 1)), 1 << (bits - 1) - 1) : (0, 1 << bits - 1)
  }

  /// - Throws: A `GraphError` where the numbers mean nothing, or do not fit a tensor.
  fileprivate func check(_ shape: Shape) throws(GraphError) {
    if !dtype.isInteger || dtype.sizeInBytes > 4 {
      throw mistake("quantized elements are integers of 8, 16 or 32 bits, not \(dtype)")
    }
    if let scale = scales.first(where: { !($0 > 0 && $0 < .infinity) }) {
      throw mistake("the scale \(scale) is not positive and finite")
    }
    let (least, greatest) = Quantization.limits(dtype)
    if let zero = zeroPoints.first(where: { $0 < least || $0 > greatest }) {
      throw mistake("the zero point \(zero) is outside \(dtype) (\(least)...\(greatest))")
    }
    let count = try axis.map { axis throws(GraphError) in shape[try checkedAxis(axis, shape)] } ?? 1
    if scales.count != count || zeroPoints.count != count {
      throw mistake("\(scales.count) scales and \(zeroPoints.count) zero points for \(count) slices of \(shape)")
    }
  }
}

extension Tensor {
  /// The integers nearest to the elements, ties to even; beyond the range of the type the least or the greatest.
  ///
  /// NaN gives the zero point. There is no derivative; ``fakeQuantized(by:fileID:line:)`` has one.
  ///
  /// - Returns: The same shape, of the quantization's element type.
  /// - Precondition: A floating-point element type; positive finite scales, one for each slice along the axis.
  public func quantized(
    by quantization: Quantization, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("quantized", fileID, line) { c in
      try checkFloatingPoint(self)
      return try c.quantize(self, quantization)
    }
  }

  /// The numbers that quantized elements stand for.
  ///
  /// - Returns: The same shape, of element type `dtype`.
  /// - Precondition: The quantization's own element type.
  public func dequantized(
    by quantization: Quantization, to dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("dequantized", fileID, line) { c in
      guard self.dtype == quantization.dtype else {
        throw mistake("the elements are \(self.dtype), the quantization's \(quantization.dtype)")
      }
      if !dtype.isFloatingPoint { throw mistake("gives floating-point numbers, not \(dtype)") }
      return try c.dequantize(self, quantization, dtype)
    }
  }

  /// The numbers that the elements become by quantization, for training a network that will be quantized.
  ///
  /// The derivative is 1 where an element is within the range of the type and 0 beyond (*straight-through*).
  ///
  /// - Precondition: As ``quantized(by:fileID:line:)``.
  public func fakeQuantized(
    by quantization: Quantization, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("fakeQuantized", fileID, line) { c in
      try checkFloatingPoint(self)
      let rounded = try c.dequantize(c.quantize(self, quantization), quantization, dtype)
      let (least, greatest) = Quantization.limits(quantization.dtype)
      let ends = try [least, greatest].map { end throws(GraphError) in
        try c.perSlice(
          zip(quantization.scales, quantization.zeroPoints).map { $0 * Double(end - $1) }, quantization, self)
      }
      let within = try c.binary(.minimum, c.binary(.maximum, self, ends[0]), ends[1])
      return try c.binary(.add, within, c.stopGradient(c.binary(.subtract, rounded, within)))
    }
  }
}

extension Composition {
  fileprivate func quantize(_ x: Tensor, _ q: Quantization) throws(GraphError) -> Tensor {
    try q.check(x.shape)
    // 16-bit floats have not the digits for what is left after the division.
    let wide = x.dtype == .float64 ? x : try cast(x, .float32)
    let quotient = try unary(.round, binary(.divide, wide, perSlice(q.scales, q, wide)))
    let shifted = try binary(.add, quotient, perSlice(q.zeroPoints.map(Double.init), q, wide))
    let known = try select(unary(.isNaN, x), perSlice(q.zeroPoints.map(Double.init), q, wide), shifted)
    let (least, greatest) = Quantization.limits(q.dtype)
    let clipped = try binary(.minimum, binary(.maximum, known, Double(least)), Double(greatest))
    // In `float32` the greatest 32-bit integers round up to what is beyond them; the conversion saturates.
    return try cast(clipped, q.dtype)
  }

  fileprivate func dequantize(_ x: Tensor, _ q: Quantization, _ dtype: DType) throws(GraphError) -> Tensor {
    try q.check(x.shape)
    let wide = try cast(x, dtype == .float64 ? .float64 : .float32)
    let steps = try binary(.subtract, wide, perSlice(q.zeroPoints.map(Double.init), q, wide))
    return try cast(binary(.multiply, steps, perSlice(q.scales, q, wide)), dtype)
  }

  /// A number for each slice, in a shape that broadcasts over the tensor.
  fileprivate func perSlice(_ numbers: [Double], _ q: Quantization, _ x: Tensor) throws(GraphError) -> Tensor {
    guard let axis = q.axis else { return try scalar(numbers[0], x.dtype) }
    var sizes = [Int](repeating: 1, count: x.rank)
    sizes[try checkedAxis(axis, x.shape)] = numbers.count
    return try cast(reshape(Tensor(numbers), sizes), x.dtype)
  }
}
