import MartletGraph

/// What is in a file of any known format, found without loading it.
public struct FileSummary: Sendable {
  /// The path.
  public let file: String
  /// The format's name: `safetensors`, `GGUF 3`, `PNG`.
  public let format: String
  /// The size of the file in bytes.
  public let sizeInBytes: Int
  /// What the file says about itself, in its order.
  public private(set) var details: [(key: String, value: String)] = []
  /// Tensors, if it holds any.
  public private(set) var tensors: [WeightEntry] = []

  /// Looks at the file at `path`; the format is found from its first bytes.
  ///
  /// - Throws: `FormatError` if it cannot be read, is damaged, or of no known format.
  public init(path: String) throws(FormatError) {
    let bytes = try MappedFile(path: path).bytes
    file = path
    sizeInBytes = bytes.count
    let opened = try FileSummary.look(bytes, path)
    (format, details, tensors) = opened
  }

  typealias Findings = (format: String, details: [(key: String, value: String)], tensors: [WeightEntry])

  private static func look(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    if PNG.recognizes(bytes) { return try picture("PNG", bytes, path) }
    if JPEG.recognizes(bytes) {
      return ("JPEG", JPEG.size(bytes).map { [("size", "\($0.width) × \($0.height)")] } ?? [], [])
    }
    if WAV.recognizes(bytes) { return try sound(bytes, path) }
    let name = FileSystem.lastComponent(of: path).lowercased()
    if name.hasSuffix(".zip") { return try archive(bytes, path) }
    if name.hasSuffix(".tiktoken") { return tiktoken(bytes) }
    if name.hasSuffix(".model"), !bytes.isEmpty, bytes[0..<1].array == [0x0A] { return try sentencePiece(bytes, path) }
    if let format = WeightFormat.recognized(bytes, path: path),
      !name.hasSuffix(".json") || format != .index || isIndex(name)
    {
      return try weights(path)
    }
    if Gzip.recognizes(bytes) { return ("gzip", [], []) }
    if ParquetFile.recognizes(bytes) { return try parquet(bytes, path) }
    if name.contains("tfevents") { return try events(bytes, path) }
    if let first = try? TFRecordFile(bytes: bytes, file: path).offsets(), !first.isEmpty {
      return records(first, bytes, path)
    }
    if name.hasSuffix(".jsonl") {
      return ("JSON lines", [("values", String(try JSONLines(bytes: bytes, file: path).count))], [])
    }
    if name.hasSuffix(".json") { return try json(bytes, path) }
    if name.hasSuffix(".csv") || name.hasSuffix(".tsv") {
      return try table(bytes, path, isTabbed: name.hasSuffix(".tsv"))
    }
    if name.hasSuffix(".idx") || name.contains("-idx") || name.contains("ubyte") {
      let tensor = try IDX.decode(bytes, file: path)
      return ("IDX", [("elements", "\(tensor.dtype) \(tensor.shape)")], [])
    }
    throw FormatError(.unsupported, file: path, "is of no format that is known here")
  }

  private static func isIndex(_ name: String) -> Bool { name.hasSuffix(".index.json") }

  private static func weights(_ path: String) throws(FormatError) -> Findings {
    let file = try WeightFile(path: path)
    var format = file.format.rawValue
    var details = file.metadata
    switch file.format {
    case .gguf: format = "GGUF \(file.gguf?.version ?? 3)"
    case .torch: format = "PyTorch"
    case .index: format = "index of shards"
    case .safetensors, .npz, .npy: break
    }
    details = details.map { ($0.key, String($0.value.prefix(1000))) }
    return (format, details, file.entries)
  }

  private static func picture(_ format: String, _ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    let size = try PNG.size(bytes, file: path)
    return (format, [("size", "\(size.width) × \(size.height)")], [])
  }

  private static func sound(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    let header = try WAV.header(bytes, file: path)
    let encoding: String
    switch header.encoding {
    case .integer(let bits): encoding = "integers of \(bits) bits"
    case .float(let bits): encoding = "floats of \(bits) bits"
    }
    let details = [
      ("samples", encoding), ("channels", String(header.channelCount)), ("samples a second", String(header.sampleRate)),
      ("samples of a channel", String(header.frameCount)),
    ]
    return ("WAV", details.map { (key: $0.0, value: $0.1) }, [])
  }

