#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file mapped into memory for reading.
///
/// Pages come in as they are touched, so opening costs the same for a kilobyte and for a hundred gigabytes. The
/// mapping lives as long as this object or any `SharedBytes` cut from it.
///
/// - Note: A file that another program shortens while it is mapped cannot be read safely by anybody: touching the lost
///   part ends the process (`SIGBUS`). Writers should replace files by renaming, as `AtomicFile` does.
public final class MappedFile: @unchecked Sendable {
  // Unchecked because of the pointer: the mapping is read-only and unmapped by the last owner alone.
  private let mapping: UnsafeRawBufferPointer

  /// The path as it was given.
  public let path: String

  /// Maps the file at `path`.
  ///
  /// - Throws: `FormatError` of kind `system` if it cannot be opened or is not a regular file.
  public convenience init(path: String) throws(FormatError) {
    try self.init(opened: FileSystem.openForReading(path), path: path)
  }

  /// Maps what `descriptor` has open, and closes it.
  convenience init(opened descriptor: Int32, path: String) throws(FormatError) {
    try self.init(opened: FileSystem.regularFile(descriptor, path), path: path)
  }

  private init(opened descriptor: (value: Int32, size: Int), path: String) throws(FormatError) {
    defer { close(descriptor.value) }
    self.path = path
    guard descriptor.size > 0 else {
      mapping = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, descriptor.size, PROT_READ, MAP_PRIVATE, descriptor.value, 0)
    guard let address, address != MAP_FAILED else { throw FileSystem.failure("cannot map", path) }
    mapping = UnsafeRawBufferPointer(start: address, count: descriptor.size)
  }

  deinit {
    if let base = mapping.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), mapping.count) }
  }

  /// The size of the file in bytes.
  public var count: Int { mapping.count }

  /// All bytes of the file.
  public var bytes: SharedBytes { SharedBytes(mapping, keptAliveBy: self) }
}
