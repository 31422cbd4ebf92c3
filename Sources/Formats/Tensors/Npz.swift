import MartletGraph

/// A numpy npz archive open for reading: tensors by name, each decompressed when it is asked for.
public struct NpzFile: Sendable {
  private let zip: ZipFile

  /// Opens the archive at `path`.
  ///
  /// - Throws: `FormatError` if it is no zip archive, breaks one of the archive rules, or has other members than npy files.
  public init(path: String, limits: ZipLimits = ZipLimits()) throws(FormatError) {
    try self.init(zip: ZipFile(path: path, limits: limits))
  }

  /// Opens an archive that is in memory.
  public init(
    bytes: SharedBytes, file: String = "npz data", limits: ZipLimits = ZipLimits()
  ) throws(FormatError) {
    try self.init(zip: ZipFile(bytes: bytes, file: file, limits: limits))
  }

  private init(zip: ZipFile) throws(FormatError) {
    self.zip = zip
    for member in zip.members where !member.name.hasSuffix(".npy") {
      throw FormatError(.malformed, file: zip.file, "is not a npy file", tensor: member.name)
    }
  }

  /// The names of the tensors (without `.npy`), in the order of the archive.
  public var names: [String] { zip.members.map { String($0.name.dropLast(4)) } }

  /// The tensor called `name`.
  ///
  /// - Throws: `FormatError` of kind `missing` if there is none, others if the member is broken.
  public func tensor(_ name: String) throws(FormatError) -> StoredTensor {
    guard let member = zip[name + ".npy"] else {
      throw FormatError(.missing, file: zip.file, "is not in the file", tensor: name)
    }
    let file = zip.file
    let content = try zip.read(member) { (beginning) throws(FormatError) in
      try naming(name) { () throws(FormatError) in
        var reader = ByteReader(SharedBytes(beginning), file: file)
        _ = try NpyHeader(&reader).checkedSize(in: member.size - reader.offset, reader)
      }
    }
    return try naming(name) { () throws(FormatError) in try Npy.decode(content, file: file) }
  }

  /// Puts the member's name into errors; positions inside a member say nothing about the archive.
  private func naming<Result>(
    _ name: String, _ body: () throws(FormatError) -> Result
  ) throws(FormatError) -> Result {
    do {
      return try body()
    } catch { throw FormatError(error.kind, file: zip.file, "cannot be read: \(error.message)", tensor: name) }
  }

  /// The type and sizes of the tensor called `name`, and the bytes of its elements, from the start of its member alone.
  func header(_ name: String) throws(FormatError) -> (dtype: DType, dimensions: [Int], sizeInBytes: Int) {
    guard let member = zip[name + ".npy"] else {
      throw FormatError(.missing, file: zip.file, "is not in the file", tensor: name)
    }
    do throws(FormatError) {
      var reader = ByteReader(try zip.prefix(of: member, count: NpyHeader.maximumSize + 12), file: zip.file)
      let header = try NpyHeader(&reader)
      guard let size = StoredTensor.sizeInBytes(dtype: header.dtype, shape: header.dimensions),
        size == member.size - reader.offset
      else { throw FormatError(.malformed, file: zip.file, "its shape does not agree with its size") }
      return (header.dtype, header.dimensions, size)
    } catch {
      throw FormatError(error.kind, file: zip.file, "cannot be read: \(error.message)", tensor: name)
    }
  }

  /// All tensors by name.
  public func tensors() throws(FormatError) -> [String: StoredTensor] {
    var result: [String: StoredTensor] = [:]
    for name in names { result[name] = try tensor(name) }
    return result
  }
}

/// Writes numpy npz archives.
public enum Npz {
  /// Writes tensors, sorted by name.
  ///
  /// - Parameters:
  ///   - isCompressed: Whether to deflate them, as `numpy.savez_compressed` does.
  /// - Throws: `FormatError`; of kind `unsupported` if there is a `bfloat16` tensor.
  public static func write(
    _ tensors: [String: StoredTensor], to path: String, isCompressed: Bool = false
  ) throws(FormatError) {
    var writer = try ZipWriter(path: path)
    for name in tensors.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      try writer.append(name + ".npy", SharedBytes(Npy.encode(tensors[name]!)), isCompressed: isCompressed)
    }
    try writer.finish()
  }
}
