// A coverage-guided fuzzing target for every parser; see run.sh. MARTLET_FUZZ says which one.

import Glibc

private let parser: FuzzParser = {
  let name = getenv("MARTLET_FUZZ").map { String(cString: $0) } ?? ""
  guard let parser = FuzzParser(rawValue: name) else {
    print("MARTLET_FUZZ names no parser: \(name)")
    exit(2)
  }
  return parser
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  _ = try? parser.read([UInt8](UnsafeBufferPointer(start: data, count: count)))
  return 0
}
