import MartletFormats

/// Pieces of pickles.
private enum Pickle {
  static func text(_ text: String) -> [UInt8] { [0x58] + .little(UInt32(text.utf8.count)) + Array(text.utf8) }
  static func name(_ module: String, _ name: String) -> [UInt8] { [0x63] + Array("\(module)\n\(name)\n".utf8) }
  static func int(_ value: Int32) -> [UInt8] { [0x4A] + .little(value) }
  static func long(_ value: Int64) -> [UInt8] { [0x8A, 8] + .little(value) }
  static func tuple(_ parts: [UInt8]...) -> [UInt8] { [0x28] + parts.joined() + [0x74] }

  static func storage(
    type: String = "FloatStorage", key: String = "0", count: [UInt8] = int(4), more: [UInt8] = []
  ) -> [UInt8] {
    tuple(text("storage"), name("torch", type), text(key), text("cpu"), count, more) + [0x51]
  }

  static func tensor(
    _ storage: [UInt8] = storage(), offset: [UInt8] = int(0), sizes: [UInt8] = tuple(int(4)),
    strides: [UInt8] = tuple(int(1))
  ) -> [UInt8] {
    name("torch._utils", "_rebuild_tensor_v2")
      + tuple(storage, offset, sizes, strides, [0x89], name("collections", "OrderedDict"), [0x29, 0x52]) + [0x52]
  }

  static func file(_ body: [UInt8]...) -> [UInt8] { [0x80, 2] + body.joined() + [0x2E] }
  static func dictionary(_ value: [UInt8]) -> [UInt8] { file([0x7D], text("a"), value, [0x73]) }
}

extension HostileFile {
  /// An archive of the given members.
  private static func archive(_ members: [(String, [UInt8])]) -> [UInt8] {
    let folder = try! FileSystem.createTemporaryDirectory(prefix: "martlet-hostile-")
    defer { try? FileSystem.removeTree(folder) }
    var writer = try! ZipWriter(path: "\(folder)/x")
    for (name, content) in members { try! writer.append(name, SharedBytes(content)) }
    try! writer.finish()
    return try! FileSystem.read("\(folder)/x")
  }

  private static let floats = [UInt8](repeating: 0, count: 16)

  private static func torch(
    _ name: String, _ pickle: [UInt8], data: [UInt8] = floats, more: [(String, [UInt8])] = [], _ kind: FormatError.Kind
  ) -> HostileFile {
    HostileFile("torch", name, archive([("a/data.pkl", pickle), ("a/data/0", data)] + more), kind)
  }

