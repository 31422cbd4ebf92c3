#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Turns names for linkers into those that people write.
struct Demangler {
  private typealias Function =
    @convention(c) (UnsafePointer<CChar>, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?) ->
    UnsafeMutablePointer<CChar>?

  /// What the Swift runtime writes into its backtraces: names without modules and types of results.
  private let function: Function?
  private var known: [String: String] = [:]

  init() {
    let program = dlopen(nil, RTLD_NOW)
    function = dlsym(program, "_swift_backtrace_demangle").map { unsafeBitCast($0, to: Function.self) }
  }

  /// A name as it is printed; names of C functions, and all of them without the runtime's help, as they are.
  mutating func demangled(_ name: String) -> String {
    guard let function, name.hasPrefix("$") || name.hasPrefix("_") else { return name }
    if let result = known[name] { return result }
    guard let text = function(name, name.utf8.count, nil, nil) else { return name }
    defer { free(text) }
    let result = String(cString: text)
    known[name] = result
    return result
  }
}
