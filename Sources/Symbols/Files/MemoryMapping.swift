#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A range of this process's memory that shows a part of a file.
struct MemoryMapping {
  var start: UInt64
  var end: UInt64
  /// Where in the file the range begins.
  var fileOffset: UInt64
  /// A path by which the file can be opened.
  var path: String

  /// All mappings of files, by address; none on systems that do not tell.
  ///
  /// A library that was replaced on disk is called `… (deleted)` there, so it is not found rather than mistaken for its
  /// successor; the program itself is always found.
  static func ofThisProcess() -> [MemoryMapping] {
    #if os(Linux) || os(Android)
      let program = target(ofLink: "/proc/self/exe")
      return contents(of: "/proc/self/maps").split(separator: UInt8(ascii: "\n")).compactMap { line in
        guard var mapping = MemoryMapping(line: line) else { return nil }
        if mapping.path == program { mapping.path = "/proc/self/exe" }
        return mapping
      }
    #else
      return []
    #endif
  }

  /// Reads `start-end rwxp offset device inode path`, numbers in hexadecimal.
  private init?(line: ArraySlice<UInt8>) {
    let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
    guard fields.count == 6, case let ends = fields[0].split(separator: UInt8(ascii: "-")), ends.count == 2,
      let start = UInt64(String(decoding: ends[0], as: UTF8.self), radix: 16),
      let end = UInt64(String(decoding: ends[1], as: UTF8.self), radix: 16),
      let offset = UInt64(String(decoding: fields[2], as: UTF8.self), radix: 16)
    else { return nil }
    let path = fields[5].drop { $0 == UInt8(ascii: " ") }
    guard path.first == UInt8(ascii: "/") else { return nil }
    (self.start, self.end, self.fileOffset) = (start, end, offset)
    self.path = String(decoding: path, as: UTF8.self)
  }

  #if os(Linux) || os(Android)
    /// Reads a file whose size the system does not know in advance.
    private static func contents(of path: String) -> [UInt8] {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return [] }
      defer { close(descriptor) }
      var result: [UInt8] = []
      var part = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = read(descriptor, &part, part.count), count > 0 { result += part[..<count] }
      return result
    }

    private static func target(ofLink path: String) -> String? {
      var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = bytes.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
      return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
  #endif
}