  static let torch: [HostileFile] = {
    let good = Pickle.dictionary(Pickle.tensor())
    var damaged = archive([("a/data.pkl", good), ("a/data/0", floats)])
    let place = damaged.indices.first { damaged[$0...].starts(with: Array("a/data/0".utf8)) }! + 8
    damaged[place] = 1
    return [
      torch(
        "command", Pickle.file(Pickle.name("os", "system"), Pickle.tuple(Pickle.text("true")), [0x52]), .unsupported),
      torch(
        "builtin", Pickle.file(Pickle.name("builtins", "eval"), Pickle.tuple(Pickle.text("1")), [0x52]), .unsupported),
      torch("name hidden behind a good module", Pickle.file(Pickle.name("torch", "load")), .unsupported),
      torch("storage that is missing", Pickle.dictionary(Pickle.tensor(Pickle.storage(key: "1"))), .missing),
      torch("storage out of the folder", Pickle.dictionary(Pickle.tensor(Pickle.storage(key: "../0"))), .missing),
      torch("storage smaller than stated", good, data: [0, 0], .malformed),
      torch("storage larger than stated", good, data: floats + floats, .malformed),
      torch(
        "storage of two sizes",
        Pickle.file([0x28], Pickle.tensor(), Pickle.tensor(Pickle.storage(count: Pickle.int(8))), [0x74]), .malformed),
      torch(
        "negative size of a storage", Pickle.dictionary(Pickle.tensor(Pickle.storage(count: Pickle.int(-1)))),
        .malformed),
      torch(
        "storage of 2^62", Pickle.dictionary(Pickle.tensor(Pickle.storage(count: Pickle.long(1 << 62)))), .malformed),
      torch(
        "tensor past its storage", Pickle.dictionary(Pickle.tensor(sizes: Pickle.tuple(Pickle.int(5)))), .malformed),
      torch("offset past its storage", Pickle.dictionary(Pickle.tensor(offset: Pickle.int(1))), .malformed),
      torch("negative offset", Pickle.dictionary(Pickle.tensor(offset: Pickle.int(-1))), .malformed),
      torch("negative stride", Pickle.dictionary(Pickle.tensor(strides: Pickle.tuple(Pickle.int(-1)))), .malformed),
      torch(
        "stride past its storage", Pickle.dictionary(Pickle.tensor(strides: Pickle.tuple(Pickle.int(2)))), .malformed),
      torch(
        "size times stride overflows",
        Pickle.dictionary(
          Pickle.tensor(sizes: Pickle.tuple(Pickle.long(1 << 40)), strides: Pickle.tuple(Pickle.long(1 << 40)))),
        .malformed),
      torch(
        "repeated to 2^40 elements",
        Pickle.dictionary(
          Pickle.tensor(sizes: Pickle.tuple(Pickle.long(1 << 40)), strides: Pickle.tuple(Pickle.int(0)))), .limit),
      torch(
        "repeated to 2^66 elements",
        Pickle.dictionary(
          Pickle.tensor(
            sizes: Pickle.tuple(Pickle.long(1 << 33), Pickle.long(1 << 33)),
            strides: Pickle.tuple(Pickle.int(0), Pickle.int(0)))), .malformed),
      torch("sizes without strides", Pickle.dictionary(Pickle.tensor(strides: Pickle.tuple())), .malformed),
      torch(
        "nine dimensions",
        Pickle.dictionary(
          Pickle.tensor(
            sizes: [0x28] + (0..<9).flatMap { _ in Pickle.int(1) } + [0x74],
            strides: [0x28] + (0..<9).flatMap { _ in Pickle.int(1) } + [0x74])), .unsupported),
      torch(
        "complex numbers",
        Pickle.dictionary(
          Pickle.tensor(
            Pickle.storage(type: "ComplexFloatStorage", count: Pickle.int(2)), sizes: Pickle.tuple(Pickle.int(2)))),
        .unsupported),
      torch("view of a storage", Pickle.dictionary(Pickle.tensor(Pickle.storage(more: Pickle.tuple()))), .unsupported),
      torch("other byte order", good, more: [("a/byteorder", Array("big".utf8))], .unsupported),
      torch("two pickles", good, more: [("b/data.pkl", good)], .malformed),
      torch("program", good, more: [("a/code/x.py", [])], .unsupported),
      HostileFile("torch", "no pickle", archive([("a/data/0", floats)]), .malformed),
      HostileFile("torch", "damaged storage", damaged, .checksum),
      HostileFile("torch", "archive cut short", Array(archive([("a/data.pkl", good)]).dropLast(30)), .malformed),
    ]
  }()

  private static func pickle(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("pickle", name, archive([("data.pkl", bytes)]), kind)
  }

