import MartletGraph

/// What the header of a safetensors file says about one tensor.
public struct SafetensorsEntry: Sendable {
  /// The tensor's name.
  public let name: String
  /// The element type's name in the file: `F32`, `BF16`, `F8_E4M3`.
  public let typeName: String
  /// The element type, or nil if it is one that this library has no tensors of.
  public let dtype: DType?
  /// The sizes of the dimensions, outermost first.
  public let dimensions: [Int]
  /// Where the tensor's bytes are, counted from the end of the header.
  public let offsets: Range<Int>
}

/// Reads and checks safetensors headers.
///
/// Stricter than JSON: a fixed depth, known fields only, each once, integers only. The tensors must fill the data
/// without holes and without overlap.
struct SafetensorsHeader {
  static let maximumSize = 100_000_000
  static let maximumTensors = 1_000_000

  private(set) var entries: [SafetensorsEntry] = []
  private(set) var metadata: [String: String] = [:]
  private var scanner: JSONScanner

  /// Reads the header that stands in `text`, which begins at byte 8 of the file.
  init(_ text: Span<UInt8>, dataSize: Int, file: String) throws(FormatError) {
    scanner = JSONScanner(file: file, base: 8)
    guard text.count > 0, text[0] == 0x7B else {
      throw scanner.error(.malformed, "header does not begin with \"{\"")
    }
    try readMembers(text)
    guard scanner.peek(text) == nil else { throw scanner.unexpected(text, wanted: "the header's end") }
    try checkLayout(dataSize: dataSize)
  }

  private mutating func readMembers(_ text: Span<UInt8>) throws(FormatError) {
    var names: Set<String> = []
    try scanner.expect("{", text)
    if scanner.take("}", text) { return }
    repeat {
      scanner.skipSpace(text)
      let start = scanner.position
      let name = try scanner.string(text)
      guard names.insert(name).inserted else {
        throw scanner.error(.duplicate, "header names \(FormatError.quoted(name)) twice", at: start)
      }
      guard names.count <= SafetensorsHeader.maximumTensors + 1 else {
        throw scanner.error(.limit, "header names more than \(SafetensorsHeader.maximumTensors) tensors")
      }
      try scanner.expect(":", text)
      if name == "__metadata__" {
        try readMetadata(text)
      } else {
        entries.append(try readEntry(name, text))
      }
    } while scanner.take(",", text)
    try scanner.expect("}", text)
  }

