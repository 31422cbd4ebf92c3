import Martlet
import MartletCPU
public import MartletFormats
import MartletGraph
import MartletKernels
public import MartletProfiler

/// What this machine can do, partly measured.
public struct Machine: Sendable {
  /// Processors the process may use.
  public let cores: Int
  /// The widest instruction set with kernels, and the one in use.
  public let detectedInstructionSet, instructionSet: String
  /// Sizes of the data caches of levels 1 to 3, in bytes.
  public let cacheBytes: [Int]
  /// Threads the kernels use.
  public let threads: Int
  /// Float 32 operations per second of one thread and of all, a fused multiply-add counting two, as measured now.
  public let peakFlopsFloat32OneThread, peakFlopsFloat32: Double
  /// Bytes per second that all threads read plus write when copying, and that they read, as measured now.
  public let copyBytesPerSecond, readBytesPerSecond: Double
  /// The best that was ever measured, which is what profiles compare kernels with.
  public let best: MachineFacts
  /// The most bytes of unused memory that are kept for reuse.
  public let cacheBudgetBytes: Int
  /// Names of the engines that can run programs.
  public let engines: [String]

  /// The engines there are.
  public static var engines: [String] { [CPUEngine.shared.name] }

  /// Sets how many threads kernels use.
  public static func useThreads(_ count: Int) { martlet_pool_set_threads(count) }

  /// Measures once more what the machine can do, and what kernels cost, for profiles.
  public static func measureAgain() {
    _ = MachineFacts.measured(again: true)
    _ = KnownMachine.shared.costs(threads: martlet_pool_threads(), again: true)
  }

  /// Looks and measures; takes about three seconds. What is measured counts for profiles too.
  public static func measured() -> Machine {
    let threads = martlet_pool_threads()
    let size = 256 << 20
    let (one, all) = (martlet_peak_flops_f32(1, 0.3), martlet_peak_flops_f32(threads, 0.3))
    let (copy, read) = (martlet_copy_bandwidth(threads, size), martlet_read_bandwidth(threads, size))
    KnownMachine.shared.merge(
      peaks: [(1, one), (threads, all)].map {
        ComputePeak(.float32, threads: $0, floatingPointOperationsPerSecond: $1)
      },
      bandwidths: [
        MemoryBandwidth(level: "memory", capacityBytes: 0, threads: threads, bytesPerSecond: max(copy, read))
      ])
    return Machine(
      cores: martlet_core_count(), detectedInstructionSet: String(cString: martlet_isa_name(martlet_detected_isa())),
      instructionSet: String(cString: martlet_isa_name(martlet_current_isa())),
      cacheBytes: (1...3).map { martlet_cache_bytes(Int32($0)) }, threads: threads, peakFlopsFloat32OneThread: one,
      peakFlopsFloat32: all, copyBytesPerSecond: copy, readBytesPerSecond: read, best: .measured(again: true),
      cacheBudgetBytes: BufferCache.budget, engines: engines)
  }

  /// One object with the properties' names as keys.
  public var json: JSON {
    [
      "cores": .integer(cores), "threads": .integer(threads), "instructionSet": .string(instructionSet),
      "detectedInstructionSet": .string(detectedInstructionSet), "cacheBytes": .array(cacheBytes.map { .integer($0) }),
      "peakFlopsFloat32OneThread": .rounded(peakFlopsFloat32OneThread, 0),
      "peakFlopsFloat32": .rounded(peakFlopsFloat32, 0), "copyBytesPerSecond": .rounded(copyBytesPerSecond, 0),
      "readBytesPerSecond": .rounded(readBytesPerSecond, 0), "cacheBudgetBytes": .integer(cacheBudgetBytes),
      "engines": .array(engines.map { .string($0) }), "best": bestJSON,
    ]
  }
}

extension Machine {
  private var bestJSON: JSON {
    var peaks: JSON = [:]
    for peak in best.computePeaks {
      let name = "\(peak.elementType), \(peak.threads) threads"
      peaks[name] = .rounded(peak.floatingPointOperationsPerSecond, 0)
    }
    var bandwidths: JSON = [:]
    for level in best.bandwidths { bandwidths[level.level] = .rounded(level.bytesPerSecond, 0) }
    return ["machine": .string(best.name), "operationsPerSecond": peaks, "bytesPerSecond": bandwidths]
  }

  private var bestLines: String {
    let peaks = best.computePeaks.map {
      "\($0.elementType) on \($0.threads): \(giga($0.floatingPointOperationsPerSecond)) GFLOP/s"
    }
    let bandwidths = best.bandwidths.map { "\($0.level): \(giga($0.bytesPerSecond)) GB/s" }
    return [peaks, bandwidths].map { $0.joined(separator: ", ") }.joined(separator: "\n                  ")
  }
}

extension Machine: CustomStringConvertible {
  /// A table for people.
  public var description: String {
    """
    processors        \(cores), \(threads) threads in use
    instruction set   \(instructionSet) (machine: \(detectedInstructionSet))
    caches            \(cacheBytes.map { "\($0 >> 10) KiB" }.joined(separator: ", "))
    float 32 peak     \(giga(peakFlopsFloat32)) GFLOP/s (one thread: \(giga(peakFlopsFloat32OneThread)))
    memory, copying   \(giga(copyBytesPerSecond)) GB/s
    memory, reading   \(giga(readBytesPerSecond)) GB/s
    best ever         \(bestLines)
    buffers kept      up to \(cacheBudgetBytes >> 20) MiB
    engines           \(engines.joined(separator: ", "))
    """
  }

  private func giga(_ value: Double) -> String { "\((value / 1e8).rounded() / 10)" }
}
