import MartletFormats
import MartletGraph
import MartletTestMemory
import MartletTestSupport
import Testing

/// A file made to do harm, and the error that it must give.
struct HostileFile: Sendable, CustomTestStringConvertible {
  var format: String
  var name: String
  var bytes: [UInt8]
  var kind: FormatError.Kind

  init(_ format: String, _ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) {
    (self.format, self.name, self.bytes, self.kind) = (format, name, bytes, kind)
  }

  var testDescription: String { "\(format): \(name)" }

  /// All of them.
  static let all: [HostileFile] =
    gzip + png + jpeg + parquet + gguf + torch + pickles + wav + tfrecord + example + events + json + jsonLines + csv
    + idx + npy
    + index
    + zip
    + safetensors

  /// Reads the file as its format, all of it.
  func read(_ shared: SharedBytes) throws(FormatError) {
    switch format {
    case "gguf":
      let file = try GGUFFile(bytes: shared)
      for name in file.names { _ = try file.tensor(name) }
      for item in file.metadata { _ = try item.value.arrayValue?.values() }
    case "torch", "pickle":
      let file = try TorchFile(bytes: shared)
      for name in file.names { _ = try file.tensor(name) }
    case "safetensors":
      let file = try SafetensorsFile(bytes: shared)
      for name in file.names { _ = try file.tensor(name) }
    case "gzip": _ = try Gzip.decompress(shared, limit: 1 << 20)
    case "png": _ = try PNG.decode(shared)
    case "jpeg": _ = try JPEG.decode(shared)
    case "parquet":
      let file = try ParquetFile(bytes: shared)
      for column in file.columns {
        switch column.type {
        case .text, .bytes, .fixedBytes: _ = try file.strings(column: column.name)
        default: _ = try file.doubles(column: column.name)
        }
      }
    case "npz": _ = try NpzFile(bytes: shared).tensors()
    case "npy": _ = try Npy.decode(shared)
    case "idx": _ = try IDX.decode(shared)
    case "wav": _ = try WAV.decode(shared)
    case "tfrecord":
      var records = try TFRecordFile(bytes: shared).records()
      while try records.next() != nil {}
    case "example": _ = try TFExample(shared)
    case "events": _ = try EventFile.read(shared, allowsOpenEnd: false)
    case "json": _ = try JSON(parsing: shared)
    case "jsonl":
      let lines = try JSONLines(bytes: shared)
      for i in 0..<lines.count { _ = try lines.value(at: i) }
    case "csv":
      let table = try CSVTable(bytes: shared)
      for column in 0..<table.columnCount { _ = try table.doubles(column: column) }
    case "index":
      let folder = try FileSystem.createTemporaryDirectory(prefix: "martlet-hostile-")
      defer { try? FileSystem.removeTree(folder) }
      try AtomicFile.write(bytes, to: "\(folder)/m.index.json")
      _ = try WeightFile(path: "\(folder)/m.index.json")
    default: fatalError("no reader of \(format)")
    }
  }
}

struct HostileTests {
  @Test(arguments: HostileFile.all)
  func `a hostile file gives its error, quickly`(file: HostileFile) throws {
    var error: FormatError?
    // Apart from the bytes, which a failed expectation would describe one by one.
    let (bytes, limit, kind) = (SharedBytes(file.bytes), 2 * file.bytes.count + 64 << 20, file.kind)
    martlet_test_begin_counting()
    let time = threadTime {
      error = formatError(file.testDescription) { () throws(FormatError) in try file.read(bytes) }
    }
    let most = martlet_test_end_counting()
    if martlet_test_can_count_memory() { #expect(most <= limit, "\(most) bytes") }
    #expect(error?.kind == kind, "\(error.map { "\($0)" } ?? "none")")
    #expect(error?.message.isEmpty == false)
    #expect(time < hostileLimit)
  }

  @Test func `there are twenty at least of each format, each under a name of its own`() throws {
    for (format, files) in Dictionary(grouping: HostileFile.all, by: \.format) {
      #expect(files.count >= 20, "\(format): \(files.count)")
      #expect(Set(files.map(\.name)).count == files.count, "\(format)")
    }
    // For measuring memory from outside; see Benchmarks/Fuzz.
    guard let folder = hostileFolder else { return }
    for file in HostileFile.all {
      try FileSystem.createDirectory("\(folder)/\(file.format)")
      let name = file.name.map { $0.isLetter || $0.isNumber ? $0 : "_" }
      try AtomicFile.write(file.bytes, to: "\(folder)/\(file.format)/\(String(name)).\(file.format)")
    }
  }
}
