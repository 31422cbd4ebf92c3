import Martlet

/// Makes numbered pieces of work on several threads, and hands the results out in order of their numbers.
///
/// At most `depth` results exist or are being made ahead of the reader, whatever the number of threads: memory is
/// bounded by the slowest piece, not by how far the fast ones could run. With no threads the reader does the work.
final class Prefetcher<Output: Sendable>: @unchecked Sendable {
  // Unchecked: every variable below is touched under `monitor` only.
  private let monitor = Monitor()
  private let make: @Sendable (Int) throws -> Output
  private let end: Int
  private let depth: Int
  private let stallLimit: Duration?
  private var results: [Int: Result<Output, any Error>] = [:]
  private var nextToMake: Int
  private var nextToRead: Int
  private var isStopped = false
  private var threadCount = 0

  /// - Parameters:
  ///   - numbers: The pieces of work.
  ///   - workers: The number of threads; 0 works on the reader's own.
  ///   - depth: The most results ahead of the reader.
  ///   - stallLimit: How long the reader waits for one result before it reports a stall.
  init(
    _ numbers: Range<Int>, workers: Int, depth: Int, stallLimit: Duration? = nil,
    make: @escaping @Sendable (Int) throws -> Output
  ) {
    self.make = make
    self.depth = max(depth, 1)
    self.stallLimit = stallLimit
    nextToMake = numbers.lowerBound
    nextToRead = numbers.lowerBound
    end = numbers.upperBound
    for _ in 0..<min(workers, numbers.count, self.depth) where startThread({ self.work() }) {
      monitor.locked { threadCount += 1 }
    }
  }

  /// The next result in order; nil behind the last. An error comes where its piece would have come, and ends the work.
  func next() throws -> Output? {
    let result: Result<Output, any Error>? = try monitor.locked {
      guard nextToRead < end, !isStopped else { return nil }
      if threadCount == 0 { return Result { try make(nextToRead) } }
      return try waitForResult()
    }
    guard let result else { return nil }
    monitor.locked {
      nextToRead += 1
      if case .failure = result { isStopped = true }
      monitor.notifyAll()
    }
    return try result.get()
  }

  /// Ends the threads as soon as they have finished what they are at.
  func stop() {
    monitor.locked {
      isStopped = true
      results = [:]
      monitor.notifyAll()
    }
  }

  private func waitForResult() throws -> Result<Output, any Error> {
    while true {
      if let result = results.removeValue(forKey: nextToRead) { return result }
      guard let stallLimit else {
        monitor.wait()
        continue
      }
      if !monitor.wait(seconds: stallLimit.inSeconds), results[nextToRead] == nil {
        isStopped = true
        monitor.notifyAll()
        throw DataError("batch \(nextToRead) of the pass was not ready after \(stallLimit); a read hangs?")
      }
    }
  }

  private func work() {
    while let number = claim() {
      let result = Result { try make(number) }
      monitor.locked {
        if !isStopped { results[number] = result }
        monitor.notifyAll()
      }
    }
  }

  /// The number of the next piece, once it is close enough to the reader; nil when there is no more to do.
  private func claim() -> Int? {
    monitor.locked {
      while !isStopped, nextToMake < end, nextToMake >= nextToRead + depth { monitor.wait() }
      guard !isStopped, nextToMake < end else { return nil }
      defer { nextToMake += 1 }
      return nextToMake
    }
  }
}
