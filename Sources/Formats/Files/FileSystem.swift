#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The few operations on files and folders that readers, writers and stores need.
///
/// All of them throw `FormatError` of kind `system` with the path and the operating system's reason.
package enum FileSystem {
  /// An error about `path` from the current value of `errno`.
  package static func failure(_ action: String, _ path: String) -> FormatError {
    failure(action, path, code: errno)
  }

  package static func failure(_ action: String, _ path: String, code: Int32) -> FormatError {
    var reason = [CChar](repeating: 0, count: 256)
    _ = strerror_r(code, &reason, reason.count)
    let text = reason.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    return FormatError(.system, file: path, "\(action): \(text.isEmpty ? "error \(code)" : text)")
  }

  /// Repeats a system call for as long as a signal interrupts it.
  package static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }

  /// Opens a regular file for reading and says how large it is; the caller closes the descriptor.
  static func openForReading(_ path: String) throws(FormatError) -> (value: Int32, size: Int) {
    guard !path.utf8.contains(0) else { throw FormatError(.system, file: path, "the path contains a zero byte") }
    // Non-blocking, because opening a pipe that nobody writes to would otherwise wait for ever.
    let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw failure("cannot open", path) }
    return try regularFile(descriptor, path)
  }

  /// The size of what `descriptor` has open, which it closes if that is no regular file.
  static func regularFile(_ descriptor: Int32, _ path: String) throws(FormatError) -> (value: Int32, size: Int) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = failure("cannot examine", path)
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FormatError(.system, file: path, "is not a regular file")
    }
    return (descriptor, Int(status.st_size))
  }

  /// The whole content of a file, read into memory of its own.
  package static func read(_ path: String) throws(FormatError) -> [UInt8] {
    let descriptor = try openForReading(path)
    defer { close(descriptor.value) }
    var bytes = [UInt8](repeating: 0, count: descriptor.size)
    var filled = 0
    while filled < bytes.count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        retrying { Platform.read(descriptor.value, buffer.baseAddress! + filled, buffer.count - filled) }
      }
      guard got >= 0 else { throw failure("cannot read", path) }
      if got == 0 { throw FormatError(.truncated, file: path, "became shorter while it was read", offset: filled) }
      filled += got
    }
    return bytes
  }
}

extension FileSystem {
  /// The kind and size of what `path` names, links followed; nil when there is nothing.
  package static func status(_ path: String) -> (isDirectory: Bool, size: Int)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (status.st_mode & S_IFMT == S_IFDIR, Int(status.st_size))
  }

  /// Creates a folder, and those above it that are missing; an existing folder is fine.
  package static func createDirectory(_ path: String) throws(FormatError) {
    if mkdir(path, 0o777) == 0 { return }
    let code = errno
    if code == EEXIST, status(path)?.isDirectory == true { return }
    let parent = directory(of: path)
    guard code == ENOENT, parent != path else { throw failure("cannot create folder", path, code: code) }
    try createDirectory(parent)
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure("cannot create folder", path) }
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`.
  package static func contents(of path: String) throws(FormatError) -> [String] {
    guard let stream = opendir(path) else { throw failure("cannot list", path) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw failure("cannot list", path) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Removes a file or a link (not what it points to).
  package static func removeFile(_ path: String) throws(FormatError) {
    guard unlink(path) == 0 else { throw failure("cannot remove", path) }
  }

  /// Removes a folder and all that is in it; links inside are removed, never followed.
  package static func removeTree(_ path: String) throws(FormatError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw failure("cannot remove", path) }
    guard status.st_mode & S_IFMT == S_IFDIR else { return try removeFile(path) }
    for name in try contents(of: path) { try removeTree(path + "/" + name) }
    guard rmdir(path) == 0 else { throw failure("cannot remove", path) }
  }

  /// Gives a file or folder another name in the same file system, replacing a file of that name.
  package static func rename(_ source: String, to destination: String) throws(FormatError) {
    guard Platform.rename(source, destination) == 0 else { throw failure("cannot rename to \(destination)", source) }
  }

  /// A new folder with an unused name that begins with `prefix`, for temporary files.
  package static func createTemporaryDirectory(prefix: String = "martlet-") throws(FormatError) -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((parent + "/" + prefix + "XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw failure("cannot create a temporary folder", parent) }
    return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  /// Bytes that an ordinary user can still write to the file system of `path`.
  package static func freeBytes(at path: String) throws(FormatError) -> Int {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw failure("cannot examine", path) }
    let (bytes, overflow) = Int(clamping: status.f_bavail)
      .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? Int.max : bytes
  }

  /// Makes names in a folder (new, renamed, removed files) survive a power failure.
  package static func synchronizeDirectory(_ path: String) throws(FormatError) {
    let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY) }
    guard descriptor >= 0 else { throw failure("cannot open folder", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("cannot synchronize folder", path) }
  }

  /// The folder part of a path: `a/b` of `a/b/c`, `.` of `c`, `/` of `/c`.
  package static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path: `c` of `a/b/c`.
  package static func lastComponent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }
}

/// The C functions whose names are also names of methods here.
enum Platform {
  static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, buffer, count)
    #elseif canImport(Musl)
      Musl.read(descriptor, buffer, count)
    #else
      Darwin.read(descriptor, buffer, count)
    #endif
  }

  static func write(_ descriptor: Int32, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, buffer, count)
    #elseif canImport(Musl)
      Musl.write(descriptor, buffer, count)
    #else
      Darwin.write(descriptor, buffer, count)
    #endif
  }

  static func rename(_ source: String, _ destination: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.rename(source, destination)
    #elseif canImport(Musl)
      Musl.rename(source, destination)
    #else
      Darwin.rename(source, destination)
    #endif
  }
}
