import Martlet
import MartletKernels

extension KernelCosts {
  /// Learns what kernels cost with so many threads, in some seconds.
  ///
  /// All programs run in turn, some times, so that each finds the caches as another left them; of each kernel the second
  /// shortest time counts.
  package static func measured(threads: Int) -> KernelCosts {
    let samples = Samples()
    let isDone = Monitor()
    // On a thread of its own, because what this one has recorded and not yet computed would be computed with it.
    let isStarted = startThread {
      let found = (try? KernelCosts.samples(threads: threads)) ?? []
      isDone.locked {
        samples.values = found
        isDone.notifyAll()
      }
    }
    guard isStarted else { return KernelCosts() }
    return isDone.locked {
      while samples.values == nil { isDone.wait() }
      return KernelCosts(samples.values!)
    }
  }

  // Guarded by the monitor.
  private final class Samples: @unchecked Sendable {
    var values: [Sample]?
  }

  private static let runs = 5

  private static func samples(threads: Int) throws -> [Sample] {
    let usual = martlet_pool_threads()
    if threads != usual { martlet_pool_set_threads(threads) }
    defer { if threads != usual { martlet_pool_set_threads(usual) } }
    let session = ProfilingSession()
    let steps = try KernelProbes().steps
    for _ in 0..<runs {
      for step in steps { try checked { try session.recording(thread: 0, step) } }
    }
    return session.programs.indices.flatMap { samples(session, program: $0) }
  }

  /// The kernels of a program.
  private static func samples(_ session: ProfilingSession, program: Int) -> [Sample] {
    let runs = session.runs.filter { $0.program == program }
    return FlatProgram(session.programs[program].description).allWork.compactMap { number, work in
      let times = runs.compactMap { run in
        run.kernels[number].runs > 0 ? Double(run.kernels[number].nanoseconds) / Double(run.kernels[number].runs) : nil
      }
      return times.sorted().prefix(2).last.map { Sample(work: work, nanoseconds: $0) }
    }
  }
}
