#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sizes of memory blocks: four to each power of two, so that at most a quarter of a block is unused.
enum SizeClass {
  /// Powers of two from 2⁶ to 2⁴⁷, which is all that a process can address.
  static let count = 42 * 4

  /// The class of the smallest block that holds `byteCount` bytes.
  static func index(of byteCount: Int) -> Int {
    let bytes = max(byteCount, 64)
    let power = Int.bitWidth - 1 - bytes.leadingZeroBitCount
    let quarter = 1 << (power - 2)
    let step = (bytes - (1 << power) + quarter - 1) / quarter
    return min((power - 6) * 4 + step, count - 1)
  }

  /// The bytes of a block of a class; a multiple of 16, and of 64 from 256 on.
  static func size(_ index: Int) -> Int {
    let power = index / 4 + 6
    return (1 << power) + (index % 4) << (power - 2)
  }

  /// Blocks of this size and more get pages of their own, huge ones where the system has them.
  private static let mappedBytes = 1 << 20

  /// Memory from the system, aligned to 64; nil when there is none.
  static func acquire(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= mappedBytes else {
      var block: UnsafeMutableRawPointer?
      return posix_memalign(&block, 64, size) == 0 ? block : nil
    }
    #if os(Linux)
      let flags = MAP_PRIVATE | MAP_ANONYMOUS
    #else
      let flags = MAP_PRIVATE | MAP_ANON
    #endif
    let block = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let block, block != MAP_FAILED else { return nil }
    #if os(Linux)
      // 14 = MADV_HUGEPAGE: one fault for 2 MiB instead of 512; a hint, so its failure does not matter.
      _ = madvise(block, size, 14)
    #endif
    return block
  }

  /// Gives memory from ``acquire(_:)`` back to the system.
  static func release(_ block: UInt, _ size: Int) {
    guard let pointer = UnsafeMutableRawPointer(bitPattern: block) else { return }
    if size >= mappedBytes {
      munmap(pointer, size)
    } else {
      free(pointer)
    }
  }
}