  private mutating func readMetadata(_ text: Span<UInt8>) throws(FormatError) {
    try scanner.expect("{", text)
    if scanner.take("}", text) { return }
    repeat {
      scanner.skipSpace(text)
      let start = scanner.position
      let key = try scanner.string(text)
      try scanner.expect(":", text)
      let value = try scanner.string(text)
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw scanner.error(.duplicate, "metadata names \(FormatError.quoted(key)) twice", at: start)
      }
    } while scanner.take(",", text)
    try scanner.expect("}", text)
  }

  private mutating func readEntry(_ name: String, _ text: Span<UInt8>) throws(FormatError) -> SafetensorsEntry {
    var typeName: String?
    var dimensions: [Int]?
    var offsets: [Int]?
    scanner.skipSpace(text)
    let start = scanner.position
    try scanner.expect("{", text)
    repeat {
      scanner.skipSpace(text)
      let fieldStart = scanner.position
      let field = try scanner.string(text)
      try scanner.expect(":", text)
      switch field {
      case "dtype" where typeName == nil: typeName = try scanner.string(text)
      case "shape" where dimensions == nil: dimensions = try readIntegers(text, name, atMost: Shape.maximumRank)
      case "data_offsets" where offsets == nil: offsets = try readIntegers(text, name, atMost: 2)
      case "dtype", "shape", "data_offsets":
        throw fault(.duplicate, name, "has \(FormatError.quoted(field)) twice", at: fieldStart)
      default:
        throw fault(.malformed, name, "has an unknown field \(FormatError.quoted(field))", at: fieldStart)
      }
    } while scanner.take(",", text)
    try scanner.expect("}", text)
    guard let typeName, let dimensions, let offsets, offsets.count == 2 else {
      throw fault(.malformed, name, "lacks dtype, shape or two data_offsets", at: start)
    }
    guard offsets[0] <= offsets[1] else {
      throw fault(.malformed, name, "ends at \(offsets[1]), before it begins at \(offsets[0])", at: start)
    }
    let entry = SafetensorsEntry(
      name: name, typeName: typeName, dtype: SafetensorsType.dtype(named: typeName), dimensions: dimensions,
      offsets: offsets[0]..<offsets[1])
    try checkSize(of: entry, at: start)
    return entry
  }

  private mutating func readIntegers(
    _ text: Span<UInt8>, _ name: String, atMost limit: Int
  ) throws(FormatError) -> [Int] {
    try scanner.expect("[", text)
    var values: [Int] = []
    if scanner.take("]", text) { return values }
    repeat {
      scanner.skipSpace(text)
      let start = scanner.position
      guard case .integer(let value) = try scanner.number(text), value >= 0 else {
        throw fault(.malformed, name, "has a size or offset that is no integer from 0 to 2^63 - 1", at: start)
      }
      guard values.count < limit else {
        throw fault(.unsupported, name, "has more than \(limit) sizes or offsets", at: start)
      }
      values.append(value)
    } while scanner.take(",", text)
    try scanner.expect("]", text)
    return values
  }

  private func fault(
    _ kind: FormatError.Kind, _ name: String, _ message: String, at position: Int? = nil
  ) -> FormatError {
    var error = scanner.error(kind, message, at: position ?? 0)
    if position == nil { error.offset = nil }
    error.tensor = name
    return error
  }

  private func checkSize(of entry: SafetensorsEntry, at position: Int) throws(FormatError) {
    guard let bits = SafetensorsType.bits(named: entry.typeName) else {
      throw fault(.malformed, entry.name, "has unknown type \(FormatError.quoted(entry.typeName))", at: position)
    }
    var total = bits
    var isEmpty = false
    for size in entry.dimensions {
      let (product, overflow) = total.multipliedReportingOverflow(by: max(size, 1))
      if overflow { throw fault(.limit, entry.name, "has sizes whose product does not fit in 64 bits", at: position) }
      total = product
      isEmpty = isEmpty || size == 0
    }
    let needed = isEmpty ? 0 : total / 8
    guard isEmpty || total % 8 == 0, needed == entry.offsets.count else {
      let shape = entry.dimensions.map(String.init).joined(separator: ", ")
      throw fault(
        .malformed, entry.name,
        "\(entry.typeName) [\(shape)] takes \(needed) bytes, its offsets span \(entry.offsets.count)", at: position)
    }
  }

  /// Brings the entries into the order of their data, and checks that they fill it.
  private mutating func checkLayout(dataSize: Int) throws(FormatError) {
    entries.sort { ($0.offsets.lowerBound, $0.offsets.upperBound) < ($1.offsets.lowerBound, $1.offsets.upperBound) }
    var end = 0
    for entry in entries {
      guard entry.offsets.upperBound <= dataSize else {
        throw fault(
          .truncated, entry.name,
          "ends at byte \(entry.offsets.upperBound) of the data, past its end (\(dataSize) bytes)")
      }
      guard entry.offsets.lowerBound == end else {
        let what = entry.offsets.lowerBound < end ? "overlaps the one before it" : "leaves a hole before it"
        throw fault(
          .malformed, entry.name, "\(what): begins at byte \(entry.offsets.lowerBound) of the data, not \(end)")
      }
      end = entry.offsets.upperBound
    }
    guard end == dataSize else {
      throw scanner.error(.malformed, "\(dataSize - end) bytes of data belong to no tensor", at: 0)
    }
  }
}

/// The element types of the format.
enum SafetensorsType {
  /// Bits of one element, or nil if the format has no such type.
  static func bits(named name: String) -> Int? {
    switch name {
    case "F4": 4
    case "F6_E2M3", "F6_E3M2": 6
    case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ": 8
    case "I16", "U16", "F16", "BF16": 16
    case "I32", "U32", "F32": 32
    case "I64", "U64", "F64", "C64": 64
    default: nil
    }
  }

  static func dtype(named name: String) -> DType? { DType.allCases.first { self.name(of: $0) == name } }

  static func name(of dtype: DType) -> String {
    switch dtype {
    case .bool: "BOOL"
    case .uint8: "U8"
    case .uint16: "U16"
    case .uint32: "U32"
    case .uint64: "U64"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float32: "F32"
    case .float64: "F64"
    }
  }

  /// The place of a type in the order in which the reference library writes tensors: widest last.
  static func rank(of dtype: DType) -> Int {
    let order: [DType] = [
      .bool, .uint8, .int8, .int16, .uint16, .float16, .bfloat16, .int32, .uint32, .float32, .float64, .int64, .uint64,
    ]
    return order.firstIndex(of: dtype)!
  }
}
