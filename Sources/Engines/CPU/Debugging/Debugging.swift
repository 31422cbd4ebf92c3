#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the environment asks of the engine, read once.
enum Debugging {
  /// `MARTLET_EXPLAIN=plan`: print every plan on standard error.
  static let explainsPlans = variable("MARTLET_EXPLAIN") == "plan"
  /// `MARTLET_CHECK=1` or `=0.01`: compare all results, or those of some runs, with the reference interpreter.
  static let resultCheck = ResultCheck.parsed(variable("MARTLET_CHECK"))
  /// `MARTLET_CACHE_MIB=512`: how much unused memory is kept for reuse, in units of 2²⁰ bytes; 4096 by default.
  static let cacheBudget = min(max(variable("MARTLET_CACHE_MIB").flatMap { Int($0) } ?? 4096, 0), 1 << 40) << 20

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Writes to standard error, which is nobody's data.
  static func print(_ text: String) {
    var text = text
    text.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
  }
}
