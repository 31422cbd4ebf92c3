import MartletFormats

/// The list of a checkpoint's files, written last: without it, or with a file that is not as listed, there is none.
struct CheckpointManifest: Equatable {
  struct File: Equatable {
    var name: String
    var size: Int
    var digest: String
  }

  var step: Int
  var files: [File]

  static let name = "manifest.json"
  static let version = 1
  /// A manifest is small; a larger file is none.
  private static let maximumSize = 1 << 16

  /// Lists files of a folder, read back from the disk.
  init(step: Int, of names: [String], in folder: String) throws {
    self.step = step
    files = try names.map { name in
      let bytes = try MappedFile(path: "\(folder)/\(name)").bytes
      return File(name: name, size: bytes.count, digest: SHA256.digest(bytes))
    }
  }

  /// Reads the manifest of a checkpoint.
  ///
  /// - Throws: ``CheckpointError`` unless it is byte for byte what `text` gives.
  init(folder: String) throws {
    let path = "\(folder)/\(CheckpointManifest.name)"
    guard let size = FileSystem.status(path)?.size else {
      throw CheckpointError(.damaged, folder, "has no \(CheckpointManifest.name), so it was never completed")
    }
    guard size <= CheckpointManifest.maximumSize else {
      throw CheckpointError(.damaged, path, "is too large (\(size) bytes)", offset: 0)
    }
    let bytes = try FileSystem.read(path)
    guard let found = CheckpointManifest(parsing: bytes, file: path) else {
      throw CheckpointError(.damaged, path, "does not match its own checksum", offset: 0)
    }
    self = found
  }

  private init?(parsing bytes: [UInt8], file: String) {
    guard let json = try? JSON(parsing: SharedBytes(bytes), file: file), let step = json["step"]?.intValue,
      let list = json["files"]?.arrayValue
    else { return nil }
    self.step = step
    files = []
    for entry in list {
      guard let name = entry["name"]?.stringValue, let size = entry["bytes"]?.intValue,
        let digest = entry["sha256"]?.stringValue
      else { return nil }
      files.append(File(name: name, size: size, digest: digest))
    }
    // The only accepted bytes are those that this content gives, so every changed bit shows.
    guard Array(text.utf8) == bytes else { return nil }
  }

  /// The content of the file; the last member is the digest of everything before.
  var text: String {
    let list = files.map { file -> JSON in
      ["name": .string(file.name), "bytes": .integer(file.size), "sha256": .string(file.digest)]
    }
    var json: JSON = ["version": .integer(CheckpointManifest.version), "step": .integer(step), "files": .array(list)]
    json["checksum"] = .string(SHA256.digest(SharedBytes(Array(json.serialized().utf8))))
    return json.serializedForReading()
  }

  /// Compares sizes, and contents too where asked, with the files that are there.
  func verify(folder: String, readingContents: Bool) throws {
    for file in files {
      let path = "\(folder)/\(file.name)"
      guard let size = FileSystem.status(path)?.size else { throw CheckpointError(.damaged, path, "is missing") }
      guard size == file.size else {
        throw CheckpointError(
          .damaged, path, "has \(size) bytes, was written with \(file.size)", offset: min(size, file.size))
      }
      if readingContents { try verify(SharedBytes(mapping: path), of: file, path) }
    }
  }

  /// Verifies bytes that are used afterwards, so that what was checked is what is loaded.
  func verifiedBytes(_ name: String, folder: String) throws -> SharedBytes {
    let path = "\(folder)/\(name)"
    guard let file = files.first(where: { $0.name == name }) else {
      throw CheckpointError(.damaged, folder, "has no \(name)")
    }
    guard FileSystem.status(path) != nil else { throw CheckpointError(.damaged, path, "is missing") }
    let bytes = try SharedBytes(mapping: path)
    guard bytes.count == file.size else {
      throw CheckpointError(
        .damaged, path, "has \(bytes.count) bytes, was written with \(file.size)", offset: min(bytes.count, file.size))
    }
    try verify(bytes, of: file, path)
    return bytes
  }

  private func verify(_ bytes: SharedBytes, of file: File, _ path: String) throws {
    guard SHA256.digest(bytes) == file.digest else {
      throw CheckpointError(.damaged, path, "is not as it was written: its checksum differs", offset: 0)
    }
  }
}

extension SharedBytes {
  fileprivate init(mapping path: String) throws { self = try MappedFile(path: path).bytes }
}
