import MartletCPU
import MartletGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What recorded operations and tensors hold in memory at one moment: a counter that finds leaks.
///
/// When a piece of work is over and its tensors have gone, nodes and bytes are what they were before it. What is cached
/// for reuse is not counted as held; ``BufferCache`` bounds it.
public struct LiveMemory: Sendable, Hashable {
  /// Operations of this thread that have been recorded and that some tensor still needs.
  public let nodes: Int
  /// Blocks of memory that tensors and running programs hold, of all threads that share this thread's engine.
  public let buffers: Int
  /// The bytes in those blocks, as they were asked for.
  public let bytes: Int
  /// The most bytes that were held at any time.
  public let peakBytes: Int

  /// Counts, after the last step has ended and what nobody needs any more has gone.
  ///
  /// Waits for the program of the last step; an error in it is reported as if a value of that step were read.
  public static func measured() -> LiveMemory {
    let recorder = Recorder.current
    recorder.finishFlight()
    return recorder.liveMemory()
  }
}

extension LiveMemory: CustomStringConvertible {
  /// Reads like `3 nodes, 2 buffers of 4096 bytes (peak 8192)`.
  public var description: String { "\(nodes) nodes, \(buffers) buffers of \(bytes) bytes (peak \(peakBytes))" }
}

/// Memory that is kept, after tensors have gone, for the tensors to come; shared by all threads.
///
/// Fresh pages cost about as much as the work done on them, so a training step takes those of the step before. Beyond
/// ``budget`` the largest blocks go back to the system at once. `MARTLET_CACHE_MIB` sets the budget of a process.
public enum BufferCache {
  /// The most bytes that are kept; 4 GiB unless the environment says otherwise.
  ///
  /// - Precondition: Not negative.
  public static var budget: Int {
    get { pool.statistics.budget }
    set {
      precondition(newValue >= 0, "BufferCache: a budget of \(newValue) bytes is negative")
      pool.setBudget(newValue)
    }
  }

  /// The bytes that are kept now.
  public static var cachedBytes: Int { pool.statistics.cachedBytes }

  /// Reads like `3 buffers, 12 MiB live (peak 40 MiB); 20 MiB of 4096 MiB cached`.
  public static var summary: String { pool.statistics.description }

  /// Gives everything that is kept back to the system.
  public static func clear() { pool.clear() }

  private static var pool: BufferPool { Recorder.current.pool }
}

/// Runs `body` with some of its programs repeated by the reference interpreter, and their results compared.
///
/// For a job whose numbers look wrong: it tells a fault of a kernel, a plan or the machine from one of the model. The
/// error says what program it was, which operation first differs, its line, and both values. What rounding may explain
/// is no difference: sums that cancel and comparisons of almost equal numbers are repeated with results that are off by
/// a few roundings. Programs with operations of the user's own are left out. `MARTLET_CHECK` in the environment does
/// the same for a whole process.
///
/// - Parameters:
///   - probability: The part of the runs that are repeated.
///   - operationLimit: Programs of more elementary operations than this are left out; about ten million take a second.
///   - body: Work of this thread.
/// - Throws: What `body` throws. A difference is reported where a value is read, as every ``ExecutionError``.
/// - Precondition: `probability` is between 0 and 1. Not inside a closure of a derivative or a region.
public func checkingResults<Result>(
  probability: Double = 1, operationLimit: Int = 20_000_000, _ body: () throws -> Result
) rethrows -> Result {
  let recorder = Recorder.current
  let usual = recorder.engine
  let check = ResultCheck(probability: probability, operationLimit: operationLimit)
  if let engine = usual as? CPUEngine { recorder.engine = engine.checking(check) }
  defer {
    recorder.finishFlight()
    recorder.engine = usual
  }
  return try body()
}

extension Recorder {
  /// Counts what this recording and its engine hold; sweeps what nothing needs, unless a scope needs all history.
  package func liveMemory() -> LiveMemory {
    pthread_mutex_lock(evaluation)
    defer { pthread_mutex_unlock(evaluation) }
    let nodes = locked {
      if scopes.isEmpty {
        forgetRestorePoints()
        sweep()
      }
      return entries.count
    }
    let statistics = pool.statistics
    return LiveMemory(
      nodes: nodes, buffers: statistics.liveBuffers, bytes: statistics.liveBytes, peakBytes: statistics.peakLiveBytes)
  }

  fileprivate var pool: BufferPool { ((engine as? CPUEngine) ?? .shared).pool }
}
