import MartletGraph

/// The header of a npy file: a Python dictionary of three fixed members, read by a fixed grammar and never evaluated.
struct NpyHeader {
  static let maximumSize = 1 << 16

  var dtype: DType
  var dimensions: [Int]
  var isFortranOrder: Bool
  var isBigEndian: Bool

  /// Reads signature, version, length and dictionary; the reader then stands at the data.
  init(_ reader: inout ByteReader) throws(FormatError) {
    try reader.expect([0x93] + Array("NUMPY".utf8), "npy signature")
    let major = try reader.little(UInt8.self, "npy version")
    let minor = try reader.little(UInt8.self, "npy version")
    guard (1...3).contains(major), minor == 0 else {
      throw reader.error(.unsupported, "npy version \(major).\(minor) is not one of 1.0, 2.0 and 3.0", at: 6)
    }
    let length =
      major == 1
      ? Int(try reader.little(UInt16.self, "npy header length"))
      : Int(try reader.little(UInt32.self, "npy header length"))
    guard length <= NpyHeader.maximumSize else {
      throw reader.error(.limit, "npy header of \(length) bytes is larger than \(NpyHeader.maximumSize)", at: 8)
    }
    let base = reader.offset
    let text = try reader.take(length, "npy header").array
    var parser = NpyDictionaryParser(text: text, base: base, file: reader.file)
    try parser.parse()
    guard let (dtype, isBigEndian) = parser.type, let isFortranOrder = parser.isFortranOrder,
      let dimensions = parser.dimensions
    else { throw reader.error(.malformed, "npy header lacks descr, fortran_order or shape", at: base) }
    self.dtype = dtype
    self.isBigEndian = isBigEndian
    self.isFortranOrder = isFortranOrder
    self.dimensions = dimensions
  }

  /// The bytes of data that type and shape take, if they are as many as there are.
  func checkedSize(in byteCount: Int, _ reader: ByteReader) throws(FormatError) -> Int {
    guard let size = StoredTensor.sizeInBytes(dtype: dtype, shape: dimensions) else {
      throw reader.error(.limit, "npy shape has sizes whose product does not fit in 64 bits", at: 8)
    }
    guard size == byteCount else {
      throw reader.error(
        size > byteCount ? .truncated : .malformed,
        "npy header promises \(size) bytes of data, \(byteCount) are there")
    }
    return size
  }

  /// The bytes before the data in a file of version 1.0 for a tensor, padded so that the data begins at a multiple
  /// of 64.
  static func encoded(dtype: DType, shape: Shape) throws(FormatError) -> [UInt8] {
    guard let descr = descr(of: dtype) else {
      throw FormatError(.unsupported, file: "", "npy has no element type \(dtype)")
    }
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.rank == 1 ? "," : "")
    var text = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
    let unpadded = 10 + text.count + 1
    text += repeatElement(0x20, count: (64 - unpadded % 64) % 64)
    text.append(0x0A)
    var result: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    result.appendLittle(UInt16(text.count))
    return result + text
  }

  /// Numpy's name of a type in little-endian order; `bfloat16` has none.
  private static func descr(of dtype: DType) -> String? {
    switch dtype {
    case .bool: "|b1"
    case .uint8: "|u1"
    case .int8: "|i1"
    case .bfloat16: nil
    case _ where dtype.isFloatingPoint: "<f\(dtype.sizeInBytes)"
    case _ where dtype.isUnsigned: "<u\(dtype.sizeInBytes)"
    default: "<i\(dtype.sizeInBytes)"
    }
  }
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, members in any order, then space.
private struct NpyDictionaryParser {
  let text: [UInt8]
  let base: Int
  let file: String
  private var position = 0
  private(set) var type: (dtype: DType, isBigEndian: Bool)?
  private(set) var isFortranOrder: Bool?
  private(set) var dimensions: [Int]?

  init(text: [UInt8], base: Int, file: String) {
    self.text = text
    self.base = base
    self.file = file
  }

