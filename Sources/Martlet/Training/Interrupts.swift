import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Catches Ctrl-C and the request to terminate while it lives, so that a run can end at a step.
///
/// The first signal is noted; the second ends the process at once.
final class Interrupts {
  private typealias Handler = @convention(c) (Int32) -> Void
  #if canImport(Darwin)
    private var previous: [(signal: Int32, handler: (@convention(c) (Int32) -> Void)?)] = []
  #else
    private var previous: [(signal: Int32, handler: __sighandler_t?)] = []
  #endif

  init() {
    // Also makes sure that the variable exists before a handler can touch it.
    pendingSignal.store(0, ordering: .sequentiallyConsistent)
    for number in [SIGINT, SIGTERM] { previous.append((number, signal(number, noteSignal))) }
  }

  deinit {
    for (number, handler) in previous { signal(number, handler) }
  }

  /// The signal that came, if one did.
  var received: Int32? {
    let number = pendingSignal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}

private let pendingSignal = Atomic<Int32>(0)

/// Runs between any two instructions of the program: nothing here allocates or locks.
private func noteSignal(_ number: Int32) {
  if pendingSignal.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
  let text: StaticString = "\nFinishing this step, then saving; once more to stop at once.\n"
  _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
}