  private static func events(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    let events = try EventFile.read(bytes, file: path)
    var tags: [String: (count: Int, last: Int)] = [:]
    for event in events {
      for value in event.values { tags[value.tag] = ((tags[value.tag]?.count ?? 0) + 1, event.step) }
    }
    let details = tags.keys.sorted().map { (key: $0, value: "\(tags[$0]!.count) values, to step \(tags[$0]!.last)") }
    return ("TensorBoard events", [(key: "records", value: String(events.count))] + details, [])
  }

  private static func records(_ offsets: [Range<Int>], _ bytes: SharedBytes, _ path: String) -> Findings {
    var details = [(key: "records", value: String(offsets.count))]
    let file = try? TFRecordFile(bytes: bytes, file: path)
    if let record = try? file?.record(at: offsets[0]), let example = try? TFExample(record) {
      for name in example.features.keys.sorted() {
        details.append(("feature \(name)", describe(example.features[name]!)))
      }
    }
    return ("TFRecord", details, [])
  }

  private static func describe(_ feature: TFExample.Feature) -> String {
    switch feature {
    case .bytes(let values): "bytes × \(values.count)"
    case .floats(let values): "floats × \(values.count)"
    case .integers(let values): "integers × \(values.count)"
    case .empty: "empty"
    }
  }

  private static func json(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    let value = try JSON(parsing: bytes, file: path)
    if let type = value["model"]?["type"]?.stringValue {
      let model = value["model"]!
      let count = model["vocab"]?.objectValue?.count ?? model["vocab"]?.arrayValue?.count ?? 0
      let added = value["added_tokens"]?.arrayValue?.count ?? 0
      return ("tokenizer", [("model", type), ("tokens", String(count)), ("added tokens", String(added))], [])
    }
    if let object = value.objectValue { return ("JSON", [("members", String(object.count))], []) }
    return ("JSON", value.arrayValue.map { [("elements", String($0.count))] } ?? [], [])
  }

  private static func parquet(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    let file = try ParquetFile(bytes: bytes, file: path)
    let columns = file.columns.map {
      (key: "column \($0.name)", value: "\($0.type)\($0.isOptional ? ", optional" : "")")
    }
    let details = [(key: "rows", value: String(file.rowCount))] + columns
    return ("Parquet", details + file.metadata.map { ($0.key, String($0.value.prefix(1000))) }, [])
  }

  private static func table(_ bytes: SharedBytes, _ path: String, isTabbed: Bool) throws(FormatError) -> Findings {
    let table = try CSVTable(bytes: bytes, separator: isTabbed ? "\t" : ",", file: path)
    let details = [
      (key: "rows", value: String(table.rowCount)), (key: "columns", value: table.header.joined(separator: ", ")),
    ]
    return (isTabbed ? "tab-separated table" : "CSV", details, [])
  }
}

extension FileSummary: CustomStringConvertible {
  /// Several lines for people.
  public var description: String {
    var lines = ["\(file): \(format), \(FileSummary.readable(sizeInBytes))"]
    for (key, value) in details {
      lines.append(
        "  \(FormatError.quoted(key).dropFirst().dropLast()): \(FormatError.quoted(value).dropFirst().dropLast())")
    }
    if !tensors.isEmpty {
      // Hostile sizes may not overflow the sum.
      let elements = tensors.reduce(0.0) { $0 + $1.dimensions.reduce(1.0) { $0 * Double($1) } }
      lines.append("  \(tensors.count) tensors, \(FileSummary.readableCount(elements)) elements")
      for tensor in tensors {
        let name = FormatError.quoted(tensor.name).dropFirst().dropLast()
        lines.append("    \(name)  \(tensor.typeName) \(tensor.dimensions)")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// The summary as JSON.
  public var json: JSON {
    var members = JSONObject()
    for (key, value) in details { members[key] = .string(value) }
    let list = tensors.map { tensor in
      [
        "name": .string(tensor.name), "type": .string(tensor.typeName),
        "shape": .array(tensor.dimensions.map { .integer($0) }), "bytes": .integer(tensor.sizeInBytes),
      ] as JSON
    }
    return [
      "file": .string(file), "format": .string(format), "bytes": .integer(sizeInBytes), "details": .object(members),
      "tensors": .array(list),
    ]
  }

  private static func readable(_ bytes: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return unit == 0 ? "\(bytes) bytes" : "\((value * 10).rounded() / 10) \(units[unit])"
  }

  private static func readableCount(_ count: Double) -> String {
    if count < 1e6 { return String(Int(count)) }
    return count < 1e9 ? "\((count / 1e4).rounded() / 100) million" : "\((count / 1e7).rounded() / 100) billion"
  }
}
