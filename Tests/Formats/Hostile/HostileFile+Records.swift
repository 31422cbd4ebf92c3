import MartletFormats

/// Pieces of WAV files.
private enum Wave {
  static func chunk(_ name: String, _ content: [UInt8], size: UInt32? = nil) -> [UInt8] {
    Array(name.utf8) + .little(size ?? UInt32(content.count)) + content
  }

  static func format(
    code: UInt16 = 1, channels: UInt16 = 1, rate: UInt32 = 8000, align: UInt16 = 2, bits: UInt16 = 16,
    more: [UInt8] = []
  ) -> [UInt8] {
    var content = [UInt8].little(code) + [UInt8].little(channels)
    content += [UInt8].little(rate) + [UInt8].little(UInt32(0))
    content += [UInt8].little(align) + [UInt8].little(bits) + more
    return chunk("fmt ", content)
  }

  static func file(_ chunks: [UInt8]...) -> [UInt8] {
    Array("RIFF".utf8) + .little(UInt32(chunks.joined().count + 4)) + Array("WAVE".utf8) + chunks.joined()
  }

  static let data = chunk("data", [0, 0, 0, 0])
}

extension HostileFile {
  private static func wav(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("wav", name, bytes, kind)
  }

  static let wav: [HostileFile] = [
    wav("nothing", [], .truncated),
    wav("signature alone", Array("RIFF".utf8), .truncated),
    wav("another kind of RIFF", Array("RIFF".utf8) + [0, 0, 0, 0] + Array("AVI ".utf8), .malformed),
    wav("no chunks", Wave.file(), .truncated),
    wav("format alone", Wave.file(Wave.format()), .truncated),
    wav("data before format", Wave.file(Wave.data, Wave.format()), .malformed),
    wav("two formats", Wave.file(Wave.format(), Wave.format(), Wave.data), .duplicate),
    wav("format cut short", Wave.file(Wave.chunk("fmt ", [1, 0, 1, 0]), Wave.data), .truncated),
    wav("chunk past the end", Wave.file(Wave.chunk("LIST", [], size: 1 << 30)), .truncated),
    wav("chunk of 2^32 - 1", Wave.file(Wave.chunk("LIST", [], size: .max)), .truncated),
    wav("data past the end", Wave.file(Wave.format(), Wave.chunk("data", [0, 0], size: 1 << 30)), .truncated),
    wav("half a sample", Wave.file(Wave.format(), Wave.chunk("data", [0, 0, 0])), .malformed),
    wav("no channels", Wave.file(Wave.format(channels: 0, align: 0), Wave.data), .limit),
    wav("65,535 channels", Wave.file(Wave.format(channels: .max), Wave.data), .limit),
    wav("rate 0", Wave.file(Wave.format(rate: 0), Wave.data), .limit),
    wav("rate 2^32 - 1", Wave.file(Wave.format(rate: .max), Wave.data), .limit),
    wav("frames of 0 bytes", Wave.file(Wave.format(align: 0), Wave.data), .malformed),
    wav("frames of other size", Wave.file(Wave.format(align: 3), Wave.data), .malformed),
    wav("0 bits", Wave.file(Wave.format(bits: 0), Wave.data), .unsupported),
    wav("12 bits", Wave.file(Wave.format(bits: 12), Wave.data), .unsupported),
    wav("65,535 bits", Wave.file(Wave.format(bits: .max), Wave.data), .unsupported),
    wav("floats of 16 bits", Wave.file(Wave.format(code: 3), Wave.data), .unsupported),
    wav("compressed", Wave.file(Wave.format(code: 2), Wave.data), .unsupported),
    wav("extension that is missing", Wave.file(Wave.format(code: 0xFFFE), Wave.data), .truncated),
    wav(
      "extension that is too short", Wave.file(Wave.format(code: 0xFFFE, more: [2, 0, 0, 0]), Wave.data), .malformed),
    wav(
      "extension of an unknown kind",
      Wave.file(Wave.format(code: 0xFFFE, more: [22, 0, 16, 0] + [UInt8](repeating: 9, count: 20)), Wave.data),
      .unsupported),
    wav(
      "20 of 16 bits used",
      Wave.file(Wave.format(code: 0xFFFE, more: [22, 0, 20, 0] + [UInt8](repeating: 0, count: 20)), Wave.data),
      .unsupported),
  ]

  /// A record with its checksums, which may be wrong.
  private static func record(_ data: [UInt8], length: UInt64? = nil, isLengthGood: Bool = true, isDataGood: Bool = true)
    -> [UInt8]
  {
    let head = [UInt8].little(length ?? UInt64(data.count))
    return head + .little(CRC32C.masked(head.span) ^ (isLengthGood ? 0 : 1)) + data
      + .little(CRC32C.masked(data.span) ^ (isDataGood ? 0 : 1))
  }

  private static func tfrecord(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("tfrecord", name, bytes, kind)
  }

