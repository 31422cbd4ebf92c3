import Synchronization

/// Counts calls from any thread.
final class Counter: Sendable {
  private let calls = Atomic<Int>(0)

  var value: Int { calls.load(ordering: .sequentiallyConsistent) }

  func count(_ sample: Int) -> Int {
    calls.add(1, ordering: .sequentiallyConsistent)
    return sample
  }
}

/// Holds callers back until it is opened.
final class Gate: Sendable {
  private let isOpen = Atomic<Bool>(false)

  func open() { isOpen.store(true, ordering: .releasing) }

  func wait(_ sample: Int) -> Int {
    while !isOpen.load(ordering: .acquiring) { _ = sample }
    return sample
  }
}
