/// Opens the shards of a model from its index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`).
enum WeightIndex {
  static let maximumShards = 10_000

  static func open(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> WeightFile.Opened {
    let json = try JSON(parsing: bytes, file: path)
    guard let map = json["weight_map"]?.objectValue else {
      throw FormatError(.malformed, file: path, "is no index of weights: it has no object \"weight_map\"")
    }
    var shardNames: [String] = []
    var shardIndices: [String: Int] = [:]
    var places: [String: Int] = [:]
    for (name, value) in map.members {
      guard let shard = value.stringValue else {
        throw FormatError(.malformed, file: path, "is in no file: the index has no text for it", tensor: name)
      }
      try checkFileName(shard, path)
      if shardIndices[shard] == nil {
        shardIndices[shard] = shardNames.count
        shardNames.append(shard)
      }
      guard places.updateValue(shardIndices[shard]!, forKey: name) == nil else {
        throw FormatError(.duplicate, file: path, "is in the index twice", tensor: name)
      }
    }
    guard shardNames.count <= maximumShards else {
      throw FormatError(.limit, file: path, "names more than \(maximumShards) files")
    }
    let folder = FileSystem.directory(of: path)
    let shards = try shardNames.map { (name) throws(FormatError) in
      try WeightFile(path: path.contains("/") ? "\(folder)/\(name)" : name, allowsIndex: false)
    }
    try check(places, shards, path)
    let metadata = (json["metadata"]?.objectValue?.members ?? []).map { key, value in
      (key: key, value: value.stringValue ?? value.serialized())
    }
    return (shards.flatMap(\.entries), metadata, .shards(shards, places: places))
  }

  /// A shard lies beside its index: its name is one component, so that no index reaches into other folders.
  private static func checkFileName(_ name: String, _ path: String) throws(FormatError) {
    let isPlain =
      !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == 0 || $0 == 0x2F || $0 == 0x5C }
    guard isPlain, name.utf8.count <= 255 else {
      throw FormatError(
        .malformed, file: path, "names a shard \(FormatError.quoted(name)), which is no plain file name")
    }
  }

  /// Compares the index with what the shards hold, and lists everything that differs.
  private static func check(_ places: [String: Int], _ shards: [WeightFile], _ path: String) throws(FormatError) {
    var problems: [String] = []
    for (name, place) in places where shards[place][name] == nil {
      problems.append("\(FormatError.quoted(name)) is not in \(FileSystem.lastComponent(of: shards[place].file))")
    }
    for (i, shard) in shards.enumerated() {
      for name in shard.names where places[name] != i {
        problems.append(
          "\(FormatError.quoted(name)) is in \(FileSystem.lastComponent(of: shard.file)) against the index")
      }
    }
    guard problems.isEmpty else {
      let shown = problems.sorted().prefix(20).joined(separator: "; ")
      let rest = problems.count > 20 ? "; and \(problems.count - 20) more" : ""
      throw FormatError(.mismatch, file: path, "does not agree with its shards: \(shown)\(rest)")
    }
  }
}

/// Opens the parts of a GGUF file that was split (`model-00001-of-00003.gguf`).
enum GGUFParts {
  static func open(_ first: GGUFFile, count: Int) throws(FormatError) -> WeightFile.Opened {
    let path = first.file
    guard count <= 99_999, first.value("split.no")?.intValue == 0, path.hasSuffix(suffix(1, count)) else {
      throw FormatError(
        .unsupported, file: path, "is part of a split file; open its first part, called NAME\(suffix(1, count))")
    }
    let stem = path.dropLast(suffix(1, count).count)
    var parts = [try WeightFile.part(first)]
    for number in stride(from: 2, through: count, by: 1) {
      let part = try GGUFFile(path: stem + suffix(number, count))
      guard part.value("split.no")?.intValue == number - 1, part.value("split.count")?.intValue == count else {
        throw FormatError(.malformed, file: part.file, "is not part \(number) of \(count)")
      }
      parts.append(try WeightFile.part(part))
    }
    var places: [String: Int] = [:]
    for (i, part) in parts.enumerated() {
      for name in part.names where places.updateValue(i, forKey: name) != nil {
        throw FormatError(.duplicate, file: part.file, "is in two parts", tensor: name)
      }
    }
    if let total = first.value("split.tensors.count")?.intValue, total != places.count {
      throw FormatError(.missing, file: path, "promises \(total) tensors, its parts have \(places.count)")
    }
    return (
      parts.flatMap(\.entries), first.metadata.map { ($0.key, $0.value.description) }, .shards(parts, places: places)
    )
  }

  private static func suffix(_ number: Int, _ count: Int) -> String {
    func digits(_ value: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
    return "-\(digits(number))-of-\(digits(count)).gguf"
  }
}
