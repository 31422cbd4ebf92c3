import MartletFormats

/// A structure in Thrift's compact protocol being written, right or wrong.
private struct Thrift {
  private(set) var bytes: [UInt8] = []
  private var last = 0

  static func varint(_ value: UInt64) -> [UInt8] {
    var (result, rest) = ([UInt8](), value)
    while rest >= 128 {
      result.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    return result + [UInt8(rest)]
  }

  static func zigzag(_ value: Int) -> [UInt8] { varint(UInt64(bitPattern: Int64(value << 1 ^ value >> 63))) }

  mutating func field(_ number: Int, _ kind: UInt8, _ content: [UInt8]) {
    bytes.append(UInt8(number - last) << 4 | kind)
    bytes += content
    last = number
  }

  mutating func number(_ field: Int, _ value: Int) { self.field(field, 6, Thrift.zigzag(value)) }
  mutating func text(_ field: Int, _ text: String) {
    self.field(field, 8, Thrift.varint(UInt64(text.utf8.count)) + Array(text.utf8))
  }
  mutating func structure(_ field: Int, _ inner: Thrift) { self.field(field, 12, inner.bytes + [0]) }
  mutating func list(_ field: Int, _ items: [Thrift]) {
    self.field(field, 9, [UInt8(items.count) << 4 | 12] + items.flatMap { $0.bytes + [0] })
  }

  static func make(_ body: (inout Thrift) -> Void) -> Thrift {
    var result = Thrift()
    body(&result)
    return result
  }
}

/// A file of one column, whose parts can be changed one at a time.
private struct Table {
  var type = 1
  var typeLength = 0
  var repetition = 0
  var children = 1
  var schemaRows = 2
  var groupRows = 2
  var values = 2
  var codec = 0
  var pageType = 0
  var pageValues = 2
  var encoding = 0
  var levelEncoding = 3
  var size: Int?
  var storedSize: Int?
  var checksum: Int?
  var content: [UInt8] = [1, 0, 0, 0, 2, 0, 0, 0]
  var dictionary: (count: Int, content: [UInt8], copies: Int)?
  var dataOffset: Int?
  var compressedSize: Int?
  var elsewhere = ""
  var chunks = 1
  var groups = 1
  var footerSize: UInt32?

  private func page(_ type: Int, _ count: Int, _ content: [UInt8]) -> [UInt8] {
    let header = Thrift.make {
      $0.number(1, type)
      $0.number(2, size ?? content.count)
      $0.number(3, storedSize ?? content.count)
      if let checksum { $0.number(4, checksum) }
      $0.structure(
        type == 0 ? 5 : type == 2 ? 7 : 8,
        .make {
          $0.number(1, count)
          if type == 3 {
            $0.number(4, encoding)
            $0.number(5, levelEncoding)
            $0.number(6, 0)
          } else {
            $0.number(2, type == 2 ? 0 : encoding)
            if type == 0 { $0.field(3, 5, Thrift.zigzag(levelEncoding)) }
          }
        })
    }
    return header.bytes + [0] + content
  }

  var bytes: [UInt8] {
    var file = Array("PAR1".utf8)
    if let dictionary { for _ in 0..<dictionary.copies { file += page(2, dictionary.count, dictionary.content) } }
    file += page(pageType, pageValues, content)
    let end = file.count
    let chunk = Thrift.make {
      if !elsewhere.isEmpty { $0.text(1, elsewhere) }
      $0.structure(
        3,
        .make {
          $0.number(1, type)
          $0.number(4, codec)
          $0.number(5, values)
          $0.number(7, compressedSize ?? end - 4)
          $0.number(9, dataOffset ?? 4)
        })
    }
    let group = Thrift.make {
      $0.list(1, [Thrift](repeating: chunk, count: chunks))
      $0.number(3, groupRows)
    }
    let root = Thrift.make {
      $0.text(4, "schema")
      $0.number(5, children)
    }
    let column = Thrift.make {
      $0.number(1, type)
      $0.number(2, typeLength)
      $0.number(3, repetition)
      $0.text(4, "c")
    }
    let description = Thrift.make {
      $0.list(2, [root, column])
      $0.number(3, schemaRows)
      $0.list(4, [Thrift](repeating: group, count: groups))
    }
    file += description.bytes + [0]
    return file + .little(footerSize ?? UInt32(file.count - end)) + Array("PAR1".utf8)
  }
}

extension HostileFile {
  private static func parquet(
    _ name: String, _ kind: FormatError.Kind, _ change: (inout Table) -> Void
  ) -> HostileFile {
    var table = Table()
    change(&table)
    return HostileFile("parquet", name, table.bytes, kind)
  }

