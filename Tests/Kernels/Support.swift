import MartletKernels
import Testing

/// Suites that force an instruction set or a number of threads share one setting of the process, so all of
/// them are nested here and run one after the other.
@Suite(.serialized) struct KernelTests {}

/// The instruction sets this machine has kernels for.
let availableISAs = [MARTLET_ISA_SCALAR, MARTLET_ISA_NEON, MARTLET_ISA_AVX2, MARTLET_ISA_AVX512].filter {
  martlet_has_isa($0)
}

/// Runs `body` with one instruction set, then goes back to the machine's own.
func withISA<Result>(_ isa: martlet_isa, _ body: () throws -> Result) rethrows -> Result {
  let before = martlet_current_isa()
  martlet_set_isa(isa)
  defer { martlet_set_isa(before) }
  return try body()
}

/// Runs `body` with a number of threads, then goes back to the default.
func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
  martlet_pool_set_threads(count)
  defer { martlet_pool_set_threads(0) }
  return try body()
}

/// A small generator, so that a failure can be repeated.
struct Numbers {
  var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func bits() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func int(in range: ClosedRange<Int>) -> Int { range.lowerBound + Int(bits() >> 33) % range.count }

  /// Values between -0.5 and 0.5.
  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(bits() >> 40) / Float(1 << 24) - 0.5 }
  }
}

/// The largest difference, relative for numbers above 1; infinite where one is not a number.
func distance(_ found: [Float], _ expected: [Double]) -> Double {
  zip(found, expected).reduce(found.count == expected.count ? 0 : .infinity) { worst, pair in
    let difference = abs(Double(pair.0) - pair.1) / (1 + abs(pair.1))
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

extension martlet_isa: @retroactive CustomTestStringConvertible {
  public var testDescription: String { String(cString: martlet_isa_name(self)) }
}
