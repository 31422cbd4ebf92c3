import Martlet
import MartletCPU
import MartletGraph
import MartletSupport
import Synchronization

/// What is noted while programs are planned and run for a profile.
final class ProfilingSession: Sendable {
  /// A program that was planned.
  struct Planned: Sendable {
    let id: UInt64
    let description: PlanDescription
    let start: UInt64
    let end: UInt64
    /// The nodes of the planned graph.
    let nodeCount: Int
  }

  /// One run of a program.
  struct Run: Sendable {
    let program: Int
    let start: UInt64
    let end: UInt64
    let kernels: [KernelTimes.Entry]
    /// Whose it was: 0 for the thread of the steps.
    let thread: Int
    let memory: Memory
  }

  /// The memory of the process around a run.
  struct Memory: Sendable {
    /// Bytes of all buffers in use when it began.
    var liveBytes = 0
    /// When it ended, bytes of buffers in use and kept for reuse, those in which it ran among them.
    var reservedBytes = 0
    /// Bytes of the blocks in which kernels pack.
    var scratchBytes = 0
  }

  /// A result of a program, from the run that made it until nobody needs it any more.
  struct Allocation: Sendable {
    let program: Int
    let output: Int
    let byteCount: Int
    let start: UInt64
    var end: UInt64?
  }

  /// A step of the training loop.
  struct Step: Sendable {
    var index: Int
    var start: UInt64
    var end: UInt64
    /// Until when it waited for its batch.
    var inputEnd: UInt64
    var examples: Int
    var tokens: Int
    var paddedTokens: Int
    var processorNanoseconds: Int
    /// Bytes of the process in main memory at the end.
    var residentBytes: Int
  }

  private struct State {
    var programs: [Planned] = []
    var runs: [Run] = []
    var steps: [Step] = []
    var allocations: [Allocation] = []
    /// The number of the first of ``allocations``.
    var firstAllocation = 0
  }

  private static let count = Atomic<Int>(0)
  private let threadCount = Atomic<Int>(0)
  /// Whether a step is being recorded.
  let isInStep = Atomic<Bool>(false)

  let number = ProfilingSession.count.add(1, ordering: .relaxed).newValue
  let trace = RecordingTrace()
  private let state = Mutex(State())

  var programs: [Planned] { state.withLock { $0.programs } }
  var runs: [Run] { state.withLock { $0.runs } }
  var steps: [Step] { state.withLock { $0.steps } }
  var allocations: [Allocation] { state.withLock { $0.allocations } }

  /// The number of a further thread that is recorded.
  func addThread() -> Int { threadCount.add(1, ordering: .relaxed).newValue }

  /// Notes a planned program, and returns its number.
  func compiled(_ program: Program, _ description: PlanDescription, since start: UInt64) -> Int {
    let planned = Planned(
      id: program.graph.structureHash, description: description, start: start, end: martlet_nanoseconds(),
      nodeCount: program.graph.nodes.count)
    return state.withLock { state in
      state.programs.append(planned)
      return state.programs.count - 1
    }
  }

  /// A buffer of the same memory whose end is noted.
  func tracked(_ buffer: Buffer, program: Int, output: Int, since start: UInt64) -> Buffer {
    let allocation = Allocation(program: program, output: output, byteCount: buffer.byteCount, start: start)
    let number = state.withLock { state in
      state.allocations.append(allocation)
      return state.firstAllocation + state.allocations.count - 1
    }
    // The memory goes back with the last reference to `buffer`, which is that of the closure.
    return Buffer(address: buffer.address, byteCount: buffer.byteCount) { [weak self] _, _ in
      withExtendedLifetime(buffer) {}
      self?.state.withLock { state in
        let index = number - state.firstAllocation
        if index >= 0 { state.allocations[index].end = martlet_nanoseconds() }
      }
    }
  }

  func ran(_ run: Run) { state.withLock { $0.runs.append(run) } }

  func ended(_ step: Step) { state.withLock { $0.steps.append(step) } }

  /// Forgets the runs of steps before the last `count`.
  func keepSteps(_ count: Int) {
    state.withLock { state in
      guard state.steps.count > count else { return }
      state.steps.removeFirst(state.steps.count - count)
      let start = state.steps[0].start
      state.runs.removeAll { $0.end < start }
      let gone = state.allocations.prefix { $0.end ?? .max < start }.count
      state.allocations.removeFirst(gone)
      state.firstAllocation += gone
    }
  }
}