  /// A file whose description is the given bytes.
  private static func described(_ name: String, _ footer: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile(
      "parquet", name, Array("PAR1".utf8) + footer + .little(UInt32(footer.count)) + Array("PAR1".utf8), kind)
  }

  static let parquet: [HostileFile] =
    parquetFiles + parquetPages + [
      described("no description", [], .truncated), described("description of nothing", [0], .malformed),
      described("description of ones", [UInt8](repeating: 255, count: 64), .malformed),
      described("a schema of 2^60 columns", [0x29, 0xFC] + Thrift.varint(1 << 60), .truncated),
      described("a schema of numbers", [0x29, 0x15, 2, 0], .malformed),
      described("a list of lists without end", [0x19] + [UInt8](repeating: 0x19, count: 4000), .limit),
      described("structures without end", [UInt8](repeating: 0x1C, count: 4000), .limit),
      described("a text of 2^62 bytes", [0x68] + Thrift.varint(1 << 62), .truncated),
      described("a number of 70 bits", [0x36] + [UInt8](repeating: 0x80, count: 9) + [2, 0], .malformed),
      described("a value of kind 15", [0x1F, 0], .malformed),
      described("a field of number -1", [6, 1, 0, 0], .malformed),
      described("rows that are a text", [0x38, 0, 0], .malformed),
      described("-1 rows", [0x36, 1, 0], .malformed),
      described("a map of 2^60 pairs", [0x9B] + Thrift.varint(1 << 60), .truncated),
    ]

  private static let parquetFiles: [HostileFile] = [
    HostileFile("parquet", "nothing", [], .truncated),
    HostileFile("parquet", "signatures alone", Array("PAR1PAR1".utf8), .truncated),
    HostileFile("parquet", "zeros", [UInt8](repeating: 0, count: 64), .malformed),
    HostileFile(
      "parquet", "encrypted", Array("PARE".utf8) + [UInt8](repeating: 0, count: 8) + Array("PARE".utf8), .unsupported),
    HostileFile("parquet", "end cut", Array(Table().bytes.dropLast()), .malformed),
    parquet("description of 4 GiB", .truncated) { $0.footerSize = .max },
    parquet("groups that lack parts", .truncated) { $0.children = 2 },
    parquet("2^40 parts", .truncated) { $0.children = 1 << 40 },
    parquet("no parts", .malformed) { $0.children = 0 },
    parquet("type 99", .unsupported) { $0.type = 99 },
    parquet("times of 96 bits", .unsupported) { $0.type = 3 },
    parquet("byte strings of no length", .unsupported) { $0.type = 7 },
    parquet("byte strings of 2^40 bytes", .truncated) { ($0.type, $0.typeLength) = (7, 1 << 40) },
    parquet("repeated twice and more", .malformed) { $0.repetition = 9 },
    parquet("a list", .unsupported) { $0.repetition = 2 },
    parquet("more rows than its runs", .malformed) { $0.schemaRows = 3 },
    parquet("2^62 rows", .limit) { ($0.schemaRows, $0.groupRows, $0.values) = (1 << 62, 1 << 62, 1 << 62) },
    parquet("2^63 rows in sum", .malformed) { ($0.groupRows, $0.groups) = (1 << 62, 3) },
    parquet("ten million rows in 100 bytes", .limit) {
      ($0.schemaRows, $0.groupRows, $0.values) = (10_000_000, 10_000_000, 10_000_000)
    },
    parquet("a run with two columns of one", .malformed) { $0.chunks = 2 },
    parquet("a run with no columns", .malformed) { $0.chunks = 0 },
    parquet("runs that share bytes", .malformed) {
      ($0.groups, $0.schemaRows, $0.content) = (9, 18, [UInt8](repeating: 0, count: 4096))
    },
    parquet("more values than rows", .malformed) { $0.values = 3 },
    parquet("pages in another file", .unsupported) { $0.elsewhere = "../../etc/passwd" },
    parquet("pages at 0", .malformed) { $0.dataOffset = 0 },
    parquet("pages past the end", .malformed) { $0.dataOffset = 1 << 40 },
    parquet("pages of 2^60 bytes", .malformed) { $0.compressedSize = 1 << 60 },
    parquet("pages of 5 bytes", .truncated) { $0.compressedSize = 5 },
    parquet("method 9 of compression", .unsupported) { $0.codec = 9 },
    parquet("Zstandard", .unsupported) { $0.codec = 6 },
  ]

