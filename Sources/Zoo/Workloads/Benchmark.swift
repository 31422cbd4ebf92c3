public import MartletFormats
import MartletKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long a workload takes.
public struct Benchmark: Sendable {
  /// The workload's name.
  public let workload: String
  /// The median and the shortest step, in milliseconds.
  public let milliseconds, bestMilliseconds: Double
  /// Items a second, by the median step.
  public let itemsPerSecond: Double
  /// Seconds of the first step, which plans the program.
  public let firstSeconds: Double
  /// Seconds to build the model and draw the inputs.
  public let setupSeconds: Double
  /// The most memory the process has held, in MB (2²⁰ bytes).
  public let residentMegabytes: Int
  /// The last loss, where there is one.
  public let loss: Double?
  /// Threads the kernels used.
  public let threads: Int

  /// Times a workload.
  ///
  /// - Parameters:
  ///   - steps: Timed steps, after `warmupSteps` that are not.
  ///   - timeLimit: No further step begins after this long, once there are three.
  /// - Returns: nil if there is no workload of that name.
  public static func run(
    _ workload: String, steps: Int = 20, warmupSteps: Int = 3, timeLimit: Duration = .seconds(20)
  ) throws -> Benchmark? {
    let clock = ContinuousClock()
    let start = clock.now
    guard var work = try Workloads.make(workload) else { return nil }
    let setup = clock.now - start
    var loss: Double?
    let first = try clock.measure { loss = try work.step() }
    for _ in 1..<max(warmupSteps, 1) { loss = try work.step() }
    var times: [Duration] = []
    let begin = clock.now
    while times.count < max(steps, 1), times.count < 3 || clock.now - begin < timeLimit {
      times.append(try clock.measure { loss = try work.step() })
    }
    times.sort()
    let median = (times[times.count / 2] + times[(times.count - 1) / 2]) / 2
    return Benchmark(
      workload: workload, milliseconds: median.inSeconds * 1e3, bestMilliseconds: times[0].inSeconds * 1e3,
      itemsPerSecond: Double(work.itemsPerStep) / median.inSeconds, firstSeconds: first.inSeconds,
      setupSeconds: setup.inSeconds, residentMegabytes: peakResidentBytes() >> 20, loss: loss,
      threads: martlet_pool_threads())
  }

  /// One object with the keys that the scripts for other frameworks print.
  public var json: JSON {
    [
      "framework": "martlet", "workload": .string(workload), "ms": .rounded(milliseconds, 3),
      "best_ms": .rounded(bestMilliseconds, 3), "per_s": .rounded(itemsPerSecond, 1),
      "first_s": .rounded(firstSeconds, 3), "setup_s": .rounded(setupSeconds, 3),
      "rss_mb": .integer(residentMegabytes), "loss": loss.map { .number($0) } ?? .null, "threads": .integer(threads),
    ]
  }
}

extension Benchmark: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    let name = workload + String(repeating: " ", count: max(0, 12 - workload.count))
    let times = "\(rounded(milliseconds)) ms (best \(rounded(bestMilliseconds)))"
    return "\(name)\(times), \(rounded(itemsPerSecond)) items/s, first \(rounded(firstSeconds)) s, "
      + "\(residentMegabytes) MB, \(threads) threads" + (loss.map { ", loss \(rounded($0))" } ?? "")
  }

  private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}

extension JSON {
  /// A number with so many digits behind the point.
  package static func rounded(_ value: Double, _ digits: Int) -> JSON {
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    return .number((value * scale).rounded() / scale)
  }
}

/// The most memory this process has held.
func peakResidentBytes() -> Int {
  var usage = rusage()
  // RUSAGE_SELF, which Swift sees as another type on every platform.
  getrusage(0, &usage)
  #if canImport(Darwin)
    return usage.ru_maxrss
  #else
    // Linux counts in KiB.
    return usage.ru_maxrss << 10
  #endif
}
