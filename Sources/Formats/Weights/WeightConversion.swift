import MartletGraph

/// How weights are written in another format.
public struct WeightConversion: Sendable {
  /// The element type of floating-point tensors that are written; nil to keep each one's.
  ///
  /// For GGUF files these may be quantized types, `Q8_0` for instance; elsewhere `float32`, `float16`, `bfloat16` or
  /// `float64`.
  public enum ElementType: Sendable, Hashable {
    case plain(DType)
    case quantized(GGUFTensorType)

    /// The type that people call so: `float16`, `F16`, `bf16`, `Q4_K`; nil if there is none.
    public init?(named name: String) {
      if let dtype = DType.allCases.first(where: { $0.description == name.lowercased() }), dtype.isFloatingPoint {
        self = .plain(dtype)
      } else if let type = GGUFTensorType(named: name) {
        if let dtype = type.dtype {
          guard dtype.isFloatingPoint else { return nil }
          self = .plain(dtype)
        } else {
          guard GGUFWriter.quantizedTypes.contains(type) else { return nil }
          self = .quantized(type)
        }
      } else {
        return nil
      }
    }
  }

  /// The element type to write; nil to keep each tensor's.
  public var elementType: ElementType?
  /// What tensors are to be called.
  public var rules = NameRules([])
  /// Metadata of a GGUF file that is written from another format.
  public var metadata: [(key: String, value: GGUFValue)] = []
  /// The largest size of one safetensors file in bytes; nil for one file of any size. Larger models become shards with an
  /// index.
  public var shardSize: Int?

  /// A conversion that changes nothing but the format.
  public init() {}

  /// A tensor that will be written.
  struct Item {
    var name: String
    var original: String
    var layout: WeightLayout
    var dtype: DType
    var shape: Shape
  }

  /// What was written.
  public struct Summary: Sendable {
    /// The format of the new file.
    public let format: WeightFormat
    /// The number of tensors in it.
    public let tensorCount: Int
    /// The files written.
    public let paths: [String]
    /// The bytes of them all.
    public let sizeInBytes: Int
  }

  /// Writes the tensors of `source` to `path`, in the format that its ending stands for.
  ///
  /// Tensors go one by one, so that memory holds one of them; only npy, npz and PyTorch files are made of all at once.
  ///
  /// - Throws: `FormatError` if the source cannot be read, a tensor has no place in the format (quantized types elsewhere
  ///   than GGUF, `bfloat16` in numpy's), or the file cannot be written.
  @discardableResult
  public func convert(_ source: WeightFile, to path: String) throws(FormatError) -> Summary {
    guard let format = WeightFormat(path: path) else {
      throw FormatError(
        .unsupported, file: path, "has no ending that stands for a format: .safetensors, .gguf, .pt, .npz, .npy")
    }
    if case .quantized(let type) = elementType, format != .gguf {
      throw FormatError(.unsupported, file: path, "cannot hold \(type); only GGUF files can")
    }
    let items = try plan(source)
    var paths = [path]
    switch format {
    case .gguf: try writeGGUF(items, source, path)
    case .safetensors: paths = try writeSafetensors(items, source, path)
    case .torch:
      let tensors = try items.map { (item) throws(FormatError) in (item.name, try tensor(item, source)) }
      try TorchWriter.write(tensors, to: path)
    case .npz:
      var tensors: [String: StoredTensor] = [:]
      for item in items { tensors[item.name] = try tensor(item, source) }
      try Npz.write(tensors, to: path)
    case .npy:
      guard items.count == 1 else {
        throw FormatError(.unsupported, file: path, "holds one tensor, \(source.file) has \(items.count)")
      }
      try Npy.write(try tensor(items[0], source), to: path)
    case .index:
      throw FormatError(.unsupported, file: path, "name the first file (.safetensors) and give a shard size instead")
    }
    let sizes = paths.map { FileSystem.status($0)?.size ?? 0 }
    return Summary(format: format, tensorCount: items.count, paths: paths, sizeInBytes: sizes.reduce(0, +))
  }

  private func plan(_ source: WeightFile) throws(FormatError) -> [Item] {
    var items: [Item] = []
    for renamed in try rules.renamed(source.names, file: source.file) {
      let (original, layout) = (renamed.original, renamed.layout)
      let entry = source[original]!
      guard var dtype = entry.dtype else {
        throw FormatError(
          .unsupported, file: source.file, "has elements of type \(entry.typeName), which cannot be converted",
          tensor: original)
      }
      guard let dimensions = layout.dimensions(of: entry.dimensions), dimensions.count <= Shape.maximumRank else {
        throw FormatError(
          .unsupported, file: source.file, "of the sizes \(entry.dimensions) cannot be rearranged or written",
          tensor: original)
      }
      if case .plain(let wanted) = elementType, dtype.isFloatingPoint { dtype = wanted }
      items.append(
        Item(name: renamed.name, original: original, layout: layout, dtype: dtype, shape: Shape(dimensions)))
    }
    return items
  }

