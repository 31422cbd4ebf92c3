import MartletGraph
import MartletSupport
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The operations that one thread has recorded and not yet finished with.
///
/// Nodes live in one growing array and refer to each other by position, so a chain of a million operations is
/// recorded, walked and dropped without recursion or reference counting. A parallel array says, for each node, which
/// live tensor stands for it and which buffer holds its value.
///
/// Only the owning thread records; any thread may drop a tensor or ask for its value, so both happen under `lock`.
/// Recorders are never freed: one whose thread has ended goes to the next thread that needs one.
package final class Recorder: @unchecked Sendable {
  struct Entry {
    /// The tensor that stands for this node; nil once it is gone. Unretained: its deinitializer clears the field.
    var storage: Unmanaged<TensorStorage>?
    /// The value, when it is known.
    var buffer: Buffer?
  }

  let identifier: Int
  let lock = UnsafeMutablePointer<martlet_lock>.allocate(capacity: 1)
  /// Held while a program of this recorder runs and while nodes are renumbered, by any thread; taken before `lock`.
  let evaluation = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  @exclusivity(unchecked) package var builder = GraphBuilder()
  @exclusivity(unchecked) var entries: [Entry] = []
  /// Values from elsewhere whose slot another recorder holds.
  @exclusivity(unchecked) var interned: [ObjectIdentifier: Int] = [:]
  /// Positions at which scopes that need the history (gradients, regions) began; innermost last.
  @exclusivity(unchecked) package var scopes: [Scope] = []
  /// Recording goes on, but nodes are swept away when there are this many.
  @exclusivity(unchecked) var sweepLimit = 4096
  /// Bytes of values computed since nodes were last swept away.
  @exclusivity(unchecked) var valueBytes = 0
  /// The bodies of named functions that were recorded before.
  var bodies: [BodyKind: Region] = [:]
  /// Reused by the walk that collects a program.
  @exclusivity(unchecked) var marks: [Int32] = []
  /// Reused where the types of operands are handed to an operation.
  @exclusivity(unchecked) var operandTypes: [TensorType] = []
  @exclusivity(unchecked) package var engine: any Engine = defaultEngine
  @exclusivity(unchecked) package var cache = ProgramCache.shared
  /// Where to note how operations come to be recorded, while somebody wants to know.
  @exclusivity(unchecked) package var trace: RecordingTrace?
  /// The type in which products are computed, where it is not that of their operands.
  @exclusivity(unchecked) var contractionType: DType?
  /// Whether what `checkpoint` would compute again is kept.
  @exclusivity(unchecked) var keepsResults = false
  /// The part of a training step that is being recorded.
  var phase = RecordingContext.Phase.forward
  /// The program of the last step, while its values have not been taken in.
  @exclusivity(unchecked) var inFlight: FlightPlan?
  let flightThread = FlightThread()
  /// The positions of operations that failed when they ran. What depends on them is not tried again unless it is read.
  @exclusivity(unchecked) var failed: [Int] = []
  /// The number of the step that is being recorded.
  var stepNumber = Serial.next()
  /// What variables held that this step has replaced.
  @exclusivity(unchecked) var restorePoints: [RestorePoint] = []
  /// The first mistake inside `checked`, or nil; `isChecking` says whether mistakes are collected.
  package var isChecking = false
  package var firstError: (any Error)?

  private init(identifier: Int) {
    self.identifier = identifier
    _ = Symbolication.isInstalled
    lock.initialize(to: martlet_lock())
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
    pthread_mutex_init(evaluation, &attributes)
  }

  /// Runs `body` under the lock.
  @inline(__always)
  func locked<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    martlet_lock_acquire(lock)
    defer { martlet_lock_release(lock) }
    return try body()
  }

  /// A tensor has gone: its node is needed only if others depend on it.
  func forget(_ storage: TensorStorage, at position: Int) {
    locked {
      // The position may have moved between reading the slot and taking the lock; the slot knows.
      let now = Slot(word: storage.slot.load(ordering: .relaxed))
      if now != .free { entries[now.position].storage = nil }
    }
  }
}

// MARK: - One for each thread

extension Recorder {
  private static let all = Mutex<(recorders: [Recorder], idle: [Recorder])>(([], []))

  /// The recorder of this thread.
  package static var current: Recorder {
    @inline(__always) get {
      if let known = martlet_thread_recorder() { return Unmanaged<Recorder>.fromOpaque(known).takeUnretainedValue() }
      return attach()
    }
  }

  /// The recorder of a number; without a lock when it is this thread's own, as it is for nearly every dropped tensor.
  static func with(identifier: Int) -> Recorder {
    if let known = martlet_thread_recorder() {
      let own = Unmanaged<Recorder>.fromOpaque(known).takeUnretainedValue()
      if own.identifier == identifier { return own }
    }
    return all.withLock { $0.recorders[identifier] }
  }

