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

/// Where a safetensors header says what, checked; names and shapes stay in the text until somebody asks for them.
///
/// Stricter than JSON: a fixed depth, known fields only, each once, integers only. The tensors must fill the data
/// without holes and without overlap. Whatever a text says, its index takes less memory than the text: a tensor has at
/// least 50 bytes there and at most 44 here.
struct SafetensorsHeader: Sendable {
  static let maximumSize = 100_000_000
  static let maximumTensors = 1_000_000
  /// `"":{"dtype":"U8","shape":[],"data_offsets":[0,0]},`
  static let smallestEntry = 50

  /// One tensor: places in the text, which has less than 2³² bytes, and in the data.
  struct Record: Sendable {
    var nameStart: UInt32
    var nameCount: UInt32
    var shapeStart: UInt32
    var type: SafetensorsType
    var nameHasEscapes: Bool
    var start: Int
    var end: Int

    var name: JSONText {
      JSONText(range: Int(nameStart)..<(Int(nameStart) + Int(nameCount)), hasEscapes: nameHasEscapes)
    }
  }

  /// The tensors, in the order of their data.
  var records: [Record] = []
  /// By the hash of a name: 0, or one more than the place in `records`; as many as a power of two says.
  var slots: [UInt32] = []
  /// Where the object of metadata begins, if there is one.
  var metadataStart: Int?
  var scanner: JSONScanner

  /// Reads the header that stands in `text`, which begins at byte 8 of the file.
  init(_ text: Span<UInt8>, dataSize: Int, file: String) throws(FormatError) {
    scanner = JSONScanner(file: file, base: 8)
    guard text.count > 0, text[0] == .openBrace else {
      throw scanner.error(.malformed, "header does not begin with \"{\"")
    }
    try readMembers(text)
    guard scanner.peek(text) == nil else { throw scanner.unexpected(text, wanted: "the header's end") }
    try checkLayout(text, dataSize: dataSize)
  }

  /// All that the text says about a tensor.
  func entry(_ index: Int, _ text: Span<UInt8>) -> SafetensorsEntry {
    let record = records[index]
    var scanner = scanner
    scanner.position = Int(record.shapeStart)
    // It was read before, so it fails only if somebody has changed the file since.
    let shape = try? SafetensorsHeader.readIntegers(&scanner, text)
    return SafetensorsEntry(
      name: JSONScanner.string(record.name, text), typeName: "\(record.type.name)", dtype: record.type.dtype,
      dimensions: shape.map { Array($0) } ?? [], offsets: record.start..<record.end)
  }
}

extension SafetensorsHeader {
  private mutating func readMembers(_ text: Span<UInt8>) throws(FormatError) {
    try scanner.expect(.openBrace, text)
    if scanner.take(.closeBrace, text) { return }
    repeat {
      scanner.skipSpace(text)
      let start = scanner.position
      let name = try scanner.stringText(text)
      let hash = JSONScanner.withBytes(of: name, text) { SafetensorsHeader.hash($0) }
      let isMetadata = JSONScanner.matches(name, "__metadata__", text)
      guard isMetadata ? metadataStart == nil : index(of: name, hash: hash, text) == nil else {
        let quoted = FormatError.quoted(JSONScanner.string(name, text))
        throw scanner.error(.duplicate, "header names \(quoted) twice", at: start)
      }
      guard records.count < SafetensorsHeader.maximumTensors else {
        throw scanner.error(.limit, "header names more than \(SafetensorsHeader.maximumTensors) tensors")
      }
      try scanner.expect(.colon, text)
      if isMetadata {
        try readMetadata(text)
      } else {
        let record = try readEntry(name, text)
        if slots.isEmpty { reserve(text.count - start) }
        records.append(record)
        insert(records.count - 1, hash: hash)
      }
    } while scanner.take(.comma, text)
    try scanner.expect(.closeBrace, text)
  }

  /// Makes room, once, for all tensors that so many bytes can name.
  private mutating func reserve(_ byteCount: Int) {
    let count = min(byteCount / SafetensorsHeader.smallestEntry + 1, SafetensorsHeader.maximumTensors)
    records.reserveCapacity(count)
    slots = [UInt32](repeating: 0, count: 1 << (Int.bitWidth - (count + count / 2).leadingZeroBitCount))
  }

