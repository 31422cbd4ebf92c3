import MartletSymbols
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct DynamicSymbolTests {
  @Test func `the linker names functions of libraries, and nothing elsewhere`() throws {
    let address = try #require(dlsym(dlopen(nil, RTLD_NOW), "qsort"))
    #expect(DynamicSymbols.name(at: UInt(bitPattern: address) + 4)?.contains("qsort") == true)
    #expect(DynamicSymbols.name(at: 0) == nil)
    #expect(DynamicSymbols.name(at: 17) == nil)
  }

  @Test(arguments: [
    ("$s7Martlet5DenseVyAA6TensorVAFcfg", true), ("_$s12MartletGraph3foo", true), ("$s4main3NetV", false),
    ("qsort", false), ("", false), ("$s", false),
  ])
  func `functions of this package are told from others`(name: String, isOwn: Bool) {
    #expect(DynamicSymbols.isOwn(name) == isOwn)
  }
}
