import MartletData
import MartletFormats

/// A parser that is fuzzed; `Benchmarks/Fuzz/run.sh` feeds it with what libFuzzer makes up, the tests with what that found.
enum FuzzParser: String, CaseIterable {
  case safetensors, gguf, torch, npy, npz, gzip, png, jpeg, idx, json, jsonl, csv, wav, tfrecord, example, event
  case parquet, tokenizer, sentencepiece, tiktoken, regex

  /// Reads everything that the format's reader can give.
  ///
  /// - Throws: What the reader throws; anything but a value or an error is a finding.
  func read(_ bytes: [UInt8]) throws {
    let shared = SharedBytes(bytes)
    switch self {
    case .safetensors:
      let file = try SafetensorsFile(bytes: shared)
      for name in file.names { _ = try? file.tensor(name).bytes.array }
    case .gguf:
      let file = try GGUFFile(bytes: shared)
      for entry in file.entries where entry.offsets.count < 1 << 20 { _ = try? file.tensor(entry.name) }
      for item in file.metadata { _ = try? item.value.arrayValue?.values() }
    case .torch:
      let file = try TorchFile(bytes: shared, limits: FuzzParser.zipLimits)
      for name in file.names { _ = try? file.tensor(name) }
    case .npy: _ = try Npy.decode(shared)
    case .npz: _ = try NpzFile(bytes: shared, limits: FuzzParser.zipLimits).tensors()
    case .gzip: _ = try Gzip.decompress(shared, limit: 1 << 24)
    case .png: _ = try PNG.decode(shared, limits: FuzzParser.imageLimits)
    case .jpeg: _ = try JPEG.decode(shared, limits: FuzzParser.imageLimits)
    case .idx: _ = try IDX.decode(shared)
    case .json: _ = try JSON(parsing: shared).serializedForReading()
    case .jsonl:
      let lines = try JSONLines(bytes: shared)
      for i in 0..<lines.count { _ = try? lines.value(at: i) }
    case .csv:
      let table = try CSVTable(bytes: shared)
      for column in 0..<min(table.columnCount, 100) {
        _ = try? table.strings(column: column)
        _ = try? table.doubles(column: column)
      }
    case .parquet:
      let file = try ParquetFile(bytes: shared)
      for column in file.columns.prefix(100) {
        _ = try? file.doubles(column: column.name)
        _ = try? file.strings(column: column.name)
        _ = try? file.tensor(column: column.name)
      }
    case .wav: _ = try WAV.decode(shared)
    case .tfrecord:
      var records = try TFRecordFile(bytes: shared, damagePolicy: .skip).records()
      while try records.next() != nil {}
    case .example: _ = try TFExample(shared)
    case .event: _ = try EventRecord(shared)
    case .tokenizer: try FuzzParser.use(PretrainedTokenizer(json: JSON(parsing: shared)))
    case .sentencepiece: try FuzzParser.use(PretrainedTokenizer(sentencePiece: shared))
    case .tiktoken: try FuzzParser.use(PretrainedTokenizer(tiktokenTable: shared, encoding: .cl100kBase))
    case .regex:
      let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      let text = String(decoding: parts.count > 1 ? parts[1] : [], as: UTF8.self)
      _ = try WholeMatch.flags([text, "a ab", "日本 1"], pattern: String(decoding: parts[0], as: UTF8.self))
    }
  }

  private static let zipLimits: ZipLimits = {
    var limits = ZipLimits()
    (limits.memberBytes, limits.totalBytes) = (1 << 24, 1 << 24)
    return limits
  }()

  private static let imageLimits: ImageLimits = {
    var limits = ImageLimits()
    (limits.pixels, limits.bytes) = (1 << 22, 1 << 24)
    return limits
  }()

  private static func use(_ tokenizer: PretrainedTokenizer) throws {
    let encoding = try tokenizer.encoding(of: " It's 3 o'clock,  日本 😀 a\u{301}", and: "b")
    _ = try? tokenizer.decode(encoding.ids, keepsSpecialTokens: true)
  }
}
