import MartletGraph

/// Reads and checks what stands before the data of a GGUF file.
struct GGUFHeader {
  static let magic = Array("GGUF".utf8)
  static let defaultAlignment = 32
  static let maximumTensors = 1_000_000

  private(set) var version = 0
  private(set) var alignment = GGUFHeader.defaultAlignment
  private(set) var metadata: [(key: String, value: GGUFValue)] = []
  private(set) var entries: [GGUFEntry] = []
  private(set) var keys: [String: Int] = [:]
  private(set) var indices: [String: Int] = [:]
  private(set) var dataStart = 0
  private var reader: GGUFReader

  init(_ bytes: SharedBytes, file: String) { reader = GGUFReader(bytes, file: file) }

  mutating func read() throws(FormatError) {
    try reader.reader.expect(GGUFHeader.magic, "GGUF signature")
    try readVersion()
    let tensors = try count("tensors", atLeast: 32, limit: GGUFHeader.maximumTensors)
    let values = try count("metadata values", atLeast: 13, limit: GGUFHeader.maximumTensors)
    for _ in 0..<values { try readValue() }
    try readAlignment()
    entries.reserveCapacity(tensors)
    indices.reserveCapacity(tensors)
    for _ in 0..<tensors { try readEntry() }
    dataStart = try aligned(reader.reader.offset)
    let size = reader.reader.bytes.count
    // A file without tensors may end without the padding behind its header.
    if dataStart > size, entries.isEmpty { dataStart = size }
    guard dataStart <= size else { throw error(.truncated, "ends before its data begins", at: size) }
    try checkLayout(dataSize: size - dataStart)
  }

  private mutating func readVersion() throws(FormatError) {
    let code = try reader.reader.little(UInt32.self, "GGUF version")
    if code & 0xFFFF == 0, code != 0 {
      throw error(.unsupported, "is a big-endian GGUF file; convert it to little-endian first", at: 4)
    }
    guard code == 2 || code == 3 else { throw error(.unsupported, "is of GGUF version \(code), not 2 or 3", at: 4) }
    version = Int(code)
  }

  /// A count of records, each of which takes at least so many bytes.
  private mutating func count(_ what: String, atLeast size: Int, limit: Int) throws(FormatError) -> Int {
    let start = reader.reader.offset
    let count = try reader.reader.little(UInt64.self, "number of \(what)")
    guard count <= UInt64(reader.reader.remaining / size) else {
      throw error(.truncated, "promises \(count) \(what), more than fit in the file", at: start)
    }
    guard count <= UInt64(limit) else { throw error(.limit, "has more than \(limit) \(what)", at: start) }
    return Int(count)
  }

  private mutating func readValue() throws(FormatError) {
    let start = reader.reader.offset
    let key = try reader.string("metadata key")
    let type = try reader.valueType("metadata value")
    let value: GGUFValue
    do {
      value = try reader.value(of: type)
    } catch {
      var error = error
      error.message = "metadata \(FormatError.quoted(key)): \(error.message)"
      throw error
    }
    guard keys.updateValue(metadata.count, forKey: key) == nil else {
      throw error(.duplicate, "has metadata \(FormatError.quoted(key)) twice", at: start)
    }
    metadata.append((key, value))
  }

  private mutating func readAlignment() throws(FormatError) {
    guard let index = keys["general.alignment"] else { return }
    guard case .uint32(let value) = metadata[index].value else {
      throw error(.malformed, "has an alignment that is no 32-bit number")
    }
    guard value >= 8, value <= 65536, value & (value - 1) == 0 else {
      throw error(.malformed, "has alignment \(value), not a power of two in 8...65536")
    }
    alignment = Int(value)
  }

  private mutating func readEntry() throws(FormatError) {
    let start = reader.reader.offset
    let name = try reader.string("tensor name")
    let rank = try reader.reader.little(UInt32.self, "rank")
    guard rank >= 1, rank <= 4 else {
      throw error(.malformed, "has \(rank) dimensions, not 1 to 4", at: start, name)
    }
    var dimensions: [Int] = []
    for _ in 0..<rank {
      let size = try reader.reader.little(UInt64.self, "dimension")
      guard size >= 1, let size = Int(exactly: size) else {
        throw error(.malformed, "has a dimension of size \(size)", at: start, name)
      }
      dimensions.insert(size, at: 0)
    }
    let code = try reader.reader.little(UInt32.self, "tensor type")
    guard let type = GGUFTensorType(rawValue: code) else {
      throw error(.unsupported, "is of unknown type \(code)", at: start, name)
    }
    let offset = try reader.reader.little(UInt64.self, "tensor offset")
    guard let size = type.sizeInBytes(dimensions) else {
      let isRagged = dimensions[dimensions.count - 1] % type.block.elements != 0
      throw error(
        isRagged ? .malformed : .limit,
        isRagged
          ? "of type \(type) has rows of \(dimensions[dimensions.count - 1]), no multiple of \(type.block.elements)"
          : "has sizes whose product does not fit in 64 bits", at: start, name)
    }
    guard let offset = Int(exactly: offset), offset <= Int.max - size else {
      throw error(.malformed, "begins at \(offset), outside of any file", at: start, name)
    }
    guard offset % alignment == 0 else {
      throw error(.malformed, "begins at \(offset), no multiple of the alignment \(alignment)", at: start, name)
    }
    guard indices.updateValue(entries.count, forKey: name) == nil else {
      throw error(.duplicate, "is in the file twice", at: start, name)
    }
    entries.append(GGUFEntry(name: name, type: type, dimensions: dimensions, offsets: offset..<(offset + size)))
  }

  private func aligned(_ offset: Int) throws(FormatError) -> Int {
    let (sum, overflow) = offset.addingReportingOverflow(alignment - 1)
    guard !overflow else { throw error(.limit, "is larger than 64 bits can count") }
    return sum / alignment * alignment
  }

  private func checkLayout(dataSize: Int) throws(FormatError) {
    for entry in entries where entry.offsets.upperBound > dataSize {
      throw error(
        .truncated, "ends at byte \(entry.offsets.upperBound) of the data, past its end (\(dataSize) bytes)", nil,
        entry.name)
    }
    let order = entries.indices.sorted { entries[$0].offsets.lowerBound < entries[$1].offsets.lowerBound }
    for (before, after) in zip(order, order.dropFirst())
    where entries[before].offsets.upperBound > entries[after].offsets.lowerBound {
      throw error(.malformed, "overlaps \(FormatError.quoted(entries[before].name))", nil, entries[after].name)
    }
  }

  private func error(_ kind: FormatError.Kind, _ message: String, at offset: Int? = nil) -> FormatError {
    error(kind, message, at: offset, nil)
  }

  private func error(
    _ kind: FormatError.Kind, _ message: String, at offset: Int?, _ tensor: String?
  ) -> FormatError {
    FormatError(kind, file: reader.reader.file, message, offset: offset, tensor: tensor)
  }

  private func error(
    _ kind: FormatError.Kind, _ message: String, _ offset: Int?, _ tensor: String?
  ) -> FormatError {
    error(kind, message, at: offset, tensor)
  }
}
