/// What the end of a Parquet file says about it.
struct ParquetMetadata {
  /// A part of the schema: a column, or a group of those that follow.
  struct Element {
    var name = ""
    var type: Int?
    var typeLength = 0
    var repetition = 0
    var childCount = 0
    var convertedType: Int?
    var scale = 0
    var isText = false
    var isUnsigned = false
    var isHalf = false
  }

  /// Where the values of a column are, for a run of rows.
  struct Chunk {
    var codec = 0
    var valueCount = 0
    var compressedSize = 0
    var dataOffset = 0
    var dictionaryOffset: Int?
    var isElsewhere = false
    var isDescribed = false

    /// The bytes of its pages; nil if they are in another file, not stated, or not before `end`.
    func range(before end: Int) -> Range<Int>? {
      guard isDescribed, !isElsewhere else { return nil }
      var start = dataOffset
      if let dictionaryOffset, dictionaryOffset > 0 { start = min(start, dictionaryOffset) }
      return start >= 4 && start <= end && compressedSize <= end - start ? start..<(start + compressedSize) : nil
    }
  }

  /// A run of rows.
  struct RowGroup {
    var rowCount = 0
    var chunks: [Chunk] = []
  }

  private(set) var elements: [Element] = []
  private(set) var rowGroups: [RowGroup] = []
  private(set) var rowCount = 0
  private(set) var pairs: [(key: String, value: String)] = []

  /// The most columns, and pieces of columns.
  private static let maximumElements = 1 << 16
  private static let maximumChunks = 1 << 19

  init(_ bytes: SharedBytes, file: String) throws(FormatError) {
    var reader = ThriftReader(bytes, file: file)
    var chunkCount = 0
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 2:
        try reader.structures(field) { (reader) throws(FormatError) in
          guard elements.count < ParquetMetadata.maximumElements else {
            throw FormatError(.limit, file: file, "has more than \(ParquetMetadata.maximumElements) columns")
          }
          elements.append(try ParquetMetadata.element(&reader))
        }
      case 3: rowCount = try reader.count(field)
      case 4:
        try reader.structures(field) { (reader) throws(FormatError) in
          let group = try ParquetMetadata.rowGroup(&reader)
          chunkCount += group.chunks.count + 1
          guard chunkCount <= ParquetMetadata.maximumChunks else {
            throw FormatError(.limit, file: file, "has more than \(ParquetMetadata.maximumChunks) pieces of columns")
          }
          rowGroups.append(group)
        }
      case 5:
        try reader.structures(field) { (reader) throws(FormatError) in
          pairs.append(try ParquetMetadata.pair(&reader))
        }
      default: return false
      }
      return true
    }
  }

  private static func element(_ reader: inout ThriftReader) throws(FormatError) -> Element {
    var element = Element()
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1: element.type = try reader.integer(field)
      case 2: element.typeLength = try reader.count(field)
      case 3: element.repetition = try reader.integer(field)
      case 4: element.name = try reader.text(field)
      case 5: element.childCount = try reader.count(field)
      case 6: element.convertedType = try reader.integer(field)
      case 7: element.scale = try reader.count(field)
      case 10:
        try reader.expectStructure(field)
        try logicalType(&reader, &element)
      default: return false
      }
      return true
    }
    if let type = element.convertedType {
      // UTF8, ENUM and JSON; UINT_8 to UINT_64.
      element.isText = element.isText || [0, 4, 19].contains(type)
      element.isUnsigned = element.isUnsigned || (11...14).contains(type)
    }
    return element
  }

  private static func logicalType(_ reader: inout ThriftReader, _ element: inout Element) throws(FormatError) {
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1, 4, 12: element.isText = true
      case 15: element.isHalf = true
      case 10:
        try reader.expectStructure(field)
        try reader.structure { (reader, field) throws(FormatError) in
          guard field.number == 2 else { return false }
          element.isUnsigned = try !reader.flag(field)
          return true
        }
        return true
      default: break
      }
      return false
    }
  }

  private static func rowGroup(_ reader: inout ThriftReader) throws(FormatError) -> RowGroup {
    var group = RowGroup()
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1:
        try reader.structures(field) { (reader) throws(FormatError) in
          guard group.chunks.count < maximumElements else {
            throw reader.error("has more than \(maximumElements) pieces in a run of rows")
          }
          group.chunks.append(try chunk(&reader))
        }
      case 3: group.rowCount = try reader.count(field)
      default: return false
      }
      return true
    }
    return group
  }

  private static func chunk(_ reader: inout ThriftReader) throws(FormatError) -> Chunk {
    var chunk = Chunk()
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1: chunk.isElsewhere = try !reader.text(field).isEmpty
      case 3:
        try reader.expectStructure(field)
        chunk.isDescribed = true
        try describe(&reader, &chunk)
      default: return false
      }
      return true
    }
    return chunk
  }

  private static func describe(_ reader: inout ThriftReader, _ chunk: inout Chunk) throws(FormatError) {
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 4: chunk.codec = try reader.integer(field)
      case 5: chunk.valueCount = try reader.count(field)
      case 7: chunk.compressedSize = try reader.count(field)
      case 9: chunk.dataOffset = try reader.count(field)
      case 11: chunk.dictionaryOffset = try reader.count(field)
      default: return false
      }
      return true
    }
  }

  private static func pair(_ reader: inout ThriftReader) throws(FormatError) -> (key: String, value: String) {
    var pair = (key: "", value: "")
    try reader.structure { (reader, field) throws(FormatError) in
      switch field.number {
      case 1: pair.key = try reader.text(field)
      case 2: pair.value = try reader.text(field)
      default: return false
      }
      return true
    }
    return pair
  }
}
