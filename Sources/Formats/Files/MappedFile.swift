import Synchronization

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

  /// The open file, for ``copy(_:to:)``; -1 for small files and when many are open.
  private let descriptor: Int32

  /// How many mappings hold their file open. Few may, because a process has only some thousand descriptors.
  private static let openCount = Atomic<Int>(0)
  private static let mostOpen = 64
  private static let leastOpenSize = 1 << 20

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

  private init(opened file: (value: Int32, size: Int), path: String) throws(FormatError) {
    var isKept = false
    defer { if !isKept { close(file.value) } }
    self.path = path
    mapping = try MappedFile.map(file.value, file.size, path)
    isKept = MappedFile.keepsOpen(file.size)
    descriptor = isKept ? file.value : -1
  }

  private static func map(_ descriptor: Int32, _ size: Int, _ path: String) throws(FormatError)
    -> UnsafeRawBufferPointer
  {
    guard size > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw FileSystem.failure("cannot map", path) }
    return UnsafeRawBufferPointer(start: address, count: size)
  }

  private static func keepsOpen(_ size: Int) -> Bool {
    guard size >= leastOpenSize else { return false }
    if openCount.add(1, ordering: .relaxed).newValue <= mostOpen { return true }
    openCount.subtract(1, ordering: .relaxed)
    return false
  }

  deinit {
    if let base = mapping.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), mapping.count) }
    guard descriptor >= 0 else { return }
    close(descriptor)
    MappedFile.openCount.subtract(1, ordering: .relaxed)
  }

  /// The size of the file in bytes.
  public var count: Int { mapping.count }

  /// All bytes of the file.
  public var bytes: SharedBytes { SharedBytes(mapping, keptAliveBy: self) }

  /// Copies the bytes of `range` to the start of `target`.
  ///
  /// Many bytes are read from the file, not from the mapping: each page of a fresh mapping costs a fault, and that takes
  /// as long as the copy (4.7 against 7.6 GB/s of processor time for 16 MiB pieces of a file in memory, 9.2 for a copy
  /// without a file; Linux 6.18, EPYC, 27 November 2026. `MADV_POPULATE_READ` was no faster than the faults).
  func copy(_ range: Range<Int>, to target: UnsafeMutableRawBufferPointer) {
    var filled = 0
    if descriptor >= 0, range.count >= 1 << 16 {
      while filled < range.count {
        let got = FileSystem.retrying {
          pread(descriptor, target.baseAddress! + filled, range.count - filled, off_t(range.lowerBound + filled))
        }
        guard got > 0 else { break }
        filled += got
      }
    }
    // What could not be read is in the mapping all the same.
    let rest = UnsafeRawBufferPointer(rebasing: mapping[(range.lowerBound + filled)..<range.upperBound])
    UnsafeMutableRawBufferPointer(rebasing: target[filled...]).copyMemory(from: rest)
  }
}
