/// What an ELF file says of one of its sections.
struct SectionHeader {
  static let symbolTable: UInt32 = 2
  static let dynamicSymbolTable: UInt32 = 11

  private(set) var name: String?
  let kind: UInt32
  let isCompressed: Bool
  /// The section that belongs to this one, for symbols that of their names.
  let link: Int
  /// Empty for sections without bytes in the file.
  let contents: UnsafeRawBufferPointer
  private let nameOffset: UInt32

  static func all(of bytes: UnsafeRawBufferPointer) throws(MalformedData) -> [SectionHeader] {
    var head = try ByteCursor(bytes, at: 40)
    let start = try head.read(UInt64.self)
    head = try ByteCursor(bytes, at: 58)
    guard try head.read(UInt16.self) == 64 else { throw MalformedData() }
    let (count, indexOfNames) = (try head.read(UInt16.self), Int(try head.read(UInt16.self)))
    var cursor = try ByteCursor(bytes, at: start)
    var result: [SectionHeader] = []
    for _ in 0..<count { result.append(try SectionHeader(&cursor)) }
    guard result.indices.contains(indexOfNames) else { return result }
    let names = result[indexOfNames].contents
    for index in result.indices {
      result[index].name = TextReference(section: names, offset: UInt64(result[index].nameOffset)).string
    }
    return result
  }

  private init(_ cursor: inout ByteCursor) throws(MalformedData) {
    let (withoutBytes, compressed): (UInt32, UInt64) = (8, 0x800)
    nameOffset = try cursor.read(UInt32.self)
    kind = try cursor.read(UInt32.self)
    isCompressed = try cursor.read(UInt64.self) & compressed != 0
    try cursor.skip(8)
    let (offset, size) = (try cursor.read(UInt64.self), try cursor.read(UInt64.self))
    link = Int(try cursor.read(UInt32.self))
    try cursor.skip(20)
    let total = UInt64(cursor.bytes.count)
    guard kind != withoutBytes, offset <= total, size <= total - offset else {
      contents = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    contents = UnsafeRawBufferPointer(rebasing: cursor.bytes[Int(offset)..<Int(offset + size)])
  }
}
