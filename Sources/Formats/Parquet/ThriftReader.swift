/// Reads structures in Thrift's compact protocol, which Parquet describes itself with; every step is checked.
///
/// - Note: The specification of the compact protocol in the repository of Apache Thrift.
struct ThriftReader {
  /// The kinds of values, by their numbers in the protocol.
  enum Kind: UInt8 {
    case yes = 1
    case no, byte, int16, int32, int64, double, binary, list, set, map, structure
  }

  /// A field of a structure.
  struct Field {
    let number: Int
    let kind: Kind
  }

  private var reader: ByteReader
  private var depth = 0

  private static let maximumDepth = 32

  init(_ bytes: SharedBytes, file: String) { reader = ByteReader(bytes, file: file) }

  /// The position behind what was read.
  var offset: Int { reader.offset }

  func error(_ message: String) -> FormatError { reader.error(.malformed, "Parquet metadata \(message)") }

  /// Reads a structure.
  ///
  /// - Parameter body: Gets each field, and says whether it read the value; others are skipped.
  mutating func structure(
    _ body: (inout ThriftReader, Field) throws(FormatError) -> Bool
  ) throws(FormatError) {
    try descend()
    var number = 0
    while true {
      let head = try reader.little(UInt8.self, "Parquet metadata")
      if head == 0 { break }
      let kind = try kind(head)
      number = head >> 4 == 0 ? Int(truncatingIfNeeded: try zigzag()) : number + Int(head >> 4)
      guard (0..<1 << 16).contains(number) else { throw error("has a field of number \(number)") }
      if !(try body(&self, Field(number: number, kind: kind))) { try skip(kind) }
    }
    depth -= 1
  }

  /// Reads a list of structures.
  mutating func structures(
    _ field: Field, _ body: (inout ThriftReader) throws(FormatError) -> Void
  ) throws(FormatError) {
    let (count, kind) = try list(field)
    guard count == 0 || kind == .structure else { throw error("has a list of something else than structures") }
    for _ in 0..<count { try body(&self) }
  }

  /// A whole number of any width.
  mutating func integer(_ field: Field) throws(FormatError) -> Int {
    switch field.kind {
    case .byte: return Int(try reader.little(Int8.self, "Parquet metadata"))
    case .int16, .int32, .int64: return Int(try zigzag())
    default: throw error("has something else where a number belongs (field \(field.number))")
    }
  }

  /// A whole number that is no less than 0.
  mutating func count(_ field: Field) throws(FormatError) -> Int {
    let value = try integer(field)
    guard value >= 0 else { throw error("has the negative number \(value) (field \(field.number))") }
    return value
  }

  func flag(_ field: Field) throws(FormatError) -> Bool {
    guard field.kind == .yes || field.kind == .no else {
      throw error("has something else where a truth value belongs (field \(field.number))")
    }
    return field.kind == .yes
  }

  mutating func text(_ field: Field) throws(FormatError) -> String {
    guard field.kind == .binary else {
      throw error("has something else where a text belongs (field \(field.number))")
    }
    return try text()
  }

  /// A list of texts.
  mutating func texts(_ field: Field) throws(FormatError) -> [String] {
    let (count, kind) = try list(field)
    guard count == 0 || kind == .binary else { throw error("has a list of something else than texts") }
    var result: [String] = []
    for _ in 0..<count { result.append(try text()) }
    return result
  }

  /// Checks that a field is a structure, before it is read.
  func expectStructure(_ field: Field) throws(FormatError) {
    guard field.kind == .structure else { throw error("has something else where a structure belongs") }
  }

  // MARK: Pieces

  private mutating func descend() throws(FormatError) {
    depth += 1
    guard depth <= ThriftReader.maximumDepth else { throw reader.error(.limit, "Parquet metadata is nested too deep") }
  }

  private func kind(_ head: UInt8) throws(FormatError) -> Kind {
    guard let kind = Kind(rawValue: head & 15) else { throw error("has a value of kind \(head & 15)") }
    return kind
  }

  private mutating func varint() throws(FormatError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      let byte = try reader.little(UInt8.self, "Parquet metadata")
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 127) << UInt64(shift)
      if byte < 128 { return value }
    }
    throw error("has a number of more than 64 bits")
  }

  private mutating func zigzag() throws(FormatError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  private mutating func length() throws(FormatError) -> Int {
    let value = try varint()
    guard value <= UInt64(reader.remaining) else {
      throw reader.error(.truncated, "Parquet metadata has \(value) items or bytes, more than there are")
    }
    return Int(value)
  }

  private mutating func text() throws(FormatError) -> String {
    try UTF8Validation.string(try reader.take(try length(), "Parquet metadata"), file: reader.file)
  }

  /// The head of a list: each item takes a byte at least.
  private mutating func list(_ field: Field) throws(FormatError) -> (count: Int, kind: Kind) {
    guard field.kind == .list || field.kind == .set else {
      throw error("has something else where a list belongs (field \(field.number))")
    }
    let head = try reader.little(UInt8.self, "Parquet metadata")
    let count = head >> 4 == 15 ? try length() : Int(head >> 4)
    guard count <= reader.remaining else {
      throw reader.error(.truncated, "Parquet metadata has a list of \(count) items, more than there are")
    }
    return count == 0 ? (0, .structure) : (count, try kind(head))
  }

  private mutating func skip(_ kind: Kind, inList: Bool = false) throws(FormatError) {
    switch kind {
    case .yes, .no: if inList { _ = try reader.take(1, "Parquet metadata") }
    case .byte: _ = try reader.take(1, "Parquet metadata")
    case .int16, .int32, .int64: _ = try varint()
    case .double: _ = try reader.take(8, "Parquet metadata")
    case .binary: _ = try reader.take(try length(), "Parquet metadata")
    case .list, .set:
      try descend()
      let (count, inner) = try list(Field(number: 0, kind: kind))
      for _ in 0..<count { try skip(inner, inList: true) }
      depth -= 1
    case .map: try skipMap()
    case .structure: try structure { (_, _) throws(FormatError) in false }
    }
  }

  private mutating func skipMap() throws(FormatError) {
    try descend()
    let count = try length()
    if count > 0 {
      let kinds = try reader.little(UInt8.self, "Parquet metadata")
      let (key, value) = (try kind(kinds >> 4), try kind(kinds))
      for _ in 0..<count {
        try skip(key, inList: true)
        try skip(value, inList: true)
      }
    }
    depth -= 1
  }
}
