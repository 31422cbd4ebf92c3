public import MartletFormats
import MartletKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long one operator of everyday use takes on inputs of one size, as a user calls it.
///
/// `Benchmarks/operators.py` times the same rows in PyTorch, by turns.
public struct OperatorBenchmark: Sendable {
  /// The operator and the size, such as `matmul 256`.
  public let row: String
  /// The median and the shortest call, in milliseconds.
  public let milliseconds, bestMilliseconds: Double
  /// Processor time of all threads for one call, in milliseconds.
  public let processorMilliseconds: Double
  /// Timed calls.
  public let calls: Int
  /// Threads the kernels used.
  public let threads: Int

  /// The rows: each operator at three sizes.
  public static let rows: [String] = table.flatMap { operation in
    operation.sizes.map { operation.row($0) }
  }

  /// Times a row.
  ///
  /// - Parameter seconds: About how long to go on calling.
  /// - Returns: nil if there is no such row.
  /// - Throws: An `ExecutionError` if memory runs out.
  public static func run(_ row: String, seconds: Double = 0.2) throws -> OperatorBenchmark? {
    for operation in table {
      for size in operation.sizes where operation.row(size) == row {
        return try run(row, operation.make(size), seconds)
      }
    }
    return nil
  }

  static func run(
    _ row: String, _ call: () throws -> Void, _ seconds: Double
  ) throws -> OperatorBenchmark {
    let clock = ContinuousClock()
    for _ in 0..<2 { try call() }
    let estimate = try clock.measure { try call() }.inSeconds
    let count = min(max(Int(seconds / max(estimate, 1e-7)), 5), 2000)
    var times: [Double] = []
    let before = processorSeconds()
    for _ in 0..<count { times.append(try clock.measure { try call() }.inSeconds * 1e3) }
    let processor = (processorSeconds() - before) * 1e3 / Double(count)
    return OperatorBenchmark(
      row: row, milliseconds: median(times), bestMilliseconds: times.min()!, processorMilliseconds: processor,
      calls: count, threads: martlet_pool_threads())
  }

  /// One object with the keys that the script for PyTorch prints.
  public var json: JSON {
    [
      "framework": "martlet", "row": .string(row), "ms": .rounded(milliseconds, 6),
      "best_ms": .rounded(bestMilliseconds, 6), "cpu_ms": .rounded(processorMilliseconds, 6),
      "calls": .integer(calls), "threads": .integer(threads),
    ]
  }
}

extension OperatorBenchmark: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    func rounded(_ value: Double) -> String { "\((value * 10_000).rounded() / 10_000)" }
    let name = row + String(repeating: " ", count: max(1, 30 - row.count))
    return "\(name)\(rounded(milliseconds)) ms (best \(rounded(bestMilliseconds)), "
      + "processor \(rounded(processorMilliseconds))), \(calls) calls, \(threads) threads"
  }
}

/// An operator, and how to call it on inputs of some size.
struct Operator: Sendable {
  let name: String
  let sizes: [[Int]]
  /// Draws the inputs, once, and gives what is timed.
  let make: @Sendable ([Int]) throws -> () throws -> Void

  init(_ name: String, _ sizes: [[Int]], _ make: @escaping @Sendable ([Int]) throws -> () throws -> Void) {
    (self.name, self.sizes, self.make) = (name, sizes, make)
  }

  func row(_ size: [Int]) -> String { "\(name) \(size.map(String.init).joined(separator: "x"))" }
}

/// The processor time of this process so far.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
