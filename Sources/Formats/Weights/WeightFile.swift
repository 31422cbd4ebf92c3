import MartletGraph

/// What a file of weights says about one tensor.
public struct WeightEntry: Sendable, Hashable {
  /// The tensor's name.
  public let name: String
  /// The element type as the file's own format calls it: `F32`, `Q4_K`, `bfloat16`.
  public let typeName: String
  /// The type of the tensor that reading gives; nil if it cannot be read as one.
  public let dtype: DType?
  /// The sizes of the dimensions, outermost first.
  public let dimensions: [Int]
  /// The bytes that the elements take in the file.
  public let sizeInBytes: Int

  package init(name: String, typeName: String, dtype: DType?, dimensions: [Int], sizeInBytes: Int) {
    (self.name, self.typeName, self.dtype) = (name, typeName, dtype)
    (self.dimensions, self.sizeInBytes) = (dimensions, sizeInBytes)
  }
}

/// A file of weights in any format, open for reading: names, types and shapes at once, elements as they are asked for.
///
/// The format is found from the first bytes, never from the name alone. An index opens all of its shards, and so does the
/// first part of a GGUF file that was split.
public struct WeightFile: Sendable {
  /// The format.
  public let format: WeightFormat
  /// What the file says about its tensors, in its order.
  public let entries: [WeightEntry]
  /// What the file says besides, as texts.
  public let metadata: [(key: String, value: String)]
  /// The path.
  public let file: String

  private let source: Source
  private let indices: [String: Int]

  enum Source: Sendable {
    case safetensors(SafetensorsFile)
    case gguf(GGUFFile)
    case torch(TorchFile)
    case npz(NpzFile)
    case npy(StoredTensor)
    case shards([WeightFile], places: [String: Int])
  }

  /// Opens the file at `path`.
  ///
  /// - Throws: `FormatError`; of kind `unsupported` if it is of no known format.
  public init(path: String) throws(FormatError) { try self.init(path: path, allowsIndex: true) }

  /// Opens a file that may not be an index, as a shard may not: an index could name itself.
  init(path: String, allowsIndex: Bool) throws(FormatError) {
    let bytes = try MappedFile(path: path).bytes
    guard let format = WeightFormat.recognized(bytes, path: path) else {
      throw FormatError(.unsupported, file: path, "is no safetensors, GGUF, PyTorch, npz or npy file and no index")
    }
    guard allowsIndex || format != .index else {
      throw FormatError(.malformed, file: path, "is an index, named as a shard by another")
    }
    let opened: (entries: [WeightEntry], metadata: [(key: String, value: String)], source: Source)
    switch format {
    case .safetensors: opened = WeightFile.open(try SafetensorsFile(bytes: bytes, file: path))
    case .gguf: opened = try WeightFile.open(try GGUFFile(bytes: bytes, file: path))
    case .torch: opened = WeightFile.open(try TorchFile(bytes: bytes, file: path))
    case .npz: opened = try WeightFile.open(try NpzFile(bytes: bytes, file: path))
    case .npy: opened = WeightFile.open(try Npy.decode(bytes, file: path), path)
    case .index: opened = try WeightIndex.open(bytes, path)
    }
    try self.init(format, opened, path)
  }

  private init(
    _ format: WeightFormat,
    _ opened: (entries: [WeightEntry], metadata: [(key: String, value: String)], source: Source),
    _ path: String
  ) throws(FormatError) {
    self.format = format
    file = path
    (entries, metadata, source) = opened
    var indices: [String: Int] = [:]
    indices.reserveCapacity(entries.count)
    for (i, entry) in entries.enumerated() {
      guard indices.updateValue(i, forKey: entry.name) == nil else {
        throw FormatError(.duplicate, file: path, "is in the file twice", tensor: entry.name)
      }
    }
    self.indices = indices
  }

  /// The names of all tensors, in the order of the file.
  public var names: [String] { entries.map(\.name) }

  /// What the file says about the tensor called `name`, or nil if there is none.
  public subscript(name: String) -> WeightEntry? { indices[name].map { entries[$0] } }

