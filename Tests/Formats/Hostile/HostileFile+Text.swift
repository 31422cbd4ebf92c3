import MartletFormats

extension HostileFile {
  private static func text(_ format: String, _ text: String, _ kind: FormatError.Kind = .malformed) -> HostileFile {
    HostileFile(format, String(text.prefix(40)), Array(text.utf8), kind)
  }

  static let json: [HostileFile] = [
    text("json", "", .truncated), text("json", "{", .truncated), text("json", "[1,", .truncated), text("json", "[1,]"),
    text("json", "{\"a\":1,}"), text("json", "{\"a\" 1}"), text("json", "{a:1}"),
    text("json", "{\"a\":1,\"a\":2}", .duplicate),
    text("json", "01"), text("json", "+1"), text("json", "1.", .truncated), text("json", "1e", .truncated),
    text("json", ".5"),
    text("json", "1e999", .limit), text("json", "NaN"), text("json", "tru"), text("json", "\"abc", .truncated),
    text("json", "\"\\x\""), text("json", "\"\\ud800\""), text("json", "\"\\u12\"", .truncated), text("json", "\"\t\""),
    text("json", "1 2"), text("json", "'a'"),
    HostileFile("json", "no UTF-8", [0x22, 0xFF, 0x22], .malformed),
    HostileFile("json", "byte order mark", [0xEF, 0xBB, 0xBF, 0x31], .malformed),
    HostileFile("json", "a million brackets", [UInt8](repeating: 0x5B, count: 1_000_000), .limit),
    HostileFile("json", "a hundred thousand braces", Array(String(repeating: "{\"a\":", count: 100_000).utf8), .limit),
  ]

  static let jsonLines: [HostileFile] = json.filter { !["", "byte order mark"].contains($0.name) }.map {
    HostileFile("jsonl", $0.name, Array("{}\n".utf8) + $0.bytes, $0.kind)
  }

  static let csv: [HostileFile] = [
    text("csv", "a,b\n1"), text("csv", "a,b\n1,2,3"), text("csv", "a\n\"1"), text("csv", "a\n1\"2"),
    text("csv", "a\n\"1\"2"),
    text("csv", "a\n\"1\" "), text("csv", "\"a\n1"), text("csv", "a,b\n\n1,2"), text("csv", "a\nx", .mismatch),
    text("csv", "a\n", .mismatch).with("a\n\"\""), text("csv", "a\n1e", .mismatch), text("csv", "a\n0x10", .mismatch),
    text("csv", "a\n1,", .malformed), text("csv", "a\n1 ", .mismatch), text("csv", "a\n--1", .mismatch),
    text("csv", "a\n1..2", .mismatch),
    text("csv", "a\n\"\"\"\"", .mismatch), text("csv", "a\n1_000", .mismatch), text("csv", "a\n1\u{0}", .mismatch),
    HostileFile("csv", "no UTF-8", [0x61, 0x0A, 0xFF], .malformed),
    HostileFile("csv", "no UTF-8 in a name", [0xFF, 0x0A, 0x31], .malformed),
    HostileFile(
      "csv", "a million fields on one line", Array("a\n".utf8) + [UInt8](repeating: 0x2C, count: 1_000_000), .malformed),
    HostileFile(
      "csv", "a quote and a megabyte", Array("a\n\"".utf8) + [UInt8](repeating: 0x0A, count: 1 << 20), .malformed),
  ]

  private func with(_ text: String) -> HostileFile { HostileFile(format, text, Array(text.utf8), kind) }

  private static func idx(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("idx", name, bytes, kind)
  }

