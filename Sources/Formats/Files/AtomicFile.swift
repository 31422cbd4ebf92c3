#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that appears under its name complete or not at all.
///
/// Bytes go to a temporary file in the same folder; `commit()` puts them on the disk, gives the file its name and makes
/// the name durable. Without `commit()` the temporary file is removed and an older file of that name stays as it was.
public struct AtomicFile: ~Copyable {
  /// The path that the file will have.
  public let path: String

  /// Bytes written so far.
  public private(set) var count = 0

  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []

  private static let bufferSize = 1 << 18

  /// Starts a file that will be called `path`.
  ///
  /// - Throws: `FormatError` of kind `system` if nothing can be created in its folder.
  public init(path: String) throws(FormatError) {
    guard !path.utf8.contains(0) else { throw FormatError(.system, file: path, "the path contains a zero byte") }
    let folder = FileSystem.directory(of: path)
    let nonce = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    let name = ".\(FileSystem.lastComponent(of: path)).tmp-\(getpid())-\(nonce)"
    let temporaryPath = path.contains("/") ? "\(folder == "/" ? "" : folder)/\(name)" : name
    let descriptor = FileSystem.retrying { open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw FileSystem.failure("cannot create", path) }
    self.path = path
    self.temporaryPath = temporaryPath
    self.descriptor = descriptor
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  /// Appends bytes.
  ///
  /// - Throws: `FormatError` of kind `system`, for instance when the disk is full.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    count += bytes.count
    if buffer.count + bytes.count <= AtomicFile.bufferSize {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    if bytes.count < AtomicFile.bufferSize {
      buffer.append(contentsOf: bytes)
    } else {
      try writeThrough(bytes)
    }
  }

  /// Appends the bytes of an array.
  public mutating func write(_ bytes: [UInt8]) throws(FormatError) {
    try write(SharedBytes(bytes))
  }

  /// Appends shared bytes.
  public mutating func write(_ bytes: SharedBytes) throws(FormatError) {
    try AtomicFile.append(bytes, to: &self)
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Throws: `FormatError` of kind `system`; the file then does not exist under its name (or the older one does), except
  ///   when only the last step, making the name durable, failed.
  public consuming func commit() throws(FormatError) {
    try flush()
    // A failed fsync is never tried again on the same file: the page it could not write may be gone already.
    guard fsync(descriptor) == 0 else { throw FileSystem.failure("cannot synchronize", path) }
    let closing = descriptor
    descriptor = -1
    guard close(closing) == 0 else { throw abandoned(FileSystem.failure("cannot close", path)) }
    guard Platform.rename(temporaryPath, path) == 0 else {
      throw abandoned(FileSystem.failure("cannot put in place", path))
    }
    try FileSystem.synchronizeDirectory(FileSystem.directory(of: path))
  }

  private func abandoned(_ error: FormatError) -> FormatError {
    unlink(temporaryPath)
    return error
  }

  private mutating func flush() throws(FormatError) {
    let pending = buffer
    buffer.removeAll(keepingCapacity: false)
    let path = path
    let descriptor = descriptor
    try pending.withUnsafeBufferPointer { (bytes) throws(FormatError) in
      try AtomicFile.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor, path: path)
    }
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    try AtomicFile.writeAll(bytes, to: descriptor, path: path)
  }

  private static func append(_ bytes: SharedBytes, to file: inout AtomicFile) throws(FormatError) {
    try bytes.withUnsafeBytes { (buffer) throws(FormatError) in try file.write(buffer) }
  }

  private static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
  ) throws(FormatError) {
    var done = 0
    while done < bytes.count {
      // One call writes at most 2 GiB on Linux; less may also be written for reasons of the file system's own.
      let written = FileSystem.retrying {
        Platform.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
      }
      guard written > 0 else { throw FileSystem.failure("cannot write", path) }
      done += written
    }
  }
}

extension AtomicFile {
  /// Writes a whole file at once.
  public static func write(_ bytes: [UInt8], to path: String) throws(FormatError) {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }

  /// Writes a text as UTF-8 at once.
  public static func write(_ text: String, to path: String) throws(FormatError) {
    try write(Array(text.utf8), to: path)
  }
}