  private static let parquetPages: [HostileFile] = [
    parquet("a page of no values", .malformed) { $0.pageValues = 0 },
    parquet("a page of too many values", .malformed) { $0.pageValues = 3 },
    parquet("a page of too few values", .truncated) { $0.pageValues = 1 },
    parquet("a page past the end", .truncated) { $0.storedSize = 1 << 20 },
    parquet("a page of an unknown kind alone", .truncated) { $0.pageType = 1 },
    parquet("numbers cut", .truncated) { $0.content = [1, 0, 0, 0, 2] },
    parquet("truth values cut", .truncated) { ($0.type, $0.content) = (0, []) },
    parquet("a text of 4 GiB", .truncated) { ($0.type, $0.content) = (6, [255, 255, 255, 255, 65]) },
    parquet("a text that is none", .malformed) { ($0.type, $0.content) = (6, [1, 0, 0, 0, 255, 0, 0, 0, 0]) },
    parquet("encoding 99", .unsupported) { $0.encoding = 99 },
    parquet("deltas", .unsupported) { $0.encoding = 5 },
    parquet("runs of numbers", .unsupported) { $0.encoding = 3 },
    parquet("a wrong checksum", .checksum) { $0.checksum = 7 },
    parquet("levels of an old kind", .unsupported) { ($0.repetition, $0.levelEncoding) = (1, 4) },
    parquet("levels past the end", .truncated) { ($0.repetition, $0.content) = (1, [255, 255, 255, 255, 0]) },
    parquet("levels that are missing", .truncated) { ($0.repetition, $0.content) = (1, [0, 0, 0, 0]) },
    parquet("a level of 3 where 1 is most", .malformed) { ($0.repetition, $0.content) = (1, [2, 0, 0, 0, 4, 3]) },
    parquet("a run of nothing", .malformed) { ($0.repetition, $0.content) = (1, [2, 0, 0, 0, 0, 1]) },
    parquet("packed levels cut", .truncated) { ($0.repetition, $0.content) = (1, [1, 0, 0, 0, 3]) },
    parquet("2^31 packed groups", .truncated) {
      ($0.repetition, $0.content) = (1, [5, 0, 0, 0, 255, 255, 255, 255, 15])
    },
    parquet("levels longer than their page", .malformed) { ($0.pageType, $0.levelEncoding) = (3, 1 << 40) },
    parquet("places without a dictionary", .malformed) { $0.encoding = 8 },
    parquet("places that are missing", .truncated) {
      ($0.encoding, $0.content, $0.dictionary) = (8, [], (1, [7, 0, 0, 0], 1))
    },
    parquet("places of 33 bits", .malformed) {
      ($0.encoding, $0.content, $0.dictionary) = (8, [33, 4, 0], (1, [7, 0, 0, 0], 1))
    },
    parquet("a place outside of its dictionary", .malformed) {
      ($0.encoding, $0.content, $0.dictionary) = (8, [1, 4, 1], (1, [7, 0, 0, 0], 1))
    },
    parquet("a place in an empty dictionary", .malformed) {
      ($0.encoding, $0.content, $0.dictionary) = (8, [1, 4, 0], (0, [], 1))
    },
    parquet("a dictionary cut", .truncated) {
      ($0.encoding, $0.content, $0.dictionary) = (8, [1, 4, 0], (1 << 40, [7, 0, 0, 0], 1))
    },
    parquet("two dictionaries", .duplicate) {
      ($0.encoding, $0.content, $0.dictionary) = (8, [1, 4, 0], (1, [7, 0, 0, 0], 2))
    },
    parquet("a dictionary of truth values", .malformed) {
      ($0.type, $0.encoding, $0.content, $0.dictionary) = (0, 8, [1, 4, 0], (1, [1], 1))
    },
    parquet("Snappy of 1 GiB", .limit) { ($0.codec, $0.size) = (1, 1 << 30) },
    parquet("Snappy of another length", .malformed) { ($0.codec, $0.content) = (1, [9, 0, 1]) },
    parquet("Snappy that copies what is not there", .malformed) {
      ($0.codec, $0.size, $0.content) = (1, 8, [8, 0x11, 9])
    },
    parquet("Snappy cut", .truncated) { ($0.codec, $0.size, $0.content) = (1, 8, [8, 0x1C, 1, 2]) },
    parquet("Snappy that gives too much", .malformed) { ($0.codec, $0.size, $0.content) = (1, 2, [2, 8, 1, 2, 3]) },
    parquet("Snappy with a length of 40 bits", .malformed) {
      ($0.codec, $0.content) = (1, [255, 255, 255, 255, 255, 1])
    },
    parquet("gzip that is none", .malformed) { ($0.codec, $0.size) = (2, 8) },
    parquet("gzip of another length", .malformed) {
      ($0.codec, $0.size, $0.content) = (2, 9, Gzip.compress(SharedBytes([1, 2, 3])))
    },
    parquet("gzip that gives more than it says", .limit) {
      ($0.codec, $0.size, $0.content) = (2, 8, Gzip.compress(SharedBytes([UInt8](repeating: 0, count: 1 << 20))))
    },
  ]
}
