import MartletGraph

/// How the elements of a tensor are stored in a GGUF file: as numbers, or in blocks that share scales.
///
/// - Note: The numbers and block layouts are those of ggml.
public enum GGUFTensorType: UInt32, Sendable, Hashable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q8_1 = 9
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case q8_K = 15
  case iq2_XXS = 16
  case iq2_XS = 17
  case iq3_XXS = 18
  case iq1_S = 19
  case iq4_NL = 20
  case iq3_S = 21
  case iq2_S = 22
  case iq4_XS = 23
  case i8 = 24
  case i16 = 25
  case i32 = 26
  case i64 = 27
  case f64 = 28
  case iq1_M = 29
  case bf16 = 30
  case tq1_0 = 34
  case tq2_0 = 35
  case mxfp4 = 39
}

extension GGUFTensorType {
  /// Elements in a block and the bytes it takes; (1, element size) for plain numbers.
  public var block: (elements: Int, bytes: Int) {
    switch self {
    case .f32, .i32: (1, 4)
    case .f16, .bf16, .i16: (1, 2)
    case .f64, .i64: (1, 8)
    case .i8: (1, 1)
    case .q4_0, .iq4_NL: (32, 18)
    case .q4_1: (32, 20)
    case .q5_0: (32, 22)
    case .q5_1: (32, 24)
    case .q8_0: (32, 34)
    case .q8_1: (32, 40)
    case .q2_K: (256, 84)
    case .q3_K, .iq3_S: (256, 110)
    case .q4_K: (256, 144)
    case .q5_K: (256, 176)
    case .q6_K: (256, 210)
    case .q8_K: (256, 292)
    case .iq2_XXS, .tq2_0: (256, 66)
    case .iq2_XS: (256, 74)
    case .iq3_XXS: (256, 98)
    case .iq1_S: (256, 50)
    case .iq2_S: (256, 82)
    case .iq4_XS: (256, 136)
    case .iq1_M: (256, 56)
    case .tq1_0: (256, 54)
    case .mxfp4: (32, 17)
    }
  }

  /// The element type of plain numbers; nil where several elements share scales.
  public var dtype: DType? {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    case .f64: .float64
    case .i8: .int8
    case .i16: .int16
    case .i32: .int32
    case .i64: .int64
    default: nil
    }
  }

  /// Whether elements share scales.
  public var isQuantized: Bool { dtype == nil }

  /// The plain type of elements of type `dtype`; nil for those that GGUF lacks (`bool` and unsigned integers).
  public init?(_ dtype: DType) {
    guard let type = GGUFTensorType.allCases.first(where: { $0.dtype == dtype }) else { return nil }
    self = type
  }

  /// The bytes of a tensor, or nil if the innermost dimension is no multiple of the block or the size overflows.
  func sizeInBytes(_ dimensions: [Int]) -> Int? {
    let block = block
    guard let inner = dimensions.last, inner % block.elements == 0 else { return nil }
    var total = inner / block.elements
    var elements = inner
    for size in dimensions.dropLast() {
      let (product, overflow) = total.multipliedReportingOverflow(by: size)
      let (count, isTooLarge) = elements.multipliedReportingOverflow(by: size)
      if overflow || isTooLarge { return nil }
      (total, elements) = (product, count)
    }
    let (bytes, overflow) = total.multipliedReportingOverflow(by: block.bytes)
    // Elements may be turned into floats of four bytes later, so that product must fit too.
    return overflow || elements > Int.max / 8 ? nil : bytes
  }
}

extension GGUFTensorType: CustomStringConvertible {
  /// The name that people know: `F32`, `Q4_K`, `IQ4_XS`.
  public var description: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    case .f64: "F64"
    case .i8: "I8"
    case .i16: "I16"
    case .i32: "I32"
    case .i64: "I64"
    case .q4_0: "Q4_0"
    case .q4_1: "Q4_1"
    case .q5_0: "Q5_0"
    case .q5_1: "Q5_1"
    case .q8_0: "Q8_0"
    case .q8_1: "Q8_1"
    case .q2_K: "Q2_K"
    case .q3_K: "Q3_K"
    case .q4_K: "Q4_K"
    case .q5_K: "Q5_K"
    case .q6_K: "Q6_K"
    case .q8_K: "Q8_K"
    case .iq1_S: "IQ1_S"
    case .iq1_M: "IQ1_M"
    case .iq2_XXS: "IQ2_XXS"
    case .iq2_XS: "IQ2_XS"
    case .iq2_S: "IQ2_S"
    case .iq3_XXS: "IQ3_XXS"
    case .iq3_S: "IQ3_S"
    case .iq4_NL: "IQ4_NL"
    case .iq4_XS: "IQ4_XS"
    case .tq1_0: "TQ1_0"
    case .tq2_0: "TQ2_0"
    case .mxfp4: "MXFP4"
    }
  }

  /// The type of that name, whatever the case of its letters; nil if there is none.
  public init?(named name: String) {
    let wanted = name.uppercased()
    guard let type = GGUFTensorType.allCases.first(where: { $0.description == wanted }) else { return nil }
    self = type
  }
}
