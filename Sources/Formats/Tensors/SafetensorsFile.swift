import MartletGraph

/// A safetensors file open for reading: names, types and shapes at once, elements as they are asked for.
///
/// Opening reads and checks the header only; tensors share the mapped file.
///
/// - Note: The format is that of the library *safetensors*; its rules on offsets, header size and duplicate names are
///   enforced here too, and unknown fields are refused.
public struct SafetensorsFile: Sendable {
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let text: SharedBytes
  private let header: SafetensorsHeader
  private let data: SharedBytes

  /// Opens the file at `path`.
  ///
  /// - Throws: `FormatError` if it cannot be opened or breaks a rule of the format.
  public init(path: String) throws(FormatError) {
    try self.init(bytes: MappedFile(path: path).bytes, file: path)
  }

  /// Opens a file that is in memory.
  public init(bytes: SharedBytes, file: String = "safetensors data") throws(FormatError) {
    var reader = ByteReader(bytes, file: file)
    let stated = try reader.little(UInt64.self, "header length")
    guard stated <= UInt64(SafetensorsHeader.maximumSize) else {
      throw reader.error(.limit, "header of \(stated) bytes is larger than \(SafetensorsHeader.maximumSize)", at: 0)
    }
    let text = try reader.take(Int(stated), "header")
    let data = bytes[reader.offset...]
    header = try text.withSpan { (text) throws(FormatError) in
      try SafetensorsHeader(text, dataSize: data.count, file: file)
    }
    (self.file, self.text, self.data) = (file, text, data)
  }

  /// What the header says, in the order of the data.
  ///
  /// - Complexity: Reads the header again; keep the result if you need it twice.
  public var entries: [SafetensorsEntry] {
    text.withSpan { text in header.records.indices.map { header.entry($0, text) } }
  }

  /// The names of all tensors, in the order of the data.
  public var names: [String] {
    text.withSpan { text in header.records.map { JSONScanner.string($0.name, text) } }
  }

  /// The number of tensors.
  public var count: Int { header.records.count }

  /// The strings stored under `__metadata__`.
  public var metadata: [String: String] { text.withSpan { header.metadata($0) } }

  /// What the header says about the tensor called `name`, or nil if there is none.
  public subscript(name: String) -> SafetensorsEntry? {
    text.withSpan { text in header.index(of: name, text).map { header.entry($0, text) } }
  }

  /// The tensor called `name`; its bytes stay in the file until they are read.
  ///
  /// - Throws: `FormatError` of kind `missing` if there is none, `unsupported` if its type has no `DType`.
  /// - Note: A `bool` tensor may hold bytes other than 0 and 1; see `StoredTensor.normalized()`.
  public func tensor(_ name: String) throws(FormatError) -> StoredTensor {
    let entry = try entry(name)
    guard let dtype = entry.dtype else {
      throw FormatError(
        .unsupported, file: file, "has elements of type \(entry.typeName), which tensors do not have", tensor: name)
    }
    return StoredTensor(dtype: dtype, shape: Shape(entry.dimensions), bytes: data[entry.offsets])
  }

  /// The bytes of the tensor called `name`, whatever its type.
  public func bytes(_ name: String) throws(FormatError) -> SharedBytes { data[try entry(name).offsets] }

  private func entry(_ name: String) throws(FormatError) -> SafetensorsEntry {
    guard let entry = self[name] else { throw FormatError(.missing, file: file, "is not in the file", tensor: name) }
    return entry
  }
}
