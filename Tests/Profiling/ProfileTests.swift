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

  @Test func `a wait is idle where no program runs`() {
    let step = StepRecord(
      index: 0, startNanoseconds: 0, endNanoseconds: 100,
      runs: [
        ProgramRun(program: 0, startNanoseconds: 10, endNanoseconds: 40),
        ProgramRun(program: 0, startNanoseconds: 60, endNanoseconds: 70),
      ])
    #expect(step.idleNanoseconds(Wait(kind: .read, startNanoseconds: 0, endNanoseconds: 65)) == 10 + 20)
    #expect(step.idleNanoseconds(Wait(kind: .read, startNanoseconds: 20, endNanoseconds: 30)) == 0)
    #expect(step.idleNanoseconds(Wait(kind: .input, startNanoseconds: 70, endNanoseconds: 90)) == 20)
  }
}
