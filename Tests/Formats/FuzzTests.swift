import MartletFormats
import MartletGraph
import Testing

/// Broken files of every format, thousands of them: what counts is that each gives a value or a `FormatError`.
struct FuzzTests {
  enum Format: String, CaseIterable {
    case safetensors, npy, npz, deflatedNpz, streamedNpz, gzip, png, pngWithChecksums, json, csv, idx
    case gguf, torch, oldTorch, wav, tfrecord, example, event, jsonLines

    func seed() throws -> [UInt8] {
      switch self {
      case .safetensors: try Fixture.bytes("metadata.safetensors")
      case .npy: try Fixture.bytes("int32_fortran.npy")
      case .npz: try Fixture.bytes("stored.npz")
      case .deflatedNpz: try Fixture.bytes("deflated.npz")
      case .streamedNpz: try Fixture.bytes("streamed.npz")
      case .gzip: Gzip.compress(SharedBytes(CompressionTests.text(2000)))
      case .png, .pngWithChecksums:
        try NpzFile(path: Fixture.format("pictures.npz")).tensor("color3_depth4_interlaced1_transparent1").bytes.array
      case .json: Array(#"{"a": [1, -2.5e3, true, null, "x\nü\ud83d\ude00"], "b": {"c": "日本"}, "d": 1e-7}"#.utf8)
      case .csv: Array("a,\"b\"\"c\",d\r\n1,2.5,\"x,\ny\"\r\n-3,1e5,z\r\n".utf8)
      case .idx: try Fixture.bytes("int32.idx")
      case .gguf: try FileSystem.read(Fixture.weights("written.gguf"))
      case .torch: try FileSystem.read(Fixture.weights("nested.pt"))
      case .oldTorch: try FileSystem.read(Fixture.weights("legacy.pt"))
      case .wav: try FileSystem.read(Fixture.records("x24.wav"))
      case .tfrecord: try FileSystem.read(Fixture.records("examples.tfrecord"))
      case .example: TFRecordTests.example(7).encoded()
      case .event:
        try TFRecordFile(path: Fixture.records("run.tfevents")).offsets().last.map {
          try TFRecordFile(path: Fixture.records("run.tfevents")).record(at: $0).array
        } ?? []
      case .jsonLines: Array("{\"a\": [1, 2.5]}\n\n[true, null]\r\n\"ü\"\n".utf8)
      }
    }

    func read(_ bytes: SharedBytes) throws(FormatError) {
      switch self {
      case .safetensors:
        let file = try SafetensorsFile(bytes: bytes)
        for name in file.names { _ = try file.tensor(name).bytes.array }
      case .npy: _ = try Npy.decode(bytes).bytes.array
      case .npz, .deflatedNpz, .streamedNpz: _ = try NpzFile(bytes: bytes).tensors()
      case .gzip: _ = try Gzip.decompress(bytes, limit: 1 << 20)
      case .png, .pngWithChecksums: _ = try PNG.decode(bytes)
      case .json: _ = try JSON(parsing: bytes).serializedForReading()
      case .csv:
        let table = try CSVTable(bytes: bytes)
        for column in 0..<table.columnCount {
          _ = try table.strings(column: column)
          _ = try? table.doubles(column: column)
          _ = try? table.integers(column: column)
        }
      case .idx: _ = try IDX.decode(bytes)
      case .gguf:
        let file = try GGUFFile(bytes: bytes)
        for name in file.names { _ = try file.tensor(name).bytes.array }
        for item in file.metadata { _ = try item.value.arrayValue?.values() }
      case .torch, .oldTorch:
        let file = try TorchFile(bytes: bytes)
        for entry in file.entries where entry.dtype != nil { _ = try file.tensor(entry.name).bytes.array }
      case .wav: _ = try WAV.decode(bytes)
      case .tfrecord:
        var records = try TFRecordFile(bytes: bytes).records()
        while try records.next() != nil {}
      case .example: _ = try TFExample(bytes)
      case .event: _ = try EventRecord(bytes)
      case .jsonLines:
        let lines = try JSONLines(bytes: bytes)
        for i in 0..<lines.count { _ = try lines.value(at: i) }
      }
    }

    /// Makes changed chunks pass their checksums, so that what lies behind is reached.
    func repaired(_ bytes: [UInt8]) -> [UInt8] {
      guard self == .pngWithChecksums else { return bytes }
      var result = bytes
      var position = 8
      while position + 12 <= result.count {
        let length = result[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
        guard position + 12 + length <= result.count else { break }
        let end = position + 8 + length
        let checksum = CRC32.checksum(SharedBytes(Array(result[(position + 4)..<end])))
        result.replaceSubrange(end..<(end + 4), with: [UInt8].big(checksum))
        position = end + 4
      }
      return result
    }
  }

  private static func mutated(_ seed: [UInt8], _ generator: inout SplitMix) -> [UInt8] {
    var bytes = seed
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      let i = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<7, using: &generator) {
      case 0, 1: bytes[i] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes[i] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator)!
      case 3: bytes[i] = bytes.randomElement(using: &generator)!
      case 4: bytes.remove(at: i)
      case 5: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: i)
      default:
        // A number field at its largest.
        for k in i..<min(i + 4, bytes.count) { bytes[k] = 0xFF }
      }
    }
    return bytes
  }

  @Test(arguments: Format.allCases)
  func `2,000 mutations give a value or an error, never a trap`(format: Format) throws {
    let seed = try format.seed()
    try format.read(SharedBytes(seed))
    var generator = SplitMix(state: 2026)
    var refused = 0
    for _ in 0..<2000 {
      let bytes = SharedBytes(format.repaired(FuzzTests.mutated(seed, &generator)))
      do throws(FormatError) { try format.read(bytes) } catch { refused += 1 }
    }
    #expect(refused > 100)
  }

  @Test(arguments: Format.allCases)
  func `no truncation traps`(format: Format) throws {
    let seed = try format.seed()
    for count in stride(from: 0, to: seed.count, by: max(1, seed.count / 1500)) {
      try? format.read(SharedBytes(format.repaired(Array(seed[..<count]))))
    }
  }
}
