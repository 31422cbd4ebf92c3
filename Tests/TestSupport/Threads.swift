import Martlet
import Synchronization

/// Runs `body` on so many threads at once, each with its number, and waits for all of them.
///
/// Threads of their own, because tasks share as many as there are processors, and never more.
package func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let monitor = Monitor()
  let running = Counter(count)
  for number in 0..<count {
    let isStarted = startThread {
      body(number)
      monitor.locked {
        running.value.subtract(1, ordering: .relaxed)
        monitor.notifyAll()
      }
    }
    precondition(isStarted, "the system has no thread to give")
  }
  monitor.locked {
    while running.value.load(ordering: .relaxed) > 0 { monitor.wait() }
  }
}

private final class Counter: Sendable {
  let value: Atomic<Int>
  init(_ count: Int) { value = Atomic(count) }
}
