import Martlet
import MartletSupport
import Synchronization

/// Records what other threads compute while the steps of a profiler go on: a loader that augments pictures, a model that
/// is evaluated meanwhile.
///
/// ```swift
/// let recorder = profiler.threadRecorder
/// startThread { recorder.record { prepare(batch) } }
/// ```
public struct ThreadRecorder: Sendable {
  let session: ProfilingSession

  /// Runs `body` on this thread; what it computes belongs to the step during which it ends.
  ///
  /// - Note: While no step is recorded, this only runs `body`.
  @discardableResult
  public func record<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard session.isInStep.load(ordering: .relaxed) else { return try body() }
    return try session.recording(thread: session.addThread(), body)
  }
}

extension ProfilingSession {
  /// Runs `body`, and notes what this thread records and runs in it.
  @inline(never)
  func recording<Result>(thread: Int, _ body: () throws -> Result) rethrows -> Result {
    let recorder = Recorder.current
    recorder.finishFlight()
    let usual = (engine: recorder.engine, trace: recorder.trace)
    recorder.engine = ProfilingEngine(base: recorder.engine, session: self, thread: thread)
    // All but the calls here and below.
    recorder.trace = trace.part(outerCalls: max(martlet_call_count() - 1, 0), thread: thread)
    defer { (recorder.engine, recorder.trace) = usual }
    let result = try body()
    // This wait is the profiler's own.
    recorder.trace = nil
    recorder.finishFlight()
    return result
  }
}
