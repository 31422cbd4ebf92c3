/// The element type of a tensor.
public enum DType: UInt8, Sendable, Hashable, CaseIterable {
  case bool
  case uint8, uint16, uint32, uint64
  case int8, int16, int32, int64
  case float16, bfloat16, float32, float64
}

extension DType {
  /// Bytes that one element occupies in memory and in files.
  @inlinable
  public var sizeInBytes: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// Whether elements are floating-point numbers; only these have derivatives.
  @inlinable public var isFloatingPoint: Bool { rawValue >= DType.float16.rawValue }

  /// Whether elements are signed or unsigned integers; `bool` is not an integer.
  @inlinable public var isInteger: Bool { self != .bool && !isFloatingPoint }

  /// Whether elements are unsigned integers.
  @inlinable public var isUnsigned: Bool { rawValue >= DType.uint8.rawValue && rawValue <= DType.uint64.rawValue }

  /// Whether elements can be negative.
  @inlinable public var isSigned: Bool { rawValue >= DType.int8.rawValue }
}

extension DType: CustomStringConvertible {
  /// The name used in messages and files: `float32`, `int64`, `bool`.
  public var description: String {
    switch self {
    case .bool: "bool"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .float32: "float32"
    case .float64: "float64"
    }
  }
}
