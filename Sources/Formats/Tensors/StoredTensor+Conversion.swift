import MartletGraph

extension StoredTensor {
  /// The same values as elements of another type.
  ///
  /// Floating-point numbers are rounded to nearest, ties to even, and turned into integers toward zero.
  ///
  /// - Throws: `FormatError` of kind `mismatch` if a value does not fit the integer type, NaN included.
  public func converted(to target: DType) throws(FormatError) -> StoredTensor {
    if target == dtype { return self }
    let count = shape.elementCount
    var result = [UInt8](repeating: 0, count: count * target.sizeInBytes)
    var bad: Int?
    bytes.withUnsafeBytes { source in
      result.withUnsafeMutableBytes { bad = StoredTensor.convert(source, dtype, $0, target, count) }
    }
    if let bad {
      throw FormatError(.mismatch, file: "", "element \(bad) of type \(dtype) does not fit in \(target)")
    }
    return StoredTensor(dtype: target, shape: shape, bytes: SharedBytes(result))
  }

  /// Converts elements; the position of the first that does not fit, if there is one.
  private static func convert(
    _ source: UnsafeRawBufferPointer, _ from: DType, _ target: UnsafeMutableRawBufferPointer, _ to: DType, _ count: Int
  ) -> Int? {
    // Doubles hold every other type but the 64-bit integers, which take a path of their own.
    if from.isInteger || from == .bool, to.isInteger || to == .bool {
      for i in 0..<count where !Element.store(Element.integer(source, i, from), target, i, to) { return i }
      return nil
    }
    if from == .int64 || from == .uint64, to == .float32 {
      // Rounding twice would err, so straight to the 32 bits.
      for i in 0..<count {
        target.storeBytes(of: Float(Element.integer(source, i, from)), toByteOffset: i * 4, as: Float.self)
      }
      return nil
    }
    for i in 0..<count where !Element.store(Element.real(source, i, from), target, i, to) { return i }
    return nil
  }
}

/// Single elements in memory.
private enum Element {
  /// An integer or Boolean; wide enough for both 64-bit types.
  @inline(__always)
  static func integer(_ p: UnsafeRawBufferPointer, _ i: Int, _ dtype: DType) -> Int128 {
    switch dtype {
    case .bool: p[i] == 0 ? 0 : 1
    case .uint8: Int128(p[i])
    case .int8: Int128(Int8(bitPattern: p[i]))
    case .uint16: Int128(p.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
    case .int16: Int128(p.loadUnaligned(fromByteOffset: 2 * i, as: Int16.self))
    case .uint32: Int128(p.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))
    case .int32: Int128(p.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self))
    case .uint64: Int128(p.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self))
    case .int64: Int128(p.loadUnaligned(fromByteOffset: 8 * i, as: Int64.self))
    case .float16, .bfloat16, .float32, .float64: 0
    }
  }

  @inline(__always)
  static func real(_ p: UnsafeRawBufferPointer, _ i: Int, _ dtype: DType) -> Double {
    switch dtype {
    case .float16: Double(HalfFloat.float(p.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)))
    case .bfloat16: Double(HalfFloat.brainFloat(p.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)))
    case .float32: Double(p.loadUnaligned(fromByteOffset: 4 * i, as: Float.self))
    case .float64: p.loadUnaligned(fromByteOffset: 8 * i, as: Double.self)
    default: Double(integer(p, i, dtype))
    }
  }

  @inline(__always)
  static func store(_ value: Int128, _ p: UnsafeMutableRawBufferPointer, _ i: Int, _ dtype: DType) -> Bool {
    func put<T: FixedWidthInteger>(_: T.Type) -> Bool {
      guard let exact = T(exactly: value) else { return false }
      p.storeBytes(of: exact, toByteOffset: i * MemoryLayout<T>.size, as: T.self)
      return true
    }
    switch dtype {
    case .bool:
      p[i] = value == 0 ? 0 : 1
      return true
    case .uint8: return put(UInt8.self)
    case .int8: return put(Int8.self)
    case .uint16: return put(UInt16.self)
    case .int16: return put(Int16.self)
    case .uint32: return put(UInt32.self)
    case .int32: return put(Int32.self)
    case .uint64: return put(UInt64.self)
    case .int64: return put(Int64.self)
    case .float16, .bfloat16, .float32, .float64: return store(Double(value), p, i, dtype)
    }
  }

  @inline(__always)
  static func store(_ value: Double, _ p: UnsafeMutableRawBufferPointer, _ i: Int, _ dtype: DType) -> Bool {
    switch dtype {
    case .float64: p.storeBytes(of: value, toByteOffset: 8 * i, as: Double.self)
    case .float32: p.storeBytes(of: Float(value), toByteOffset: 4 * i, as: Float.self)
    case .float16: p.storeBytes(of: HalfFloat.bits(roundedToOdd(value)), toByteOffset: 2 * i, as: UInt16.self)
    case .bfloat16: p.storeBytes(of: HalfFloat.brainBits(roundedToOdd(value)), toByteOffset: 2 * i, as: UInt16.self)
    case .bool: p[i] = value == 0 ? 0 : 1
    default:
      guard let integer = Int128(exactly: value.rounded(.towardZero)) else { return false }
      return store(integer, p, i, dtype)
    }
    return true
  }

  /// The 32-bit float whose last bit remembers whether anything was cut off, so that rounding it again is right.
  ///
  /// - Note: Boldo and Melquiond, *Emulation of a FMA and correctly rounded sums* (2008).
  @inline(__always)
  private static func roundedToOdd(_ value: Double) -> Float {
    let nearest = Float(value)
    if Double(nearest) == value || !value.isFinite || !nearest.isFinite { return nearest }
    let isAbove = Double(nearest.magnitude) > value.magnitude
    // The float below in magnitude has the bit pattern before; zero is below the smallest one.
    let truncated = isAbove ? Float(bitPattern: nearest.bitPattern - 1) : nearest
    return Float(bitPattern: truncated.bitPattern | 1)
  }
}