  static let tfrecord: [HostileFile] = {
    let good = record(Array("record".utf8))
    var files = [
      tfrecord("one byte", [0], .truncated), tfrecord("length alone", [UInt8](repeating: 0, count: 8), .truncated),
      tfrecord("zeros", [UInt8](repeating: 0, count: 16), .checksum),
      tfrecord("ones", [UInt8](repeating: 255, count: 64), .checksum),
      tfrecord("text", Array("this is no record file at all".utf8), .checksum),
      tfrecord("wrong checksum of a length", record([1, 2], isLengthGood: false), .checksum),
      tfrecord("wrong checksum of data", record([1, 2], isDataGood: false), .checksum),
      tfrecord("second record damaged", good + record([1, 2], isDataGood: false), .checksum),
      tfrecord("second length damaged", good + record([1, 2], isLengthGood: false), .checksum),
      tfrecord("2^64 bytes", record([1], length: .max), .limit),
      tfrecord("2^63 bytes", record([1], length: 1 << 63), .limit),
      tfrecord("a byte more than the limit", record([1], length: 256 << 20 + 1), .limit),
      tfrecord("a byte more than there is", record([1], length: 2), .truncated),
      tfrecord("a megabyte more than there is", record([1], length: 1 << 20), .truncated),
      tfrecord("empty record without checksum", Array(record([]).dropLast(4)), .truncated),
      tfrecord("checksum cut", Array(good.dropLast(1)), .truncated),
      tfrecord("data cut", Array(good.dropLast(6)), .truncated),
      tfrecord("gzip that is none", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0, 255, 255], .malformed),
      tfrecord("gzip cut short", Array(Gzip.compress(SharedBytes(good)).dropLast(4)), .truncated),
      tfrecord("damaged records in gzip", Gzip.compress(SharedBytes(record([1], isDataGood: false))), .checksum),
    ]
    files.append(tfrecord("records behind rubbish", [7] + good, .checksum))
    return files
  }()

  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  private static func example(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("example", name, bytes, kind)
  }

  /// An example of one feature.
  private static func feature(_ content: [UInt8], key: [UInt8] = [97]) -> [UInt8] {
    field(1, field(1, field(1, key) + field(2, content)))
  }

  static let example: [HostileFile] = [
    example("key cut", [0x80], .truncated), example("field 0", [2, 0], .malformed),
    example("field of kind 3", [0x0B], .malformed),
    example("field of kind 4", [0x0C], .malformed), example("field of kind 6", [0x0E], .malformed),
    example("field of kind 7", [0x0F], .malformed),
    example("number of eleven bytes", [8] + [UInt8](repeating: 255, count: 10) + [1], .malformed),
    example("number of 70 bits", [8] + [UInt8](repeating: 0x80, count: 9) + [2], .malformed),
    example("length 2^64 - 1", [10] + [UInt8](repeating: 255, count: 9) + [1], .truncated),
    example("length past the end", [10, 100], .truncated), example("length cut", [10, 0x80], .truncated),
    example("features that are a number", [8, 1], .malformed),
    example("feature that is a number", field(1, [8, 1]), .malformed),
    example("name that is a number", field(1, field(1, [8, 1])), .malformed),
    example("name that is no text", feature([], key: [0xFF]), .malformed),
    example("list that is a number", feature([8, 1]), .malformed),
    example("byte list with a number", feature(field(1, [8, 1])), .malformed),
    example("float list cut in a number", feature(field(2, field(1, [0, 0, 0]))), .malformed),
    example("float list with an integer", feature(field(2, [8, 1])), .malformed),
    example("integer list with a float", feature(field(3, [13, 0, 0, 0, 0])), .malformed),
    example("integer list cut in a number", feature(field(3, field(1, [0x80]))), .truncated),
    example("fixed number cut", [13, 0, 0], .truncated), example("wide number cut", [9, 0, 0], .truncated),
    example("a name twice", field(1, field(1, field(1, [97])) + field(1, field(1, [97]))), .duplicate),
    example("field of number 2^29", [0x82, 0x80, 0x80, 0x80, 0x10, 0], .malformed),
  ]

  private static func events(_ name: String, _ event: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("events", name, record(event), kind)
  }

  static let events: [HostileFile] = {
    func summary(_ value: [UInt8]) -> [UInt8] { field(5, field(1, value)) }
    return [
      events("time that is an integer", [8, 1], .malformed), events("time that is cut", [9, 0], .truncated),
      events("step that is a text", field(2, [65]), .malformed),
      events("version that is no text", field(3, [0xFF]), .malformed),
      events("version that is a number", [24, 1], .malformed), events("summary that is a number", [40, 1], .malformed),
      events("value that is a number", field(5, [8, 1]), .malformed),
      events("tag that is no text", summary(field(1, [0xC0])), .malformed),
      events("scalar that is an integer", summary([16, 1]), .malformed),
      events("scalar that is cut", summary([21, 0, 0]), .truncated),
      events("picture that is a number", summary([32, 1]), .malformed),
      events("height that is a text", summary(field(4, field(1, [1]))), .malformed),
      events("histogram that is a number", summary([40, 1]), .malformed),
      events("limits without counts", summary(field(5, field(6, [UInt8](repeating: 0, count: 8)))), .malformed),
      events("limits that are cut", summary(field(5, field(6, [1, 2, 3]))), .malformed),
      events("minimum that is a text", summary(field(5, field(1, [1]))), .malformed),
      events("tensor that is a number", summary([64, 1]), .malformed),
      events("type that is a text", summary(field(8, field(1, [1]))), .malformed),
      events("floats that are cut", summary(field(8, field(5, [1, 2, 3]))), .malformed),
      events("text that is none", summary(field(8, field(8, [0xFF]))), .malformed),
      events("field of kind 7", [0x0F], .malformed), events("length past the end", [42, 100], .truncated),
      HostileFile("events", "record cut short", Array(record([8, 1]).dropLast(1)), .truncated),
    ]
  }()
}