  private static func attach() -> Recorder {
    let recorder = all.withLock { state in
      if let idle = state.idle.popLast() { return idle }
      let new = Recorder(identifier: state.recorders.count)
      state.recorders.append(new)
      return new
    }
    martlet_set_thread_recorder(Unmanaged.passUnretained(recorder).toOpaque()) { ended in
      let recorder = Unmanaged<Recorder>.fromOpaque(ended!).takeUnretainedValue()
      recorder.threadEnds()
      Recorder.all.withLock { $0.idle.append(recorder) }
    }
    return recorder
  }
}

// MARK: - Recording

extension Recorder {
  /// The position at which this recorder knows a value, taking it in if it comes from elsewhere.
  @inline(__always)
  package func position(of storage: TensorStorage) -> Int {
    let slot = Slot(word: storage.slot.load(ordering: .acquiring))
    if slot != .free && slot.recorder == identifier { return slot.position }
    return adopt(storage, slot)
  }

  private func adopt(_ storage: TensorStorage, _ slot: Slot) -> Int {
    if slot == .free {
      return locked {
        // While another recorder held it, it may have been taken in by its value, and be in use under that position.
        if !interned.isEmpty, let known = interned[ObjectIdentifier(storage.buffer!)] { return known }
        let claim = Slot(recorder: identifier, position: entries.count).word
        let (won, _) = storage.slot.compareExchange(
          expected: Slot.free.word, desired: claim, ordering: .acquiringAndReleasing)
        if !won { return intern(storage.buffer!, storage.type) }
        return appendLeaf(storage.type, storage.buffer!, storage: Unmanaged.passUnretained(storage))
      }
    }
    let buffer = Recorder.with(identifier: slot.recorder).value(of: storage)
    return locked { intern(buffer, storage.type) }
  }

  /// The value of a tensor that another thread recorded.
  private func value(of storage: TensorStorage) -> Buffer {
    if let known = locked({ storage.buffer }) { return known }
    evaluate([storage])
    return locked { storage.buffer! }
  }

  private func intern(_ buffer: Buffer, _ type: TensorType) -> Int {
    if let known = interned[ObjectIdentifier(buffer)] { return known }
    let position = appendLeaf(type, buffer, storage: nil)
    interned[ObjectIdentifier(buffer)] = position
    return position
  }

  func appendLeaf(_ type: TensorType, _ buffer: Buffer?, storage: Unmanaged<TensorStorage>?) -> Int {
    let value = builder.append(Input(), primitive: .input(Input()), Operands(), type: type, location: builder.location)
    entries.append(Entry(storage: storage, buffer: buffer))
    return value.position
  }

  /// Appends a checked operation and makes the tensor that stands for it.
  @inline(__always)
  package func record(
    _ operation: some PrimitiveRules, _ primitive: Primitive, _ operands: Operands, type: TensorType,
    location: SourceLocation
  ) -> TensorStorage {
    if entries.count >= sweepLimit && scopes.isEmpty {
      return recordAfterSweep(operation, primitive, operands, type, location)
    }
    martlet_lock_acquire(lock)
    let position = entries.count
    let storage = TensorStorage(type: type, recorder: identifier, position: position)
    _ = builder.append(operation, primitive: primitive, operands, type: type, location: traced(location))
    entries.append(Entry(storage: Unmanaged.passUnretained(storage), buffer: nil))
    martlet_lock_release(lock)
    return storage
  }

  /// Sweeping renumbers nodes, and the operands were numbered before; so it happens after this one is in.
  @inline(never)
  private func recordAfterSweep(
    _ operation: some PrimitiveRules, _ primitive: Primitive, _ operands: Operands, _ type: TensorType,
    _ location: SourceLocation
  ) -> TensorStorage {
    sweepLimit = .max
    let storage = record(operation, primitive, operands, type: type, location: location)
    pthread_mutex_lock(evaluation)
    locked { sweep() }
    pthread_mutex_unlock(evaluation)
    sweepLimit = max(4096, entries.count * 2)
    return storage
  }

  /// Makes a tensor for a node that a transform has added to the builder.
  package func adoptNode(_ value: Value) -> TensorStorage {
    locked {
      syncEntries()
      var value = value
      if entries[value.position].storage != nil {
        // Another tensor stands for it, perhaps one that is just going away; a view of the value is a node of its own.
        let type = builder.type(value)
        value = builder.append(Reshape(to: type.shape), Operands(value), type: type)
        syncEntries()
      }
      let storage = TensorStorage(type: builder.type(value), recorder: identifier, position: value.position)
      storage.buffer = entries[value.position].buffer
      entries[value.position].storage = Unmanaged.passUnretained(storage)
      return storage
    }
  }

  /// Gives entries to nodes that were added to the builder directly.
  func syncEntries() {
    while entries.count < builder.nodes.count { entries.append(Entry(storage: nil, buffer: nil)) }
  }
}