  mutating func parse() throws(FormatError) {
    try expect("{")
    while !take("}") {
      let start = position
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where type == nil: type = try elementType()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where dimensions == nil: dimensions = try tuple()
      case "descr", "fortran_order", "shape":
        throw error(.duplicate, "npy header has \(FormatError.quoted(key)) twice", at: start)
      default: throw error(.malformed, "npy header has an unknown member \(FormatError.quoted(key))", at: start)
      }
      guard take(",") || peek() == UInt8(ascii: "}") else {
        throw error(.malformed, "npy header has no \",\" or \"}\" behind a member")
      }
    }
    guard peek() == nil else { throw error(.malformed, "npy header goes on behind its \"}\"") }
  }

  private func error(_ kind: FormatError.Kind, _ message: String, at start: Int? = nil) -> FormatError {
    FormatError(kind, file: file, message, offset: base + (start ?? position))
  }

  private mutating func peek() -> UInt8? {
    while position < text.count, text[position] == 0x20 || (0x09...0x0D).contains(text[position]) { position += 1 }
    return position < text.count ? text[position] : nil
  }

  private mutating func take(_ character: Character) -> Bool {
    guard peek() == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(FormatError) {
    guard take(character) else { throw error(.malformed, "npy header lacks \"\(character)\"") }
  }

  private mutating func string() throws(FormatError) -> String {
    guard let quote = peek(), quote == 0x27 || quote == 0x22 else {
      throw error(
        peek() == UInt8(ascii: "[") ? .unsupported : .malformed, "npy header has no quoted text here")
    }
    position += 1
    let start = position
    while position < text.count, text[position] != quote {
      guard text[position] != 0x5C else { throw error(.malformed, "npy header has a backslash in a text") }
      position += 1
    }
    guard position < text.count else { throw error(.malformed, "npy header has a text without end", at: start - 1) }
    defer { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func elementType() throws(FormatError) -> (dtype: DType, isBigEndian: Bool) {
    let start = position
    let descr = try string()
    let order = descr.first.flatMap { "<>|=".contains($0) ? $0 : nil }
    let dtype: DType? =
      switch order == nil ? descr : String(descr.dropFirst()) {
      case "b1", "?": .bool
      case "u1", "B": .uint8
      case "u2": .uint16
      case "u4": .uint32
      case "u8": .uint64
      case "i1", "b": .int8
      case "i2": .int16
      case "i4": .int32
      case "i8": .int64
      case "f2": .float16
      case "f4": .float32
      case "f8": .float64
      default: nil
      }
    guard let dtype else {
      throw error(.unsupported, "npy element type \(FormatError.quoted(descr)) is not a number or bool", at: start)
    }
    guard dtype.sizeInBytes == 1 || order != "|" else {
      throw error(.malformed, "npy element type \(FormatError.quoted(descr)) lacks its byte order", at: start)
    }
    return (dtype, order == ">" && dtype.sizeInBytes > 1)
  }

  private mutating func boolean() throws(FormatError) -> Bool {
    _ = peek()
    for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw error(.malformed, "npy header's fortran_order is neither True nor False")
  }

  private mutating func tuple() throws(FormatError) -> [Int] {
    let start = position
    try expect("(")
    var values: [Int] = []
    while !take(")") {
      guard values.count < Shape.maximumRank else {
        throw error(.unsupported, "npy shape has more than \(Shape.maximumRank) dimensions", at: start)
      }
      values.append(try integer())
      guard take(",") || values.count > 1 && peek() == UInt8(ascii: ")") else {
        throw error(.malformed, "npy shape has no \",\" behind a size")
      }
    }
    return values
  }

  private mutating func integer() throws(FormatError) -> Int {
    _ = peek()
    let start = position
    while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
    let digits = String(decoding: text[start..<position], as: UTF8.self)
    // Python 2 wrote an L behind long integers.
    if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
    guard let value = Int(digits) else {
      throw error(.malformed, "npy shape has a size that is no integer from 0 to 2^63 - 1", at: start)
    }
    return value
  }
}