  static let pickles: [HostileFile] = {
    let legacy: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    func system(_ isLittle: Bool) -> [UInt8] {
      Pickle.file([0x7D], Pickle.text("little_endian"), [isLittle ? 0x88 : 0x89], [0x73])
    }
    let version = Pickle.file(Pickle.int(1001))
    // Each list holds the one before ten times: 10^40 visits for a walk that did not count.
    var laughs: [UInt8] = [0x5D, 0x71, 0]
    for i in 1...40 {
      laughs += [0x5D, 0x28] + (0..<10).flatMap { _ in [0x68, UInt8(i - 1)] } + [0x65, 0x71, UInt8(i)]
    }
    return [
      pickle("nothing", [], .truncated),
      pickle("no end", [0x80, 2, 0x4E], .truncated),
      pickle("protocol 0", [0x80, 0, 0x4E, 0x2E], .unsupported),
      pickle("empty stack at the end", [0x2E], .malformed),
      pickle("two values at the end", [0x4E, 0x4E, 0x2E], .malformed),
      pickle("mark at the end", [0x4E, 0x28, 0x2E], .malformed),
      pickle("pop of nothing", [0x30, 0x2E], .malformed),
      pickle("pop below a mark", [0x4E, 0x28, 0x30, 0x30, 0x2E], .malformed),
      pickle("tuple without mark", [0x74, 0x2E], .malformed),
      pickle("append to a number", [0x4E, 0x4E, 0x61, 0x2E], .malformed),
      pickle("item of a list", [0x5D, 0x4E, 0x4E, 0x73, 0x2E], .malformed),
      pickle("odd items", [0x7D, 0x28, 0x4E, 0x75, 0x2E], .malformed),
      pickle("recall of nothing", [0x68, 7, 0x2E], .malformed),
      pickle("memo out of order", [0x4E, 0x72, 255, 255, 255, 127, 0x2E], .malformed),
      pickle("text of 4 GiB", [0x58, 255, 255, 255, 255, 65], .truncated),
      pickle("text of 2^64 bytes", [0x8D] + [UInt8](repeating: 255, count: 8), .truncated),
      pickle("text that is none", [0x8C, 1, 0xFF, 0x2E], .malformed),
      pickle("integer of 2 GiB", [0x8B, 255, 255, 255, 127], .truncated),
      pickle("unknown opcode", [0xFF], .unsupported),
      pickle("instance", [0x28, 0x69] + Array("os\nsystem\n".utf8), .unsupported),
      pickle("extension", [0x82, 1, 0x2E], .unsupported),
      pickle("persistent text", [0x50] + Array("x\n".utf8) + [0x2E], .unsupported),
      pickle("name without end", [0x63] + [UInt8](repeating: 65, count: 5000), .limit),
      pickle("name made of numbers", [0x4E, 0x4E, 0x93, 0x2E], .malformed),
      pickle("call of a number", [0x4E, 0x29, 0x52, 0x2E], .malformed),
      pickle("call without a tuple", Pickle.file(Pickle.name("collections", "OrderedDict"), [0x4E, 0x52]), .malformed),
      pickle("call of a type", Pickle.file(Pickle.name("torch", "FloatStorage"), [0x29, 0x52]), .malformed),
      pickle(
        "pairs that are none", Pickle.file(Pickle.name("collections", "OrderedDict"), [0x5D, 0x29, 0x61, 0x85, 0x52]),
        .malformed),
      pickle("state of a number", [0x4E, 0x4E, 0x62, 0x2E], .unsupported),
      pickle("storage that is a number", [0x4E, 0x51, 0x2E], .malformed),
      pickle(
        "tensor without storage", Pickle.file(Pickle.name("torch._utils", "_rebuild_tensor_v2"), [0x29, 0x52]),
        .malformed),
      pickle("a list that holds itself", [0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E], .limit),
      pickle("a million laughs", laughs + [0x28] + [0x30] + [0x2E], .malformed),
      pickle("shared without end", [0x80, 2, 0x28] + laughs + [0x74, 0x2E], .limit),
      pickle(
        "a hundred thousand lists inside one another",
        [UInt8](repeating: 0x5D, count: 100_000) + [UInt8](repeating: 0x61, count: 99_999) + [0x2E], .limit),
      pickle("two million values", [UInt8](repeating: 0x4E, count: 2_000_000) + [0x2E], .limit),
      pickle("a million containers", [0x28] + [UInt8](repeating: 0x7D, count: 1_000_000) + [0x74, 0x2E], .limit),
      pickle(
        "a long name before a long list",
        Pickle.file(
          [0x7D], Pickle.text(String(repeating: "x", count: 4000)), [0x28], [UInt8](repeating: 0x4E, count: 1_000_000),
          [0x74, 0x73]), .limit),
      HostileFile("pickle", "old form without system", legacy + version + Pickle.file([0x4E]), .malformed),
      HostileFile("pickle", "old form of other byte order", legacy + version + system(false), .unsupported),
      HostileFile("pickle", "old form of other version", legacy + Pickle.file(Pickle.int(7)), .unsupported),
      HostileFile(
        "pickle", "old form without storages",
        legacy + version + system(true) + Pickle.dictionary(Pickle.tensor()) + Pickle.file([0x5D]), .missing),
      HostileFile(
        "pickle", "old form cut in a storage",
        legacy + version + system(true) + Pickle.dictionary(Pickle.tensor())
          + Pickle.file([0x5D], Pickle.text("0"), [0x61]) + .little(Int64(4)) + [0, 0], .truncated),
      HostileFile(
        "pickle", "old form with a storage of another size",
        legacy + version + system(true) + Pickle.dictionary(Pickle.tensor())
          + Pickle.file([0x5D], Pickle.text("0"), [0x61]) + .little(Int64(1) << 60), .malformed),
    ]
  }()
}
