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
  /// `MARTLET_CHECK=1`: compare every result with the reference interpreter.
  static let checksResults = variable("MARTLET_CHECK") == "1"

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Writes to standard error, which is nobody's data.
  static func print(_ text: String) {
    var text = text
    text.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
  }
}
