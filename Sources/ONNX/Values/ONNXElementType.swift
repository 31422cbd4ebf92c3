public import MartletGraph

/// The element types of ONNX, with the numbers they have in files.
public enum ONNXElementType: Int32, Sendable, Hashable, CaseIterable {
  case float32 = 1
  case uint8, int8, uint16, int16, int32, int64, string, bool, float16, float64, uint32, uint64
  case complex64, complex128, bfloat16
  case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz
  case uint4, int4, float4e2m1, float8e8m0, uint2, int2
}

extension ONNXElementType {
  /// The ONNX type of a Martlet element type.
  public init(_ dtype: DType) {
    self =
      switch dtype {
      case .bool: .bool
      case .uint8: .uint8
      case .uint16: .uint16
      case .uint32: .uint32
      case .uint64: .uint64
      case .int8: .int8
      case .int16: .int16
      case .int32: .int32
      case .int64: .int64
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .float32: .float32
      case .float64: .float64
      }
  }

  /// The element type of the tensor that carries such values; nil for strings and complex numbers.
  ///
  /// Types that Martlet computes with carry themselves. Integers of less than 8 bits are carried by those of 8, and
  /// floats of less than 16 bits by `float32`, whose values are then among those the narrow type has.
  public var carrier: DType? {
    switch self {
    case .string, .complex64, .complex128: nil
    case .bool: .bool
    case .uint8, .uint4, .uint2: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .int8, .int4, .int2: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1: .float32
    case .float64: .float64
    }
  }

  /// Whether the type has its own carrier, and so is one that Martlet computes with.
  var isNative: Bool { carrier.map { ONNXElementType($0) == self } ?? false }

  /// The bits of an element in a file; 0 for strings.
  var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4e2m1: 4
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
    case .complex64: 64
    case .complex128: 128
    default: (carrier?.sizeInBytes ?? 0) * 8
    }
  }

  /// The least and greatest value of an integer type of less than 32 bits; nil for the others.
  var integerRange: ClosedRange<Double>? {
    switch self {
    case .uint2: 0...3
    case .int2: -2...1
    case .uint4: 0...15
    case .int4: -8...7
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65535
    case .int16: -32768...32767
    default: nil
    }
  }
}

extension ONNXElementType: CustomStringConvertible {
  /// The name used in messages: `float32`, `int4`, `float8e4m3fn`.
  public var description: String {
    switch self {
    case .float32: "float32"
    case .uint8: "uint8"
    case .int8: "int8"
    case .uint16: "uint16"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .string: "string"
    case .bool: "bool"
    case .float16: "float16"
    case .float64: "float64"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .complex64: "complex64"
    case .complex128: "complex128"
    case .bfloat16: "bfloat16"
    case .float8e4m3fn: "float8e4m3fn"
    case .float8e4m3fnuz: "float8e4m3fnuz"
    case .float8e5m2: "float8e5m2"
    case .float8e5m2fnuz: "float8e5m2fnuz"
    case .uint4: "uint4"
    case .int4: "int4"
    case .float4e2m1: "float4e2m1"
    case .float8e8m0: "float8e8m0"
    case .uint2: "uint2"
    case .int2: "int2"
    }
  }
}
