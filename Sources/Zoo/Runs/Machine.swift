import Martlet
import MartletCPU
public import MartletFormats
import MartletKernels

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
  /// Float 32 operations per second of one thread and of all, a fused multiply-add counting two.
  public let peakFlopsFloat32OneThread, peakFlopsFloat32: Double
  /// Bytes per second that all threads read plus write when copying, and that they read.
  public let copyBytesPerSecond, readBytesPerSecond: Double
  /// The most bytes of unused memory that are kept for reuse.
  public let cacheBudgetBytes: Int
  /// Names of the engines that can run programs.
  public let engines: [String]

  /// The engines there are.
  public static var engines: [String] { [CPUEngine.shared.name] }

  /// Sets how many threads kernels use.
  public static func useThreads(_ count: Int) { martlet_pool_set_threads(count) }

  /// Looks and measures; takes about two seconds.
  public static func measured() -> Machine {
    let threads = martlet_pool_threads()
    let size = 256 << 20
    return Machine(
      cores: martlet_core_count(), detectedInstructionSet: String(cString: martlet_isa_name(martlet_detected_isa())),
      instructionSet: String(cString: martlet_isa_name(martlet_current_isa())),
      cacheBytes: (1...3).map { martlet_cache_bytes(Int32($0)) }, threads: threads,
      peakFlopsFloat32OneThread: martlet_peak_flops_f32(1, 0.3), peakFlopsFloat32: martlet_peak_flops_f32(threads, 0.3),
      copyBytesPerSecond: martlet_copy_bandwidth(threads, size),
      readBytesPerSecond: martlet_read_bandwidth(threads, size),
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
      "engines": .array(engines.map { .string($0) }),
    ]
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
    buffers kept      up to \(cacheBudgetBytes >> 20) MiB
    engines           \(engines.joined(separator: ", "))
    """
  }

  private func giga(_ value: Double) -> String { "\((value / 1e8).rounded() / 10)" }
}
