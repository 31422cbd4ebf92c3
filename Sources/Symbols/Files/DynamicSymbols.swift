#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Names of functions from the dynamic linker, where there are no ELF files to read: without files and lines.
package enum DynamicSymbols {
  /// The file of functions of this package, and that of all others.
  package static let ownFile = "(Martlet)"
  package static let otherFile = "(program)"

  /// The functions that the instructions before return addresses are in, as far as the linker knows them.
  static func calls(at addresses: some Sequence<UInt>) -> [UInt: [CallSite]] {
    var demangler = Demangler()
    var result: [UInt: [CallSite]] = [:]
    for address in addresses {
      guard let name = name(at: address) else { continue }
      let file = isOwn(name) ? ownFile : otherFile
      result[address] = [CallSite(function: demangler.demangled(name), file: file, line: 0, column: 0)]
    }
    return result
  }

  /// The name that the linker has for the function around the instruction before a return address.
  package static func name(at address: UInt) -> String? {
    // Path of the file, where it is, name of the symbol, where that is; glibc's header hides the structure.
    var info = [UInt](repeating: 0, count: 4)
    guard let find, address > 0, find(address - 1, &info) != 0 else { return nil }
    return UnsafePointer<CChar>(bitPattern: info[2]).map { String(cString: $0) }
  }

  private typealias Find = @convention(c) (UInt, UnsafeMutablePointer<UInt>) -> Int32

  private static let find = dlsym(dlopen(nil, RTLD_NOW), "dladdr").map { unsafeBitCast($0, to: Find.self) }

  /// Whether a mangled name begins with a module of this package: `$s7Martlet…`, `$s12MartletGraph…`.
  package static func isOwn(_ name: String) -> Bool {
    let start = name.drop { $0 == "_" }
    guard start.hasPrefix("$s") else { return false }
    return start.dropFirst(2).drop(while: \.isNumber).hasPrefix("Martlet")
  }
}