  private func tensor(_ item: Item, _ source: WeightFile) throws(FormatError) -> StoredTensor {
    let tensor = try source.tensor(item.original)
    do {
      return item.layout.apply(to: try tensor.converted(to: item.dtype))
    } catch { throw FormatError(error.kind, file: source.file, error.message, tensor: item.original) }
  }

  // MARK: GGUF

  private func writeGGUF(_ items: [Item], _ source: WeightFile, _ path: String) throws(FormatError) {
    let plans = try items.map { (item) throws(FormatError) in
      GGUFWriter.Plan(name: item.name, type: try ggufType(of: item, source), shape: item.shape)
    }
    var writer = try GGUFWriter(path: path, metadata: ggufMetadata(source), tensors: plans)
    for item in items { try writer.append(try tensor(item, source)) }
    try writer.finish()
  }

  /// Quantized types need rows that are whole blocks, and gain nothing on vectors; those stay `F32`, as llama.cpp has it.
  private func ggufType(of item: Item, _ source: WeightFile) throws(FormatError) -> GGUFTensorType {
    if case .quantized(let type) = elementType, item.dtype.isFloatingPoint {
      let rows = item.shape.rank < 2 ? 0 : item.shape[item.shape.rank - 1]
      return rows > 0 && rows % type.block.elements == 0 ? type : .f32
    }
    guard let type = GGUFTensorType(item.dtype) else {
      throw FormatError(
        .unsupported, file: source.file, "has elements of type \(item.dtype), which GGUF lacks", tensor: item.original)
    }
    return type
  }

  private func ggufMetadata(_ source: WeightFile) -> [(key: String, value: GGUFValue)] {
    var result = source.gguf?.metadata.filter { !$0.key.hasPrefix("split.") } ?? []
    for (key, value) in metadata {
      if let index = result.firstIndex(where: { $0.key == key }) {
        result[index].value = value
      } else {
        result.append((key, value))
      }
    }
    if !result.contains(where: { $0.key == "general.architecture" }) {
      result.insert(("general.architecture", .string("unknown")), at: 0)
    }
    return result
  }

  // MARK: safetensors

  private func writeSafetensors(
    _ items: [Item], _ source: WeightFile, _ path: String
  ) throws(FormatError) -> [String] {
    let groups = try shards(items, source)
    if groups.count == 1 {
      try writeShard(groups[0], source, path)
      return [path]
    }
    let stem = String(path.dropLast(".safetensors".count))
    var paths: [String] = []
    var map = JSONObject()
    var total = 0
    for (i, group) in groups.enumerated() {
      let shard = "\(stem)-\(padded(i + 1))-of-\(padded(groups.count)).safetensors"
      try writeShard(group, source, shard)
      paths.append(shard)
      for item in group {
        map[item.name] = .string(FileSystem.lastComponent(of: shard))
        total += StoredTensor.sizeInBytes(dtype: item.dtype, shape: item.shape) ?? 0
      }
    }
    let index: JSON = ["metadata": ["total_size": .integer(total)], "weight_map": .object(map)]
    try AtomicFile.write(index.serializedForReading(), to: path + ".index.json")
    return paths + [path + ".index.json"]
  }

  private func writeShard(_ items: [Item], _ source: WeightFile, _ path: String) throws(FormatError) {
    let plans = items.map { SafetensorsWriter.Plan(name: $0.name, dtype: $0.dtype, shape: $0.shape) }
    var byName: [String: Item] = [:]
    for item in items { byName[item.name] = item }
    var metadata: [String: String] = [:]
    if source.format == .safetensors { for (key, value) in source.metadata { metadata[key] = value } }
    var writer = try SafetensorsWriter(path: path, tensors: plans, metadata: metadata)
    for plan in writer.order { try writer.append(try tensor(byName[plan.name]!, source)) }
    try writer.finish()
  }

  /// The tensors in runs of at most the shard size; a larger one has a shard of its own.
  private func shards(_ items: [Item], _ source: WeightFile) throws(FormatError) -> [[Item]] {
    guard let shardSize else { return [items] }
    var groups: [[Item]] = [[]]
    var size = 0
    for item in items {
      let bytes = StoredTensor.sizeInBytes(dtype: item.dtype, shape: item.shape) ?? 0
      if !groups[groups.count - 1].isEmpty, bytes > shardSize - size {
        groups.append([])
        size = 0
      }
      groups[groups.count - 1].append(item)
      size += bytes
    }
    return groups
  }

  private func padded(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }
}
