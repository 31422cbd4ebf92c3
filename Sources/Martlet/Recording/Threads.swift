#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A lock with a condition to wait for.
package final class Monitor: @unchecked Sendable {
  // Unchecked because of the pointers, which never change; what they point to is made for use by many threads.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` under the lock.
  package func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Lets go of the lock until somebody calls `notifyAll`, or a while longer for no reason.
  package func wait() { pthread_cond_wait(condition, mutex) }

  /// As `wait`, for at most the given time; false when that has passed.
  package func wait(seconds: Double) -> Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let nanoseconds = Double(now.tv_nsec) + seconds * 1e9
    now.tv_sec += Int(nanoseconds / 1e9)
    now.tv_nsec = Int(nanoseconds.truncatingRemainder(dividingBy: 1e9))
    return pthread_cond_timedwait(condition, mutex, &now) != ETIMEDOUT
  }

  /// Wakes all that wait.
  package func notifyAll() { pthread_cond_broadcast(condition) }
}

private final class ThreadBody {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Starts a thread that runs `body` and ends by itself.
///
/// - Returns: Whether the system had a thread to give.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  let argument = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
  #if canImport(Darwin)
    var thread: pthread_t?
    let code = pthread_create(&thread, nil, { run($0) }, argument)
    if code == 0, let thread { pthread_detach(thread) }
  #else
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, { run($0!) }, argument)
    if code == 0 { pthread_detach(thread) }
  #endif
  if code != 0 { Unmanaged<ThreadBody>.fromOpaque(argument).release() }
  return code == 0
}

private func run(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}
