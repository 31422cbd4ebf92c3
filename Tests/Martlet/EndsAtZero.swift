import Martlet
import MartletCPU
import Testing

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
/// wrong result in it is found. A test that waits for something may go on on another thread, whose recording is not its
/// own; exit tests do, and nothing is counted there.
struct EndsAtZero: TestTrait, SuiteTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let engine = CPUEngine(check: ResultCheck(probability: 0.05, operationLimit: 200_000))
    let recorder = Recorder.current
    // A test that another thread went on with may have left some here.
    let nodesBefore = recorder.liveMemory().nodes
    (recorder.engine, recorder.cache) = (engine, ProgramCache(capacity: 256))
    try await function()
    guard Recorder.current === recorder else { return }
    var left = recorder.liveMemory()
    // The thread that ran the last step lets go of its inputs a moment after the step has ended.
    for _ in 0..<1000 where left.buffers > 0 {
      usleep(1000)
      left = recorder.liveMemory()
    }
    (recorder.engine, recorder.cache) = (CPUEngine.shared, .shared)
    #expect(left.buffers == 0 && left.bytes == 0 && left.nodes <= nodesBefore, "left behind: \(left)")
  }
}

extension Trait where Self == EndsAtZero {
  /// When the test is over, no recorded operation is left and no tensor's memory.
  static var endsAtZero: EndsAtZero { EndsAtZero() }
}
