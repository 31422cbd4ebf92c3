import Testing

import MartletProfiling

@Suite struct UnitsTests {
  /// Counts that were published with tfprof's examples, next to the texts it printed for them.
  @Test(arguments: [
    (451, "451"), (464_154, "464.15k"), (930_581, "930.58k"), (113_246_208, "113.25m"), (603_979_776, "603.98m"),
    (163_840, "163.84k"), (17_629_152_512, "17.63b"), (2_844, "2.84k"), (0, "0"), (999, "999"), (1000, "1.00k"),
  ])
  func `counts read as tfprof printed them`(value: Int, text: String) { #expect(Units.count(Double(value)) == text) }

  @Test func `times and sizes take decimal units`() {
    #expect(Units.time(nanoseconds: 17_000) == "17us")
    #expect(Units.time(nanoseconds: 250) == "0.25us")
    #expect(Units.time(nanoseconds: 1_500_000) == "1.50ms")
    #expect(Units.time(nanoseconds: 1_370_000_000) == "1.37sec")
    #expect(Units.bytes(999) == "999B" && Units.bytes(1000) == "1.00KB" && Units.bytes(3_640_000_000) == "3640.00MB")
  }

  @Test func `numbers are rounded, not cut, and keep their sign`() {
    #expect(Units.fixed(0.005) == "0.01" && Units.fixed(-1.239) == "-1.24" && Units.fixed(-0.001) == "0.00")
    #expect(Units.fixed(.infinity) == "inf" && Units.fixed(.nan) == "nan" && Units.fixed(2.5, 0) == "3")
  }
}
