// A coverage-guided fuzzing target for every parser; see run.sh. MARTLET_FUZZ says which one.

import Glibc
import MartletData
import MartletFormats

private let format = getenv("MARTLET_FUZZ").map { String(cString: $0) } ?? ""

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: data, count: count))
  _ = try? read(bytes)
  return 0
}

/// Reads everything that the format's reader can give.
private func read(_ bytes: [UInt8]) throws {
  let shared = SharedBytes(bytes)
  switch format {
  case "safetensors":
    let file = try SafetensorsFile(bytes: shared)
    for name in file.names { _ = try? file.tensor(name).bytes.array }
  case "gguf":
    let file = try GGUFFile(bytes: shared)
    for entry in file.entries where entry.offsets.count < 1 << 20 { _ = try? file.tensor(entry.name) }
    for item in file.metadata { _ = try? item.value.arrayValue?.values() }
  case "torch":
    var limits = ZipLimits()
    (limits.memberBytes, limits.totalBytes) = (1 << 24, 1 << 24)
    let file = try TorchFile(bytes: shared, limits: limits)
    for name in file.names { _ = try? file.tensor(name) }
  case "npy": _ = try Npy.decode(shared)
  case "npz":
    var limits = ZipLimits()
    (limits.memberBytes, limits.totalBytes) = (1 << 24, 1 << 24)
    _ = try NpzFile(bytes: shared, limits: limits).tensors()
  case "gzip": _ = try Gzip.decompress(shared, limit: 1 << 24)
  case "png":
    var limits = ImageLimits()
    (limits.pixels, limits.bytes) = (1 << 22, 1 << 24)
    _ = try PNG.decode(shared, limits: limits)
  case "idx": _ = try IDX.decode(shared)
  case "json": _ = try JSON(parsing: shared).serializedForReading()
  case "jsonl":
    let lines = try JSONLines(bytes: shared)
    for i in 0..<lines.count { _ = try? lines.value(at: i) }
  case "csv":
    let table = try CSVTable(bytes: shared)
    for column in 0..<min(table.columnCount, 100) {
      _ = try? table.strings(column: column)
      _ = try? table.doubles(column: column)
    }
  case "wav": _ = try WAV.decode(shared)
  case "tfrecord":
    var records = try TFRecordFile(bytes: shared, damagePolicy: .skip).records()
    while try records.next() != nil {}
  case "example": _ = try TFExample(shared)
  case "event": _ = try EventRecord(shared)
  case "tokenizer":
    let tokenizer = try PretrainedTokenizer(json: JSON(parsing: shared))
    try use(tokenizer)
  case "sentencepiece": try use(PretrainedTokenizer(sentencePiece: shared))
  case "tiktoken":
    try use(PretrainedTokenizer(tiktokenTable: shared, encoding: .cl100kBase))
  default:
    print("MARTLET_FUZZ names no parser: \(format)")
    exit(2)
  }
}

private func use(_ tokenizer: PretrainedTokenizer) throws {
  let encoding = try tokenizer.encoding(of: " It's 3 o'clock,  日本 😀 a\u{301}", and: "b")
  _ = try? tokenizer.decode(encoding.ids, keepsSpecialTokens: true)
}
