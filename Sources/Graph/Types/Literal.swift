/// One element of any type, as bits: a number written in a program.
@frozen
public struct Literal: Sendable, Hashable {
  public var dtype: DType
  /// The element's own bits in the low bytes, in memory order of a little-endian machine.
  public var bits: UInt64

  public init(dtype: DType, bits: UInt64) {
    self.dtype = dtype
    self.bits = bits
  }

  /// The element of type `dtype` closest to `value`; integers truncate toward zero and saturate, NaN becomes 0.
  public init(_ value: Double, _ dtype: DType) {
    self.dtype = dtype
    bits =
      switch dtype {
      case .bool: value == 0 ? 0 : 1
      case .uint8: UInt64(UInt8(saturating: value))
      case .uint16: UInt64(UInt16(saturating: value))
      case .uint32: UInt64(UInt32(saturating: value))
      case .uint64: UInt64(saturating: value)
      case .int8: UInt64(UInt8(bitPattern: Int8(saturating: value)))
      case .int16: UInt64(UInt16(bitPattern: Int16(saturating: value)))
      case .int32: UInt64(UInt32(bitPattern: Int32(saturating: value)))
      case .int64: UInt64(bitPattern: Int64(saturating: value))
      case .float16: UInt64(Half.bits(of: value))
      case .bfloat16: UInt64(BrainFloat.bits(of: value))
      case .float32: UInt64(Float(value).bitPattern)
      case .float64: value.bitPattern
      }
  }

  /// The element of type `dtype` for an integer, exact wherever the type can hold it; other integers wrap.
  public init(_ value: Int, _ dtype: DType) {
    if dtype.isInteger {
      let mask: UInt64 = dtype.sizeInBytes == 8 ? .max : (1 << UInt64(dtype.sizeInBytes * 8)) - 1
      self.init(dtype: dtype, bits: UInt64(bitPattern: Int64(value)) & mask)
    } else {
      self.init(Double(value), dtype)
    }
  }

  /// The value as a double; 64-bit integers beyond 2⁵³ are rounded.
  public var doubleValue: Double {
    switch dtype {
    case .float16: Half.double(bits: UInt16(truncatingIfNeeded: bits))
    case .bfloat16: BrainFloat.double(bits: UInt16(truncatingIfNeeded: bits))
    case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .float64: Double(bitPattern: bits)
    case .uint64: Double(bits)
    default: Double(integerValue)
    }
  }

  /// The value of an integer or bool; `uint64` as its bit pattern.
  public var integerValue: Int64 {
    switch dtype {
    case .bool: bits & 0xFF == 0 ? 0 : 1
    case .uint8: Int64(UInt8(truncatingIfNeeded: bits))
    case .uint16: Int64(UInt16(truncatingIfNeeded: bits))
    case .uint32: Int64(UInt32(truncatingIfNeeded: bits))
    case .int8: Int64(Int8(truncatingIfNeeded: bits))
    case .int16: Int64(Int16(truncatingIfNeeded: bits))
    case .int32: Int64(Int32(truncatingIfNeeded: bits))
    case .uint64, .int64: Int64(bitPattern: bits)
    default: Int64(saturating: doubleValue)
    }
  }
}

extension FixedWidthInteger {
  /// Truncates toward zero; what lies outside becomes the nearest bound, NaN becomes 0.
  package init(saturating value: Double) {
    if value.isNaN {
      self = 0
    } else if let exact = Self(exactly: value.rounded(.towardZero)) {
      self = exact
    } else {
      self = value < 0 ? .min : .max
    }
  }
}
