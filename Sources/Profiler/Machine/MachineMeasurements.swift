internal import MartletFormats
import MartletGraph
import MartletKernels
package import MartletProfiling

/// What was measured of a machine so far.
///
/// Somebody else may use the machine while it is measured, which makes it seem slower than it is, never faster. So of all
/// measurements the best one counts, and no kernel is faster than its machine.
package struct MachineMeasurements: Sendable, Hashable {
  /// Which machine, and which instruction set of it.
  package let machine: String
  package private(set) var computePeaks: [ComputePeak] = []
  package private(set) var bandwidths: [MemoryBandwidth] = []
  /// What kernels cost, by the number of threads.
  package private(set) var costs: [Int: KernelCosts] = [:]

  /// Nothing measured yet.
  package init(machine: String) { self.machine = machine }

  /// Adds a peak, unless a better one is known.
  package mutating func add(_ peak: ComputePeak) {
    guard peak.floatingPointOperationsPerSecond > 0 else { return }
    let known = computePeaks.firstIndex { $0.elementType == peak.elementType && $0.threads == peak.threads }
    guard let known else { return computePeaks.append(peak) }
    if computePeaks[known].floatingPointOperationsPerSecond < peak.floatingPointOperationsPerSecond {
      computePeaks[known] = peak
    }
  }

  /// Adds a bandwidth, unless a better one is known.
  package mutating func add(_ bandwidth: MemoryBandwidth) {
    guard bandwidth.bytesPerSecond > 0 else { return }
    let known = bandwidths.firstIndex { $0.level == bandwidth.level && $0.threads == bandwidth.threads }
    guard let known else { return bandwidths.append(bandwidth) }
    if bandwidths[known].bytesPerSecond < bandwidth.bytesPerSecond { bandwidths[known] = bandwidth }
  }

  /// Adds what kernels cost with so many threads; what was measured with fewer disturbances is kept.
  package mutating func add(_ new: KernelCosts, threads: Int) {
    costs[threads] = costs[threads].map { $0.better(new) } ?? new
  }

  /// Adds all that somebody else measured.
  package mutating func merge(_ other: MachineMeasurements) {
    for peak in other.computePeaks { add(peak) }
    for bandwidth in other.bandwidths { add(bandwidth) }
    for (threads, costs) in other.costs { add(costs, threads: threads) }
  }

  /// Whether peaks for so many threads are there.
  func covers(threads: Int) -> Bool {
    computePeaks.contains { $0.threads == threads } && bandwidths.contains { $0.threads == threads }
  }

  /// The facts for a program with so many threads.
  func facts(threads: Int) -> MachineFacts {
    MachineFacts(
      name: machine, threads: threads, processors: martlet_core_count(),
      computePeaks: computePeaks.filter { $0.threads == 1 || $0.threads == threads },
      bandwidths: bandwidths.filter { $0.threads == threads }, memoryBytes: Processor.memoryBytes)
  }
}

extension MachineMeasurements {
  /// The part of the best known speed of arithmetic that the machine reaches now: less than all of it means that somebody
  /// else computes too.
  mutating func reachedShare(threads: Int) -> Double {
    let now = ComputePeak(
      .float32, threads: threads, floatingPointOperationsPerSecond: martlet_peak_flops_f32(threads, 0.1))
    add(now)
    let best = computePeaks.first { $0.elementType == .float32 && $0.threads == threads } ?? now
    return now.floatingPointOperationsPerSecond / best.floatingPointOperationsPerSecond
  }

  /// Measures arithmetic in registers and bandwidth of each level of memory, for about a second.
  mutating func measurePeaks(threads: Int) {
    for count in Set([1, threads]).sorted() {
      add(ComputePeak(.float32, threads: count, floatingPointOperationsPerSecond: martlet_peak_flops_f32(count, 0.1)))
      add(ComputePeak(.float64, threads: count, floatingPointOperationsPerSecond: martlet_peak_flops_f64(count, 0.1)))
    }
    for (index, size) in Processor.cacheBytes.enumerated() {
      // The first two levels belong to each processor, the third to all; and something else always is in them too.
      let capacity = size * (index < 2 ? threads : 1)
      let bytes = capacity / 2
      let best = [MARTLET_STREAM_READ, MARTLET_STREAM_COPY, MARTLET_STREAM_TRIAD].map {
        martlet_stream_bandwidth($0, threads, bytes, 0.03)
      }.max()!
      add(
        MemoryBandwidth(level: "L\(index + 1)", capacityBytes: capacity, threads: threads, bytesPerSecond: best))
    }
    let size = 256 << 20
    for best in [martlet_copy_bandwidth(threads, size), martlet_read_bandwidth(threads, size)] {
      add(MemoryBandwidth(level: "memory", capacityBytes: 0, threads: threads, bytesPerSecond: best))
    }
  }
}
