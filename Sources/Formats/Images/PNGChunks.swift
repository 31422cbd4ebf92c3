/// The parts of a PNG file that matter for its pixels, in an order that has been checked.
struct PNGChunks {
  static let maximumAncillarySize = 8_000_000
  static let maximumAncillaryCount = 1000

  let header: PNGHeader
  /// Red, green and blue of each color, one behind the other; empty without a palette.
  private(set) var palette: [UInt8] = []
  /// The content of the transparency chunk; its meaning depends on the kind of pixels.
  private(set) var transparency: [UInt8]?
  /// All pixel data joined: one zlib stream.
  private(set) var compressed = SharedBytes([])

  private struct Chunk {
    var type: String
    var content: SharedBytes
    var position: Int
  }

  init(_ bytes: SharedBytes, file: String, limits: ImageLimits) throws(FormatError) {
    var reader = ByteReader(bytes, file: file)
    try reader.expect(PNG.signature, "PNG signature")
    let first = try PNGChunks.next(&reader)
    guard first.type == "IHDR" else {
      throw reader.error(.malformed, "PNG does not begin with its header", at: first.position)
    }
    header = try PNGHeader(first.content, at: first.position + 8, file: file, limits: limits)
    var pieces: [SharedBytes] = []
    var hasOtherAfterData = false
    var ancillaryCount = 0
    while true {
      let chunk = try PNGChunks.next(&reader)
      if chunk.type == "IEND" {
        guard chunk.content.isEmpty else {
          throw reader.error(.malformed, "PNG end chunk is not empty", at: chunk.position)
        }
        break
      }
      if chunk.type == "IDAT" {
        guard !hasOtherAfterData else {
          throw reader.error(.malformed, "PNG pixels are not in one run of chunks", at: chunk.position)
        }
        pieces.append(chunk.content)
        continue
      }
      hasOtherAfterData = !pieces.isEmpty
      try readOther(chunk, reader, isBeforeData: pieces.isEmpty, &ancillaryCount)
    }
    guard !pieces.isEmpty else { throw reader.error(.truncated, "PNG has no pixels") }
    guard header.color != .palette || !palette.isEmpty else { throw reader.error(.malformed, "PNG lacks its palette") }
    compressed = pieces.count == 1 ? pieces[0] : PNGChunks.joined(pieces)
  }

  private static func joined(_ pieces: [SharedBytes]) -> SharedBytes {
    var result: [UInt8] = []
    result.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
    for piece in pieces { piece.withUnsafeBytes { result.append(contentsOf: $0) } }
    return SharedBytes(result)
  }

  /// The next chunk, its checksum verified.
  private static func next(_ reader: inout ByteReader) throws(FormatError) -> Chunk {
    let position = reader.offset
    let length = try reader.big(UInt32.self, "PNG chunk length")
    guard length <= 0x7FFF_FFFF else {
      throw reader.error(.malformed, "PNG chunk is longer than allowed", at: position)
    }
    let start = reader.offset
    let type = try reader.take(4, "PNG chunk type").array
    guard type.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else {
      throw reader.error(.malformed, "PNG chunk type is not four letters", at: start)
    }
    let content = try reader.take(Int(length), "PNG chunk")
    let checksum = CRC32.checksum(reader.bytes[start..<reader.offset])
    guard try reader.big(UInt32.self, "PNG chunk checksum") == checksum else {
      throw reader.error(.checksum, "PNG chunk does not match its checksum", at: position)
    }
    return Chunk(type: String(decoding: type, as: UTF8.self), content: content, position: position)
  }

  private mutating func readOther(
    _ chunk: Chunk, _ reader: ByteReader, isBeforeData: Bool, _ ancillaryCount: inout Int
  ) throws(FormatError) {
    switch chunk.type {
    case "PLTE":
      let count = chunk.content.count
      guard isBeforeData, palette.isEmpty, transparency == nil, count > 0, count % 3 == 0, count <= 768,
        header.color != .palette || count / 3 <= 1 << header.depth, header.color != .gray, header.color != .grayAlpha
      else { throw reader.error(.malformed, "PNG palette is not allowed here or has a wrong size", at: chunk.position) }
      palette = chunk.content.array
    case "tRNS":
      guard isBeforeData, transparency == nil, isTransparency(chunk.content.count) else {
        throw reader.error(
          .malformed, "PNG transparency is not allowed here or has a wrong size", at: chunk.position)
      }
      transparency = chunk.content.array
    case "IHDR": throw reader.error(.duplicate, "PNG has two headers", at: chunk.position)
    default:
      // A capital first letter says that the picture cannot be shown without understanding the chunk.
      guard chunk.type.utf8.first! & 0x20 != 0 else {
        throw reader.error(.unsupported, "PNG needs an unknown chunk \(chunk.type)", at: chunk.position)
      }
      ancillaryCount += 1
      guard chunk.content.count <= PNGChunks.maximumAncillarySize,
        ancillaryCount <= PNGChunks.maximumAncillaryCount
      else { throw reader.error(.limit, "PNG has too many or too large side chunks", at: chunk.position) }
    }
  }

  private func isTransparency(_ size: Int) -> Bool {
    switch header.color {
    case .gray: size == 2
    case .rgb: size == 6
    case .palette: size > 0 && size <= palette.count / 3
    case .grayAlpha, .rgba: false
    }
  }
}
