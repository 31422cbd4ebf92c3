import MartletGraph
import MartletSupport
import Synchronization

/// Numbers what is recorded while a profiler wants to know: the calls that lead to each operation, the variables that
/// programs read.
///
/// The numbers travel in the ``SourceLocation`` of each operation, through derivatives, into the plan: an operation of
/// a derivative has the number of the one that it is the derivative of.
package final class RecordingTrace: Sendable {
  /// What a number stands for.
  package enum Origin: Sendable {
    /// An operation: which of the stacks led to it.
    case calls(Int)
    /// A variable: which of them.
    case variable(Int)
  }

  /// A time in which the recording thread stood still, because it needed what a program had not computed yet.
  package struct Wait: Sendable {
    package var start: UInt64
    package var end: UInt64
    package var stack: Int
    /// Which of the threads that are recorded it was, as whoever records numbers them.
    package var thread: Int
  }

  /// All that was noted.
  package struct Notes: Sendable {
    /// What each number stands for; the first is that of number 1.
    package var origins: [Origin] = []
    /// Return addresses, the innermost first.
    package var stacks: [[UInt]] = []
    package var variables: [Variable] = []
    package var waits: [Wait] = []
    fileprivate var stackOfHash: [UInt: Int] = [:]
    fileprivate var numberOfVariable: [ObjectIdentifier: Int] = [:]

    /// What a context stands for; nil for none, and for numbers that are not of these notes, because an earlier
    /// profiler's are on what was recorded for it.
    package func origin(_ context: RecordingContext) -> Origin? {
      context.number > 0 && context.number <= origins.count ? origins[context.number - 1] : nil
    }
  }

  /// What several threads note together.
  private final class State: Sendable {
    let notes = Mutex(Notes())
  }

  private let state: State
  /// How many of the outermost calls make no difference: of an unrolled loop, each turn is the same step.
  private let outerCalls: Int
  private let thread: Int

  package convenience init() { self.init(State(), outerCalls: 0, thread: 0) }

  private init(_ state: State, outerCalls: Int, thread: Int) {
    (self.state, self.outerCalls, self.thread) = (state, outerCalls, thread)
  }

  package var notes: Notes { state.notes.withLock { $0 } }

  /// A trace for a thread, which notes what it sees in the same place.
  ///
  /// - Parameters:
  ///   - outerCalls: How many of the outermost calls are the same for all that the thread records.
  ///   - thread: The thread's number.
  package func part(outerCalls: Int, thread: Int) -> RecordingTrace {
    RecordingTrace(state, outerCalls: outerCalls, thread: thread)
  }

  /// The context of an operation that is recorded now.
  @inline(never)
  func context(_ phase: RecordingContext.Phase) -> RecordingContext {
    let stack = callingStack()
    let number = state.notes.withLock { notes in
      notes.origins.append(.calls(stack))
      return notes.origins.count
    }
    return RecordingContext(number: number, phase: phase)
  }

  /// The context of what stands for the value of a variable.
  func context(_ variable: Variable) -> RecordingContext {
    let number = state.notes.withLock { notes in
      if let known = notes.numberOfVariable[ObjectIdentifier(variable)] { return known }
      notes.origins.append(.variable(notes.variables.count))
      notes.variables.append(variable)
      notes.numberOfVariable[ObjectIdentifier(variable)] = notes.origins.count
      return notes.origins.count
    }
    return RecordingContext(number: number, phase: .variable)
  }

  /// What makes operations with this context other than the same ones recorded elsewhere.
  func identity(_ context: RecordingContext) -> Int {
    guard context.number > 0 else { return 0 }
    return state.notes.withLock { notes in
      switch notes.origin(context) {
      case .calls(let stack): stack << 1
      case .variable(let variable): variable << 1 | 1
      case nil: 0
      }
    }
  }

  /// Notes that the calling thread waited from `start` until now.
  @inline(never)
  func waited(since start: UInt64) {
    let wait = Wait(start: start, end: martlet_nanoseconds(), stack: callingStack(), thread: thread)
    state.notes.withLock { $0.waits.append(wait) }
  }

  /// The number of the stack of calls that leads here.
  private func callingStack() -> Int {
    withUnsafeTemporaryAllocation(of: UInt.self, capacity: Int(MARTLET_MAXIMUM_CALLS)) { addresses in
      let calls = addresses[..<martlet_calls(addresses.baseAddress, addresses.count)]
      // FNV-1a over addresses.
      var hash = UInt(14_695_981_039_346_656_037)
      for address in calls.dropLast(outerCalls) { hash = (hash ^ address) &* 1_099_511_628_211 }
      if let known = state.notes.withLock({ [hash] in $0.stackOfHash[hash] }) { return known }
      let copy = Array(calls)
      return state.notes.withLock { [hash] notes in
        // Another thread may have come here meanwhile; one more stack does no harm.
        notes.stackOfHash[hash] = notes.stacks.count
        notes.stacks.append(copy)
        return notes.stacks.count - 1
      }
    }
  }
}

extension Recorder {
  /// A location with the calls that lead here, if somebody wants to know.
  @inline(__always)
  func traced(_ location: SourceLocation) -> SourceLocation {
    trace == nil ? location : tracedNow(location)
  }

  @inline(never)
  private func tracedNow(_ location: SourceLocation) -> SourceLocation {
    var location = location
    location.context = trace!.context(phase)
    return location
  }

  /// Notes that the value at a position is that of a variable.
  @inline(__always)
  func noteRead(of variable: Variable, _ storage: TensorStorage) {
    if trace != nil { noteReadNow(of: variable, storage) }
  }

  @inline(never)
  private func noteReadNow(of variable: Variable, _ storage: TensorStorage) {
    let position = position(of: storage)
    locked {
      syncEntries()
      var node = builder.nodes[position]
      // An operation that is still to run keeps its own; its value will be an input once it has run.
      let isInput = if case .input = node.primitive { true } else { false }
      let isKnown = isInput || entries[position].buffer != nil || inFlight?.targets.contains(position) == true
      guard isKnown, let context = trace?.context(variable), node.location.context != context else { return }
      node.location.context = context
      builder.replace(Value(position), with: node)
    }
  }

  /// Runs `body`, which waits for values; a profiler learns how long.
  func waiting<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    guard let trace else { return try body() }
    let start = martlet_nanoseconds()
    defer { trace.waited(since: start) }
    return try body()
  }

  /// How many programs have been planned so far, by all recorders.
  package var plannedPrograms: Int { cache.counts.planned }

  /// From here on operations belong to another part of the training step; returns the one until now.
  func beginPhase(_ new: RecordingContext.Phase) -> RecordingContext.Phase {
    defer { phase = new }
    return phase
  }

  func endPhase(_ outer: RecordingContext.Phase) { phase = outer }
}
