import MartletKernels
public import MartletProfiling

extension MachineFacts {
  /// What this machine can do with the threads now in use: arithmetic by threads, bandwidth by level of memory.
  ///
  /// Measured at the first question of a process, for about a second.
  public static func measured() -> MachineFacts { known }

  private static let known: MachineFacts = {
    let threads = martlet_pool_threads()
    var facts = MachineFacts(
      name: String(cString: martlet_isa_name(martlet_current_isa())), threads: threads,
      processors: martlet_core_count())
    for count in Set([1, threads]).sorted() {
      let peak = martlet_peak_flops_f32(count, 0.1)
      facts.computePeaks.append(ComputePeak(.float32, threads: count, floatingPointOperationsPerSecond: peak))
      // A vector register holds half as many elements of twice the size.
      facts.computePeaks.append(ComputePeak(.float64, threads: count, floatingPointOperationsPerSecond: peak / 2))
    }
    for level in 1...3 {
      let capacity = martlet_cache_bytes(Int32(level))
      facts.bandwidths.append(
        MemoryBandwidth(
          level: "L\(level)", capacityBytes: capacity, threads: threads,
          bytesPerSecond: martlet_copy_bandwidth(threads, capacity / 4)))
    }
    facts.bandwidths.append(
      MemoryBandwidth(
        level: "memory", capacityBytes: 0, threads: threads, bytesPerSecond: martlet_copy_bandwidth(threads, 256 << 20))
    )
    return facts
  }()
}