  /// The tensor called `name`; quantized ones become `float32`.
  ///
  /// - Throws: `FormatError` of kind `missing` if there is none, `unsupported` if its type is not read here.
  public func tensor(_ name: String) throws(FormatError) -> StoredTensor {
    switch source {
    case .safetensors(let file): return try file.tensor(name).normalized()
    case .gguf(let file): return try file.tensor(name)
    case .torch(let file): return try file.tensor(name).normalized()
    case .npz(let file): return try file.tensor(name)
    case .npy(let tensor):
      guard self[name] != nil else { throw FormatError(.missing, file: file, "is not in the file", tensor: name) }
      return tensor
    case .shards(let shards, let places):
      guard let place = places[name] else {
        throw FormatError(.missing, file: file, "is not in the file", tensor: name)
      }
      return try shards[place].tensor(name)
    }
  }

  /// All tensors by name.
  public func tensors() throws(FormatError) -> [String: StoredTensor] {
    var result: [String: StoredTensor] = [:]
    for name in names { result[name] = try tensor(name) }
    return result
  }

  /// The GGUF file itself, if it is one, for its typed metadata.
  public var gguf: GGUFFile? {
    switch source {
    case .gguf(let file): file
    case .shards(let shards, _): shards.first?.gguf
    default: nil
    }
  }
}

extension WeightFile {
  typealias Opened = (entries: [WeightEntry], metadata: [(key: String, value: String)], source: Source)

  private static func open(_ file: SafetensorsFile) -> Opened {
    let entries = file.entries.map {
      WeightEntry(
        name: $0.name, typeName: $0.typeName, dtype: $0.dtype, dimensions: $0.dimensions, sizeInBytes: $0.offsets.count)
    }
    let metadata = file.metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    return (entries, metadata.map { ($0.key, $0.value) }, .safetensors(file))
  }

  private static func open(_ file: GGUFFile) throws(FormatError) -> Opened {
    if let count = file.value("split.count")?.intValue, count > 1 { return try GGUFParts.open(file, count: count) }
    let entries = file.entries.map {
      WeightEntry(
        name: $0.name, typeName: $0.type.description,
        dtype: $0.type.dtype ?? (Dequantization.decoder(of: $0.type) == nil ? nil : .float32),
        dimensions: $0.dimensions, sizeInBytes: $0.offsets.count)
    }
    return (entries, file.metadata.map { ($0.key, $0.value.description) }, .gguf(file))
  }

  /// One part of a split file by itself.
  static func part(_ file: GGUFFile) throws(FormatError) -> WeightFile {
    let entries = file.entries.map {
      WeightEntry(
        name: $0.name, typeName: $0.type.description,
        dtype: $0.type.dtype ?? (Dequantization.decoder(of: $0.type) == nil ? nil : .float32),
        dimensions: $0.dimensions, sizeInBytes: $0.offsets.count)
    }
    return try WeightFile(.gguf, (entries, [], .gguf(file)), file.file)
  }

  private static func open(_ file: TorchFile) -> Opened {
    let entries = file.entries.map { entry in
      // Sizes were checked against the storage when the file was opened.
      let count = entry.dimensions.reduce(1, *)
      return WeightEntry(
        name: entry.name, typeName: entry.typeName, dtype: entry.dtype, dimensions: entry.dimensions,
        sizeInBytes: count * entry.elementSize)
    }
    return (entries, file.values, .torch(file))
  }

  private static func open(_ file: NpzFile) throws(FormatError) -> Opened {
    let entries = try file.names.map { (name) throws(FormatError) in
      let (dtype, dimensions, size) = try file.header(name)
      return WeightEntry(
        name: name, typeName: dtype.description, dtype: dtype, dimensions: dimensions, sizeInBytes: size)
    }
    return (entries, [], .npz(file))
  }

  private static func open(_ tensor: StoredTensor, _ path: String) -> Opened {
    let name = FileSystem.lastComponent(of: path)
    let entry = WeightEntry(
      name: name.hasSuffix(".npy") ? String(name.dropLast(4)) : name, typeName: tensor.dtype.description,
      dtype: tensor.dtype, dimensions: Array(tensor.shape), sizeInBytes: tensor.bytes.count)
    return ([entry], [], .npy(tensor))
  }
}

extension GGUFValue: CustomStringConvertible {
  /// The value for people: numbers and texts as they are, arrays by type and length.
  public var description: String {
    switch self {
    case .string(let value): value
    case .bool(let value): value ? "true" : "false"
    case .float32(let value): value.description
    case .float64(let value): value.description
    case .uint64(let value): value.description
    case .array(let array): "\(array.elementType) × \(array.count)"
    default: intValue.map(String.init) ?? ""
    }
  }
}
