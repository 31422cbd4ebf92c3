public import MartletGraph

extension Tensor {
  /// The elements converted to another type.
  ///
  /// Floating point to integer truncates toward zero, saturates at the bounds and turns NaN into 0; integer to
  /// narrower integer wraps; anything to bool asks whether it is not 0; float to narrower float rounds to nearest,
  /// ties to even. Between floating-point types the derivative passes; otherwise there is none.
  public func cast(to dtype: DType, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("cast", fileID, line) { c in try c.cast(self, dtype) }
  }

  /// The bits of every element, read as another type of the same width.
  ///
  /// - Precondition: Neither type is bool, and both have the same width.
  public func bitCast(to dtype: DType, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("bitCast", fileID, line) { c in try c(BitCast(to: dtype), self) }
  }

  /// This tensor and another, both converted to the type in which they can meet; see `DType.promoted(with:)`.
  ///
  /// Operators never convert by themselves: `let (a, b) = a.promoted(with: b)` says that it may happen.
  public func promoted(
    with other: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (Tensor, Tensor) {
    let dtype = dtype.promoted(with: other.dtype)
    return (
      cast(to: dtype, fileID: fileID, line: line), other.cast(to: dtype, fileID: fileID, line: line)
    )
  }
}

extension DType {
  /// The smallest element type in which elements of this and another type can meet.
  ///
  /// | | meets | gives |
  /// |---|---|---|
  /// | `bool` | any type | that type |
  /// | integers of the same sign | each other | the wider |
  /// | an unsigned integer | a wider signed one | the signed one |
  /// | an unsigned integer | a signed one not wider | the signed type twice as wide as the unsigned one |
  /// | `uint64` | a signed integer | `float64` |
  /// | any integer | any floating-point type | the floating-point type |
  /// | `float16` | `bfloat16` | `float32` |
  /// | floating-point types otherwise | each other | the wider |
  ///
  /// The table is symmetric. An integer that meets a floating-point type may be rounded, as in PyTorch and JAX: an
  /// `int64` index beside a `float32` weight does not make everything `float64`.
  public func promoted(with other: DType) -> DType {
    if self == other || other == .bool { return self }
    if self == .bool { return other }
    if isFloatingPoint != other.isFloatingPoint { return isFloatingPoint ? self : other }
    if isFloatingPoint { return sizeInBytes == other.sizeInBytes ? .float32 : wider(self, other) }
    if isUnsigned == other.isUnsigned { return wider(self, other) }
    let (unsigned, signed) = isUnsigned ? (self, other) : (other, self)
    if signed.sizeInBytes > unsigned.sizeInBytes { return signed }
    switch unsigned {
    case .uint8: return .int16
    case .uint16: return .int32
    case .uint32: return .int64
    default: return .float64
    }
  }

  private func wider(_ a: DType, _ b: DType) -> DType { a.sizeInBytes >= b.sizeInBytes ? a : b }
}
