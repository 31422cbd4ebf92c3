import MartletKernels
public import MartletProfiling
import Synchronization

extension MachineFacts {
  /// What this machine can do with the threads now in use: arithmetic by element type and threads, bandwidth by level of
  /// memory.
  ///
  /// Measured once for about a second, and kept in the user's folder for caches (or that of `MARTLET_CACHE`).
  ///
  /// - Parameter again: Whether to measure although it was measured before; the better result counts.
  public static func measured(again: Bool = false) -> MachineFacts {
    KnownMachine.shared.facts(threads: martlet_pool_threads(), again: again)
  }
}

/// The measurements of this machine, in memory and in their file.
package final class KnownMachine: Sendable {
  package static let shared = KnownMachine(folder: MachineMeasurements.folder)

  private let folder: String?
  private let known = Mutex<MachineMeasurements?>(nil)

  package init(folder: String?) { self.folder = folder }

  /// The facts for so many threads, measured if need be.
  package func facts(threads: Int, again: Bool = false) -> MachineFacts {
    update { again || !$0.covers(threads: threads) ? $0.measurePeaks(threads: threads) : () }.facts(threads: threads)
  }

  /// What kernels cost with so many threads, measured if need be.
  package func costs(threads: Int, again: Bool = false) -> KernelCosts {
    update { measurements in
      guard again || measurements.costs[threads] == nil else { return }
      let before = measurements.reachedShare(threads: threads)
      var costs = KernelCosts.measured(threads: threads)
      let after = measurements.reachedShare(threads: threads)
      costs.isDisturbed = min(before, after) < 0.9
      measurements.add(costs, threads: threads)
    }.costs[threads]!
  }

  /// Adds what somebody measured.
  package func merge(peaks: [ComputePeak], bandwidths: [MemoryBandwidth]) {
    _ = update { measurements in
      for peak in peaks { measurements.add(peak) }
      for bandwidth in bandwidths { measurements.add(bandwidth) }
    }
  }

  private func update(_ change: (inout MachineMeasurements) -> Void) -> MachineMeasurements {
    known.withLock { known in
      let machine = Processor.identity
      let stored = known?.machine == machine ? known! : MachineMeasurements(machine: machine, folder: folder)
      var changed = stored
      change(&changed)
      known = changed
      // Without a place to keep them, they are measured again by the next process.
      if changed != stored, let folder { try? changed.save(in: folder) }
      return changed
    }
  }
}
