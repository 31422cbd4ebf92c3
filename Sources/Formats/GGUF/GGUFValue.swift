/// The type of a value in the metadata of a GGUF file.
public enum GGUFValueType: UInt32, Sendable, Hashable, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case uint16 = 2
  case int16 = 3
  case uint32 = 4
  case int32 = 5
  case float32 = 6
  case bool = 7
  case string = 8
  case array = 9
  case uint64 = 10
  case int64 = 11
  case float64 = 12

  /// The bytes of a value; nil for texts and arrays.
  var sizeInBytes: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}

/// A value in the metadata of a GGUF file.
public enum GGUFValue: Sendable, Hashable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)
  case uint64(UInt64)
  case int64(Int64)
  case float64(Double)
}

extension GGUFValue {
  /// The type of the value.
  public var type: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string: .string
    case .array: .array
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }

  /// The value if it is an integer of any width that fits in `Int`.
  public var intValue: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    default: nil
    }
  }

  /// The value if it is a number.
  public var doubleValue: Double? {
    switch self {
    case .float32(let value): Double(value)
    case .float64(let value): value
    case .uint64(let value): Double(value)
    default: intValue.map(Double.init)
    }
  }

  /// The value if it is a text.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  /// The value if it is true or false.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The value if it is an array.
  public var arrayValue: GGUFArray? { if case .array(let value) = self { value } else { nil } }

  /// The value as it stands in a file, without its type.
  func append(to bytes: inout [UInt8]) {
    switch self {
    case .uint8(let value): bytes.append(value)
    case .int8(let value): bytes.append(UInt8(bitPattern: value))
    case .uint16(let value): bytes.appendLittle(value)
    case .int16(let value): bytes.appendLittle(value)
    case .uint32(let value): bytes.appendLittle(value)
    case .int32(let value): bytes.appendLittle(value)
    case .uint64(let value): bytes.appendLittle(value)
    case .int64(let value): bytes.appendLittle(value)
    case .float32(let value): bytes.appendLittle(value.bitPattern)
    case .float64(let value): bytes.appendLittle(value.bitPattern)
    case .bool(let value): bytes.append(value ? 1 : 0)
    case .string(let value): bytes.appendGGUF(value)
    case .array(let array):
      bytes.appendLittle(array.elementType.rawValue)
      bytes.appendLittle(UInt64(array.count))
      bytes += array.bytes.array
    }
  }
}

extension [UInt8] {
  /// A text with its length in 64 bits before it.
  mutating func appendGGUF(_ text: String) {
    appendLittle(UInt64(text.utf8.count))
    append(contentsOf: text.utf8)
  }
}

/// An array in the metadata of a GGUF file: numbers or texts, all of one type; its elements are made when asked for.
public struct GGUFArray: Sendable {
  /// The type of the elements, never `array`.
  public let elementType: GGUFValueType
  /// The number of elements.
  public let count: Int
  /// The elements as they stand in a file.
  let bytes: SharedBytes

  init(elementType: GGUFValueType, count: Int, bytes: SharedBytes) {
    self.elementType = elementType
    self.count = count
    self.bytes = bytes
  }

  /// An array of the given values.
  ///
  /// - Precondition: All of the same type, at least one, none an array.
  public init(_ values: [GGUFValue]) {
    guard let first = values.first else { preconditionFailure("GGUFArray: an array needs an element for its type") }
    precondition(
      first.type != .array && values.allSatisfy { $0.type == first.type }, "GGUFArray: elements of different types")
    var bytes: [UInt8] = []
    for value in values { value.append(to: &bytes) }
    self.init(elementType: first.type, count: values.count, bytes: SharedBytes(bytes))
  }

  /// An array of texts, which may be empty.
  public init(_ texts: [String]) {
    var bytes: [UInt8] = []
    for text in texts { bytes.appendGGUF(text) }
    self.init(elementType: .string, count: texts.count, bytes: SharedBytes(bytes))
  }

  /// The elements.
  ///
  /// - Throws: `FormatError` if a text is not UTF-8.
  public func values() throws(FormatError) -> [GGUFValue] {
    var reader = GGUFReader(bytes, file: "GGUF array")
    var result: [GGUFValue] = []
    result.reserveCapacity(count)
    for _ in 0..<count { result.append(try reader.value(of: elementType)) }
    return result
  }

  /// The elements, if they are texts.
  public func strings() throws(FormatError) -> [String]? {
    guard elementType == .string else { return nil }
    var reader = GGUFReader(bytes, file: "GGUF array")
    var result: [String] = []
    result.reserveCapacity(count)
    for _ in 0..<count { result.append(try reader.string("text")) }
    return result
  }

  /// The elements, if they are integers that fit in `Int`.
  public func integers() throws(FormatError) -> [Int]? {
    var result: [Int] = []
    for value in try values() {
      guard let number = value.intValue else { return nil }
      result.append(number)
    }
    return result
  }

  /// The elements, if they are numbers.
  public func doubles() throws(FormatError) -> [Double]? {
    var result: [Double] = []
    for value in try values() {
      guard let number = value.doubleValue else { return nil }
      result.append(number)
    }
    return result
  }
}

extension GGUFArray: Hashable {
  public static func == (a: GGUFArray, b: GGUFArray) -> Bool {
    a.elementType == b.elementType && a.count == b.count && a.bytes.array == b.bytes.array
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(elementType)
    hasher.combine(count)
  }
}
