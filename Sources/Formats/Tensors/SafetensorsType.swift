import MartletGraph

/// The element types of the safetensors format.
enum SafetensorsType: UInt8, CaseIterable {
  case f32, bf16, f16, i64, i32, u8, i8, bool, f64, u16, i16, u32, u64, c64
  case f8E4M3, f8E5M2, f8E8M0, f8E4M3FNUZ, f8E5M2FNUZ, f6E2M3, f6E3M2, f4

  /// The name in files.
  var name: StaticString {
    switch self {
    case .f32: "F32"
    case .bf16: "BF16"
    case .f16: "F16"
    case .i64: "I64"
    case .i32: "I32"
    case .u8: "U8"
    case .i8: "I8"
    case .bool: "BOOL"
    case .f64: "F64"
    case .u16: "U16"
    case .i16: "I16"
    case .u32: "U32"
    case .u64: "U64"
    case .c64: "C64"
    case .f8E4M3: "F8_E4M3"
    case .f8E5M2: "F8_E5M2"
    case .f8E8M0: "F8_E8M0"
    case .f8E4M3FNUZ: "F8_E4M3FNUZ"
    case .f8E5M2FNUZ: "F8_E5M2FNUZ"
    case .f6E2M3: "F6_E2M3"
    case .f6E3M2: "F6_E3M2"
    case .f4: "F4"
    }
  }

  /// Bits of one element.
  var bits: Int {
    switch self {
    case .f4: 4
    case .f6E2M3, .f6E3M2: 6
    case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .i64, .u64, .f64, .c64: 64
    }
  }

  /// The element type of tensors, or nil if there are none of it.
  var dtype: DType? {
    switch self {
    case .bool: .bool
    case .u8: .uint8
    case .u16: .uint16
    case .u32: .uint32
    case .u64: .uint64
    case .i8: .int8
    case .i16: .int16
    case .i32: .int32
    case .i64: .int64
    case .f16: .float16
    case .bf16: .bfloat16
    case .f32: .float32
    case .f64: .float64
    default: nil
    }
  }

  /// The type with the name at a place of a header; nil if the format has none of that name.
  init?(named place: JSONText, in text: Span<UInt8>) {
    for type in SafetensorsType.allCases where JSONScanner.matches(place, type.name, text) {
      self = type
      return
    }
    return nil
  }

  static func name(of dtype: DType) -> String { "\(allCases.first { $0.dtype == dtype }!.name)" }

  /// The place of a type in the order in which the reference library writes tensors: widest last.
  static func rank(of dtype: DType) -> Int {
    let order: [DType] = [
      .bool, .uint8, .int8, .int16, .uint16, .float16, .bfloat16, .int32, .uint32, .float32, .float64, .int64, .uint64,
    ]
    return order.firstIndex(of: dtype)!
  }
}
