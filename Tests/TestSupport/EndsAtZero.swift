import Martlet
import MartletCPU
package import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Gives every test an engine of its own, and expects that it leaves no operation and no byte when it is over.
///
/// The engine also repeats a sample of small programs by the reference interpreter, so that whatever a test is about, a
/// wrong result in it is found. While a test waits for something, others may run on its thread, and it may go on on
/// another; nothing is counted then. What runs in a process of its own ends with ``endingAtZero(_:)``.
package struct EndsAtZero: TestTrait, SuiteTrait, TestScoping {
  package var isRecursive: Bool { true }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let engine = CPUEngine(check: ResultCheck(probability: 0.05, operationLimit: 200_000))
    let recorder = Recorder.current
    // A test that another thread went on with may have left some here.
    let nodesBefore = recorder.liveMemory().nodes
    (recorder.engine, recorder.cache) = (engine, ProgramCache(capacity: 256))
    try await function()
    guard Recorder.current === recorder, recorder.engine as? CPUEngine === engine else { return }
    let left = recorder.settledMemory()
    (recorder.engine, recorder.cache) = (CPUEngine.shared, .shared)
    if left.buffers == 0 && left.bytes == 0 && left.nodes <= nodesBefore { return }
    Issue.record("left behind: \(left)", sourceLocation: test.sourceLocation)
  }
}

extension Trait where Self == EndsAtZero {
  /// When the test is over, no recorded operation is left and no tensor's memory.
  package static var endsAtZero: EndsAtZero { EndsAtZero() }
}

/// At the end of a process of its own: stops it with a sentence if `body` leaves operations or bytes behind.
package func endingAtZero(_ body: () throws -> Void) rethrows {
  try body()
  let left = Recorder.current.settledMemory()
  precondition(left.buffers == 0 && left.bytes == 0 && left.nodes == 0, "left behind: \(left)")
}

extension Recorder {
  /// Counts what is left when the last step has ended, and the thread that ran it has let go of its inputs, a moment
  /// later.
  fileprivate func settledMemory() -> LiveMemory {
    finishFlight()
    var left = liveMemory()
    for _ in 0..<1000 where left.buffers > 0 {
      usleep(1000)
      left = liveMemory()
    }
    return left
  }
}
