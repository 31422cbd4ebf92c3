import MartletProfiling
import Testing

@Suite struct ProfileTests {
  @Test func `the cost of recording is the step's time beyond that of a plain step`() throws {
    #expect(ProfileOverhead().fraction == nil)
    let overhead = ProfileOverhead(recordedStepNanoseconds: 1010, plainStepNanoseconds: 1000)
    #expect(try #require(overhead.fraction).isApproximately(0.01))
  }

  @Test func `durations are ends less starts`() {
    #expect(StepRecord(index: 0, startNanoseconds: 10, endNanoseconds: 25).nanoseconds == 15)
    #expect(KernelTime(kernel: 0, startNanoseconds: 3, endNanoseconds: 10).nanoseconds == 7)
    #expect(Wait(kind: .read, startNanoseconds: 1, endNanoseconds: 2).nanoseconds == 1)
  }
}