  static let idx: [HostileFile] = {
    func file(_ type: UInt8, _ sizes: [UInt32], rank: UInt8? = nil, data: Int = 0) -> [UInt8] {
      var bytes: [UInt8] = [0, 0, type, rank ?? UInt8(sizes.count)]
      for size in sizes { bytes += [UInt8].big(size) }
      return bytes + [UInt8](repeating: 0, count: data)
    }
    return [
      idx("nothing", [], .truncated), idx("one byte", [0], .truncated), idx("signature alone", [0, 0], .truncated),
      idx("other signature", [1, 0, 8, 1, 0, 0, 0, 1, 0], .malformed), idx("no rank", [0, 0, 8], .truncated),
      idx("type 0", file(0, [1], data: 1), .unsupported), idx("type 10", file(10, [1], data: 1), .unsupported),
      idx("type 255", file(255, [1], data: 1), .unsupported),
      idx("rank 9", file(8, [1, 1, 1, 1, 1, 1, 1, 1, 1], data: 1), .unsupported),
      idx("rank 255", file(8, [], rank: 255), .unsupported), idx("sizes cut", file(8, [1], rank: 2), .truncated),
      idx("no data", file(8, [1]), .truncated), idx("a byte too few", file(8, [10], data: 9), .truncated),
      idx("a byte too many", file(8, [10], data: 11), .malformed), idx("2^32 - 1", file(8, [.max]), .truncated),
      idx("2^64", file(8, [.max, .max]), .limit), idx("2^96", file(8, [.max, .max, .max]), .limit),
      idx("2^96 times 0", file(8, [.max, .max, .max, 0]), .limit),
      idx("doubles of 2^64", file(14, [.max, .max]), .limit),
      idx("gzip that is none", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0, 255], .malformed),
      idx("gzip of a lie", Gzip.compress(SharedBytes(file(8, [1000], data: 1))), .truncated),
    ]
  }()

  private static func npy(
    _ name: String, _ header: String, data: Int = 0, length: UInt16? = nil, _ kind: FormatError.Kind
  ) -> HostileFile {
    let text = Array(header.utf8)
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    bytes += [UInt8].little(length ?? UInt16(text.count)) + text
    return HostileFile("npy", name, bytes + [UInt8](repeating: 0, count: data), kind)
  }

  static let npy: [HostileFile] = {
    func header(_ descr: String = "'<f4'", _ order: String = "False", _ shape: String = "(4,)") -> String {
      "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }\n"
    }
    return [
      HostileFile("npy", "nothing", [], .truncated),
      HostileFile("npy", "signature alone", [0x93] + Array("NUMPY".utf8), .truncated),
      HostileFile("npy", "other signature", [UInt8](repeating: 0x93, count: 80), .malformed),
      HostileFile("npy", "version 9", [0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0], .unsupported),
      HostileFile("npy", "header of 4 GiB", [0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255], .limit),
      npy("header past the end", header(), length: 60_000, .truncated), npy("no header", "", .malformed),
      npy("code", "__import__('os').system('true')", .malformed),
      npy("objects", header("'|O'"), data: 32, .unsupported),
      npy("records", header("[('a', '<f4')]"), data: 16, .unsupported),
      npy("texts", header("'<U8'"), data: 32, .unsupported),
      npy("complex numbers", header("'<c8'"), data: 32, .unsupported),
      npy("unknown type", header("'<f3'"), data: 12, .unsupported),
      npy("negative size", header("'<f4'", "False", "(-4,)"), data: 16, .malformed),
      npy("65536 squared doubles", header("'<f8'", "False", "(65536, 65536)"), .truncated),
      npy("2^33 squared", header("'<f4'", "False", "(8589934592, 8589934592)"), .limit),
      npy("2^64", header("'<f4'", "False", "(18446744073709551616,)"), .malformed),
      npy("2^33 squared times 0", header("'<f4'", "False", "(8589934592, 8589934592, 0)"), .limit),
      npy("a byte too few", header(), data: 15, .truncated), npy("a byte too many", header(), data: 17, .malformed),
      npy("order that is a number", header("'<f4'", "0"), data: 16, .malformed),
      npy("no shape", "{'descr': '<f4', 'fortran_order': False, }\n", data: 16, .malformed),
      npy(
        "unknown member", "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), 'x': 1, }\n", data: 16, .malformed),
      npy("rank 9", header("'<f4'", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), data: 4, .unsupported),
      npy("shape without end", "{'descr': '<f4', 'fortran_order': False, 'shape': (4", data: 16, .malformed),
    ]
  }()

  static let index: [HostileFile] = [
    text("index", "{", .truncated), text("index", "{}"), text("index", "{\"weight_map\": 1}"),
    text("index", "{\"weight_map\": []}"),
    text("index", "{\"weight_map\": {\"a\": 1}}"), text("index", "{\"weight_map\": {\"a\": null}}"),
    text("index", "{\"weight_map\": {\"a\": \"\"}}"), text("index", "{\"weight_map\": {\"a\": \".\"}}"),
    text("index", "{\"weight_map\": {\"a\": \"..\"}}"), text("index", "{\"weight_map\": {\"a\": \"../x\"}}"),
    text("index", "{\"weight_map\": {\"a\": \"a/../../x\"}}"),
    text("index", "{\"weight_map\": {\"a\": \"/etc/passwd\"}}"),
    text("index", "{\"weight_map\": {\"a\": \"a\\\\b\"}}"), text("index", "{\"weight_map\": {\"a\": \"a\\u0000b\"}}"),
    text("index", "{\"weight_map\": {\"a\": \"no.safetensors\"}}", .system),
    text("index", "{\"weight_map\": {\"a\": \"m.index.json\"}}", .malformed).named("itself"),
    text("index", "{\"weight_map\": {\"a\": \"x\", \"a\": \"y\"}}", .duplicate),
    text("index", "{\"weight_map\": {\"a\": {\"b\": 1}}}"),
    text("index", "{\"weight_map\": {\"a\": \"x\"}", .truncated),
    HostileFile(
      "index", "a name of 300 bytes",
      Array("{\"weight_map\": {\"a\": \"\(String(repeating: "x", count: 300))\"}}".utf8), .malformed),
    HostileFile("index", "a million braces", Array(String(repeating: "{\"a\":", count: 1_000_000).utf8), .limit),
  ]

  private func named(_ name: String) -> HostileFile { HostileFile(format, name, bytes, kind) }

  private static func gzip(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("gzip", name, bytes, kind)
  }

  static let gzip: [HostileFile] = {
    let good = Gzip.compress(SharedBytes(Array("some text, some text, some text".utf8)))
    func changed(_ position: Int, _ value: UInt8) -> [UInt8] {
      var bytes = good
      bytes[position < 0 ? bytes.count + position : position] = value
      return bytes
    }
    func stream(_ data: [UInt8]) -> [UInt8] { Array(good[..<10]) + data }
    let bomb = Gzip.compress(SharedBytes([UInt8](repeating: 0, count: 4 << 20)))
    return [
      gzip("nothing", [], .truncated), gzip("signature alone", [0x1F, 0x8B], .truncated),
      gzip("other signature", changed(1, 0x8C), .malformed), gzip("other method", changed(2, 7), .unsupported),
      gzip("reserved flags", changed(3, 0xE0), .malformed), gzip("header cut", Array(good[..<9]), .truncated),
      gzip("extra field past the end", Array(changed(3, 4)[..<10]) + [255, 255], .truncated),
      gzip("name without end", Array(changed(3, 8)[..<10]) + [65, 65], .truncated),
      gzip("comment without end", Array(changed(3, 16)[..<10]) + [65, 65], .truncated),
      gzip("no data", stream([]), .truncated), gzip("block of unknown type", stream([7]), .malformed),
      gzip("lengths that disagree", stream([1, 5, 0, 0xFA, 0xFE]), .malformed),
      gzip("stored block cut", stream([1, 5, 0, 0xFA, 0xFF, 1, 2]), .truncated),
      gzip("codes cut", stream([5, 0x1F]), .truncated),
      gzip("too many symbols", stream([0xFD, 0xFF, 0, 0, 0, 0, 0, 0]), .malformed),
      gzip("too many codes", stream([5, 0, 0x92, 0, 0, 0, 0, 0]), .malformed),
      gzip("match before the beginning", stream([3, 2, 0, 0]), .malformed),
      gzip("symbol 286", stream([0x1B, 3, 0, 0]), .malformed),
      gzip("wrong checksum", changed(-8, good[good.count - 8] ^ 1), .checksum),
      gzip("wrong length", changed(-4, 99), .checksum), gzip("length cut", Array(good.dropLast(1)), .truncated),
      gzip("rubbish behind", good + [0, 1], .malformed),
      gzip("second member cut", good + Array(good[..<12]), .truncated),
      gzip("four megabytes out of four thousand bytes", bomb, .limit),
    ]
  }()

  /// Those that the tests of these formats have in their own lists.
  static let png = PNGTests.broken.map { HostileFile("png", $0.0, $0.1.array, $0.2) }

  static let zip = ZipTests.broken.map { HostileFile("npz", $0.0, $0.1, $0.2) }

  static let safetensors = SafetensorsTests.broken.enumerated().map { i, item in
    HostileFile("safetensors", "\(i)", SafetensorsTests.file(item.0, data: item.1), item.2)
  }
}
