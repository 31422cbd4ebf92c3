#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes that end where memory ends: reading past them stops the process.
final class GuardedBytes {
  private let bytes: UnsafeMutableRawBufferPointer
  private let start: UnsafeMutableRawPointer
  private let size: Int

  init(_ source: UnsafeRawBufferPointer) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let used = (source.count + page - 1) / page * page
    size = used + page
    start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(start != MAP_FAILED && mprotect(start + used, page, PROT_NONE) == 0)
    bytes = UnsafeMutableRawBufferPointer(start: start + used - source.count, count: source.count)
    bytes.copyMemory(from: source)
  }

  deinit { munmap(start, size) }

  var count: Int { bytes.count }

  subscript(offset: Int) -> UInt8 {
    get { bytes[offset] }
    set { bytes[offset] = newValue }
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(bytes))
  }

  /// The first `count` bytes, which end where memory ends again.
  func prefix(_ count: Int) -> GuardedBytes {
    withBytes { GuardedBytes(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }
}
