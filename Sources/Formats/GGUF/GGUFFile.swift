import MartletGraph

/// What a GGUF file says about one tensor.
public struct GGUFEntry: Sendable {
  /// The tensor's name.
  public let name: String
  /// How its elements are stored.
  public let type: GGUFTensorType
  /// The sizes of the dimensions, outermost first (the file has them the other way round).
  public let dimensions: [Int]
  /// Where the tensor's bytes are, counted from the start of the data.
  public let offsets: Range<Int>

  /// The shape.
  public var shape: Shape { Shape(dimensions) }
}

/// A GGUF file open for reading, the format of llama.cpp: metadata, names, types and shapes at once, elements as they
/// are asked for.
///
/// Opening reads and checks the header only; plain tensors share the mapped file, quantized ones are turned into
/// `float32` when they are asked for, with the very numbers that the Python package *gguf* gives.
///
/// Versions 2 and 3 are read, lowest byte first. Names and keys are unique, tensors lie inside the file and do not
/// overlap, arrays hold no arrays.
public struct GGUFFile: Sendable {
  /// What the header says about tensors, in its order.
  public let entries: [GGUFEntry]
  /// The metadata, in the order of the file.
  public let metadata: [(key: String, value: GGUFValue)]
  /// The version of the format.
  public let version: Int
  /// The multiple at which tensors begin.
  public let alignment: Int
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let data: SharedBytes
  private let indices: [String: Int]
  private let keys: [String: Int]

  /// Opens the file at `path`.
  ///
  /// - Throws: `FormatError` if it cannot be opened or breaks a rule of the format.
  public init(path: String) throws(FormatError) {
    try self.init(bytes: MappedFile(path: path).bytes, file: path)
  }

  /// Opens a file that is in memory.
  public init(bytes: SharedBytes, file: String = "GGUF data") throws(FormatError) {
    var header = GGUFHeader(bytes, file: file)
    try header.read()
    self.file = file
    (version, alignment) = (header.version, header.alignment)
    (entries, metadata) = (header.entries, header.metadata)
    (indices, keys) = (header.indices, header.keys)
    data = bytes[header.dataStart...]
  }

  /// Whether bytes begin like a GGUF file.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.count >= 4 && bytes[0..<4].array == Array("GGUF".utf8)
  }

  /// The names of all tensors, in the order of the header.
  public var names: [String] { entries.map(\.name) }

  /// What the header says about the tensor called `name`, or nil if there is none.
  public subscript(name: String) -> GGUFEntry? { indices[name].map { entries[$0] } }

  /// The value stored under `key` in the metadata, or nil if there is none.
  public func value(_ key: String) -> GGUFValue? { keys[key].map { metadata[$0].value } }

  /// The tensor called `name`: plain numbers as they are, quantized ones as `float32`.
  ///
  /// - Throws: `FormatError` of kind `missing` if there is none, `unsupported` if its type is not decoded here.
  public func tensor(_ name: String) throws(FormatError) -> StoredTensor {
    let entry = try entry(name)
    let bytes = data[entry.offsets]
    if let dtype = entry.type.dtype { return StoredTensor(dtype: dtype, shape: entry.shape, bytes: bytes) }
    guard let decoder = Dequantization.decoder(of: entry.type) else {
      throw FormatError(
        .unsupported, file: file, "is stored as \(entry.type), which is not decoded here", tensor: name)
    }
    return StoredTensor(dtype: .float32, shape: entry.shape, bytes: decoder.decode(bytes, entry.type))
  }

  /// The bytes of the tensor called `name` as they are in the file.
  public func bytes(_ name: String) throws(FormatError) -> SharedBytes { data[try entry(name).offsets] }

  private func entry(_ name: String) throws(FormatError) -> GGUFEntry {
    guard let entry = self[name] else { throw FormatError(.missing, file: file, "is not in the file", tensor: name) }
    return entry
  }
}
