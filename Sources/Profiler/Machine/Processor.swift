#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import MartletKernels

/// What the system says about the processor and the memory.
package enum Processor {
  /// The name that the processor has for people; empty where the system does not tell.
  static let name: String = {
    #if canImport(Darwin)
      var bytes = [UInt8](repeating: 0, count: 256)
      var count = bytes.count
      guard sysctlbyname("machdep.cpu.brand_string", &bytes, &count, nil, 0) == 0 else { return "" }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    #else
      let text = line(of: "/proc/cpuinfo") { $0.hasPrefix("model name") } ?? ""
      return String(text.drop { $0 != ":" }.dropFirst().drop { $0 == " " }.prefix { !$0.isNewline })
    #endif
  }()

  /// Bytes of main memory; 0 where the system does not tell.
  static let memoryBytes = max(0, Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))))

  /// Bytes of this process in main memory; 0 where the system does not tell.
  package static var residentBytes: Int {
    // Asked again and again while steps are recorded: without strings.
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { bytes in
      guard let text = bytes.baseAddress, fgets(text, Int32(bytes.count), file) != nil else { return 0 }
      var rest: UnsafeMutablePointer<CChar>?
      // The size of the address space comes first.
      _ = strtol(text, &rest, 10)
      return strtol(rest ?? text, nil, 10) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
  }

  /// The most bytes that this process had in main memory since ``forgetPeak()``; 0 where the system does not tell.
  package static var peakResidentBytes: Int {
    let text = line(of: "/proc/self/status") { $0.hasPrefix("VmHWM:") }
    return (text?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }

  /// Begins to look for the peak of main memory anew.
  ///
  /// - Returns: Whether the system can do that.
  package static func forgetPeak() -> Bool {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return false }
    // 5 is the kernel's number for this.
    let isWritten = fputs("5", file) >= 0
    return fclose(file) == 0 && isWritten
  }

  /// The first line of a file for which a condition holds.
  private static func line(of path: String, where condition: (String) -> Bool) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [CChar](repeating: 0, count: 512)
    while fgets(&bytes, Int32(bytes.count), file) != nil {
      let text = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if condition(text) { return text }
    }
    return nil
  }

  /// Sizes of the data caches of levels 1 to 3, in bytes.
  static var cacheBytes: [Int] { (1...3).map { martlet_cache_bytes(Int32($0)) } }

  /// Everything by which measurements of one machine are told from those of another.
  static var identity: String {
    let caches = cacheBytes.map { "\($0 >> 10)" }.joined(separator: "/")
    let set = String(cString: martlet_isa_name(martlet_current_isa()))
    return "\(name.isEmpty ? "processor" : name), \(set), \(martlet_core_count()) processors, caches \(caches) KiB"
  }
}
