import MartletFormats

/// Pieces of GGUF files.
private struct GGUF {
  static let head = Array("GGUF".utf8)

  static func text(_ text: String) -> [UInt8] { .little(UInt64(text.utf8.count)) + Array(text.utf8) }

  static func tensor(
    _ name: String = "t", _ dimensions: [UInt64] = [4], type: UInt32 = 0, offset: UInt64 = 0, rank: UInt32? = nil
  ) -> [UInt8] {
    var bytes = text(name)
    bytes += [UInt8].little(rank ?? UInt32(dimensions.count))
    for size in dimensions { bytes += [UInt8].little(size) }
    return bytes + [UInt8].little(type) + [UInt8].little(offset)
  }

  static func value(_ key: String, _ type: UInt32, _ bytes: [UInt8]) -> [UInt8] { text(key) + .little(type) + bytes }

  static func file(
    version: UInt32 = 3, values: [[UInt8]] = [], tensors: [[UInt8]] = [], valueCount: UInt64? = nil,
    tensorCount: UInt64? = nil, data: Int = 64, alignment: Int = 32
  ) -> [UInt8] {
    var bytes = head + .little(version) + .little(tensorCount ?? UInt64(tensors.count))
    bytes += [UInt8].little(valueCount ?? UInt64(values.count)) + values.joined() + tensors.joined()
    bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
    return bytes + [UInt8](repeating: 0, count: data)
  }
}

extension HostileFile {
  private static func gguf(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("gguf", name, bytes, kind)
  }

  static let gguf: [HostileFile] = [
    gguf("nothing", [], .truncated),
    gguf("signature alone", GGUF.head, .truncated),
    gguf("other signature", Array("GGML".utf8) + [UInt8](repeating: 0, count: 100), .malformed),
    gguf("version 1", GGUF.file(version: 1), .unsupported),
    gguf("version 4", GGUF.file(version: 4), .unsupported),
    gguf("other byte order", GGUF.file(version: 3 << 24), .unsupported),
    gguf("2^64 values", GGUF.file(valueCount: .max), .truncated),
    gguf("2^64 tensors", GGUF.file(tensorCount: .max), .truncated),
    gguf("more tensors than bytes", GGUF.file(tensorCount: 1000), .truncated),
    gguf("key of 2^64 bytes", GGUF.file(values: [.little(UInt64.max) + [UInt8](repeating: 65, count: 64)]), .limit),
    gguf("key of 2 MiB", GGUF.file(values: [.little(UInt64(2 << 20))], data: 3 << 20), .limit),
    gguf(
      "key past the end", GGUF.file(values: [.little(UInt64(5000)) + [UInt8](repeating: 65, count: 64)]), .truncated),
    gguf(
      "key that is no text",
      GGUF.file(values: [.little(UInt64(2)) + [0xFF, 0xFE] + .little(UInt32(4)) + .little(UInt32(1))]), .malformed),
    gguf("value of unknown type", GGUF.file(values: [GGUF.value("k", 13, [])]), .malformed),
    gguf(
      "array of arrays", GGUF.file(values: [GGUF.value("k", 9, .little(UInt32(9)) + .little(UInt64(1)))]), .unsupported),
    gguf(
      "array of 2^62 numbers", GGUF.file(values: [GGUF.value("k", 9, .little(UInt32(10)) + .little(UInt64(1) << 62))]),
      .truncated),
    gguf(
      "array of 2^61 texts", GGUF.file(values: [GGUF.value("k", 9, .little(UInt32(8)) + .little(UInt64(1) << 61))]),
      .truncated),
    gguf(
      "text in an array past the end",
      GGUF.file(values: [GGUF.value("k", 9, .little(UInt32(8)) + .little(UInt64(1)) + .little(UInt64(99999)))]),
      .truncated),
    gguf(
      "text in an array that is none",
      GGUF.file(values: [GGUF.value("k", 9, .little(UInt32(8)) + .little(UInt64(1)) + .little(UInt64(1)) + [0xFF])]),
      .malformed),
    gguf("key twice", GGUF.file(values: [GGUF.value("k", 0, [1]), GGUF.value("k", 0, [2])]), .duplicate),
    gguf("alignment 0", GGUF.file(values: [GGUF.value("general.alignment", 4, .little(UInt32(0)))]), .malformed),
    gguf("alignment 3", GGUF.file(values: [GGUF.value("general.alignment", 4, .little(UInt32(3)))]), .malformed),
    gguf(
      "alignment 2^31", GGUF.file(values: [GGUF.value("general.alignment", 4, .little(UInt32(1) << 31))]), .malformed),
    gguf(
      "alignment that is a text", GGUF.file(values: [GGUF.value("general.alignment", 8, GGUF.text("32"))]), .malformed),
    gguf("no dimensions", GGUF.file(tensors: [GGUF.tensor("t", [])]), .malformed),
    gguf("five dimensions", GGUF.file(tensors: [GGUF.tensor("t", [1, 1, 1, 1, 1])]), .malformed),
    gguf("2^32 dimensions", GGUF.file(tensors: [GGUF.tensor("t", [1], rank: .max)]), .malformed),
    gguf("dimension 0", GGUF.file(tensors: [GGUF.tensor("t", [4, 0])]), .malformed),
    gguf("dimension 2^64 - 1", GGUF.file(tensors: [GGUF.tensor("t", [.max])]), .malformed),
    gguf("product overflows", GGUF.file(tensors: [GGUF.tensor("t", [1 << 32, 1 << 32])]), .limit),
    gguf("bytes overflow", GGUF.file(tensors: [GGUF.tensor("t", [1 << 61])]), .limit),
    gguf("unknown type", GGUF.file(tensors: [GGUF.tensor(type: 4)]), .unsupported),
    gguf("rows that are no blocks", GGUF.file(tensors: [GGUF.tensor("t", [33], type: 8)]), .malformed),
    gguf("unaligned offset", GGUF.file(tensors: [GGUF.tensor(offset: 4)]), .malformed),
    gguf("offset 2^64 - 32", GGUF.file(tensors: [GGUF.tensor(offset: .max - 31)]), .malformed),
    gguf("offset 2^63 - 32", GGUF.file(tensors: [GGUF.tensor(offset: .max >> 1 - 31)]), .truncated),
    gguf("past the end", GGUF.file(tensors: [GGUF.tensor("t", [100])]), .truncated),
    gguf("no data at all", GGUF.file(tensors: [GGUF.tensor()], data: 0), .truncated),
    gguf("overlap", GGUF.file(tensors: [GGUF.tensor("a", [16]), GGUF.tensor("b", [4], offset: 32)]), .malformed),
    gguf("tensor twice", GGUF.file(tensors: [GGUF.tensor("a"), GGUF.tensor("a", offset: 32)]), .duplicate),
    gguf("type that is not decoded", GGUF.file(tensors: [GGUF.tensor("t", [256], type: 16)], data: 128), .unsupported),
  ]
}