  private mutating func readEntry(_ name: JSONText, _ text: Span<UInt8>) throws(FormatError) -> Record {
    var type: SafetensorsType?
    var shape: Shape?
    var offsets: Shape?
    var shapeStart = 0
    scanner.skipSpace(text)
    let start = scanner.position
    try scanner.expect(.openBrace, text)
    repeat {
      scanner.skipSpace(text)
      let fieldStart = scanner.position
      let field = try scanner.stringText(text)
      try scanner.expect(.colon, text)
      let isKnown: Bool
      if JSONScanner.matches(field, "dtype", text) {
        isKnown = type != nil
        type = try readType(name, text, at: start)
      } else if JSONScanner.matches(field, "shape", text) {
        isKnown = shape != nil
        shapeStart = scanner.position
        shape = try readIntegers(of: name, text, atMost: Shape.maximumRank)
      } else if JSONScanner.matches(field, "data_offsets", text) {
        isKnown = offsets != nil
        offsets = try readIntegers(of: name, text, atMost: 2)
      } else {
        let quoted = FormatError.quoted(JSONScanner.string(field, text))
        throw fault(.malformed, name, text, "has an unknown field \(quoted)", at: fieldStart)
      }
      if isKnown {
        let quoted = FormatError.quoted(JSONScanner.string(field, text))
        throw fault(.duplicate, name, text, "has \(quoted) twice", at: fieldStart)
      }
    } while scanner.take(.comma, text)
    try scanner.expect(.closeBrace, text)
    guard let type, let shape, let offsets, offsets.rank == 2 else {
      throw fault(.malformed, name, text, "lacks dtype, shape or two data_offsets", at: start)
    }
    guard offsets[0] <= offsets[1] else {
      throw fault(.malformed, name, text, "ends at \(offsets[1]), before it begins at \(offsets[0])", at: start)
    }
    try checkSize(name, type, shape, count: offsets[1] - offsets[0], text, at: start)
    return Record(
      nameStart: UInt32(name.range.lowerBound), nameCount: UInt32(name.range.count), shapeStart: UInt32(shapeStart),
      type: type, nameHasEscapes: name.hasEscapes, start: offsets[0], end: offsets[1])
  }

  private mutating func readType(
    _ name: JSONText, _ text: Span<UInt8>, at start: Int
  ) throws(FormatError) -> SafetensorsType {
    let place = try scanner.stringText(text)
    guard let type = SafetensorsType(named: place, in: text) else {
      let quoted = FormatError.quoted(JSONScanner.string(place, text))
      throw fault(.malformed, name, text, "has unknown type \(quoted)", at: start)
    }
    return type
  }

  private mutating func readIntegers(
    of name: JSONText, _ text: Span<UInt8>, atMost limit: Int
  ) throws(FormatError) -> Shape {
    do {
      return try SafetensorsHeader.readIntegers(&scanner, text, atMost: limit)
    } catch {
      var named = error
      named.tensor = JSONScanner.string(name, text)
      throw named
    }
  }

  /// An array of at most eight integers from 0 up; a shape holds them without memory of its own.
  private static func readIntegers(
    _ scanner: inout JSONScanner, _ text: Span<UInt8>, atMost limit: Int = Shape.maximumRank
  ) throws(FormatError) -> Shape {
    try scanner.expect(.openBracket, text)
    var values = Shape()
    if scanner.take(.closeBracket, text) { return values }
    repeat {
      scanner.skipSpace(text)
      let start = scanner.position
      guard case .integer(let value) = try scanner.number(text), value >= 0 else {
        throw scanner.error(.malformed, "has a size or offset that is no integer from 0 to 2^63 - 1", at: start)
      }
      guard values.rank < limit else {
        throw scanner.error(.unsupported, "has more than \(limit) sizes or offsets", at: start)
      }
      values.append(value)
    } while scanner.take(.comma, text)
    try scanner.expect(.closeBracket, text)
    return values
  }

  private func fault(
    _ kind: FormatError.Kind, _ name: JSONText, _ text: Span<UInt8>, _ message: String, at position: Int? = nil
  ) -> FormatError {
    var error = scanner.error(kind, message, at: position ?? 0)
    if position == nil { error.offset = nil }
    error.tensor = JSONScanner.string(name, text)
    return error
  }

  private func checkSize(
    _ name: JSONText, _ type: SafetensorsType, _ shape: Shape, count: Int, _ text: Span<UInt8>, at position: Int
  ) throws(FormatError) {
    var total = type.bits
    var isEmpty = false
    for size in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: max(size, 1))
      if overflow {
        throw fault(.limit, name, text, "has sizes whose product does not fit in 64 bits", at: position)
      }
      total = product
      isEmpty = isEmpty || size == 0
    }
    let needed = isEmpty ? 0 : total / 8
    guard isEmpty || total % 8 == 0, needed == count else {
      throw fault(
        .malformed, name, text, "\(type.name) \(shape) takes \(needed) bytes, its offsets span \(count)", at: position)
    }
  }

  /// Brings the tensors into the order of their data, and checks that they fill it.
  private mutating func checkLayout(_ text: Span<UInt8>, dataSize: Int) throws(FormatError) {
    sortByData(text)
    var end = 0
    for record in records {
      guard record.end <= dataSize else {
        throw fault(
          .truncated, record.name, text, "ends at byte \(record.end) of the data, past its end (\(dataSize) bytes)")
      }
      guard record.start == end else {
        let what = record.start < end ? "overlaps the one before it" : "leaves a hole before it"
        throw fault(
          .malformed, record.name, text, "\(what): begins at byte \(record.start) of the data, not \(end)")
      }
      end = record.end
    }
    guard end == dataSize else {
      throw scanner.error(.malformed, "\(dataSize - end) bytes of data belong to no tensor", at: 0)
    }
  }

  private mutating func sortByData(_ text: Span<UInt8>) {
    func isInOrder(_ a: Record, _ b: Record) -> Bool { (a.start, a.end) < (b.start, b.end) }
    var isSorted = true
    for i in records.indices.dropFirst() where isInOrder(records[i], records[i - 1]) { isSorted = false }
    if isSorted { return }
    records.sort(by: isInOrder)
    for i in slots.indices { slots[i] = 0 }
    for (i, record) in records.enumerated() {
      insert(i, hash: JSONScanner.withBytes(of: record.name, text) { SafetensorsHeader.hash($0) })
    }
  }
}
