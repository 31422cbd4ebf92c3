import MartletGraph

/// A program that has been handed over to run, and whose values the recorder has not taken in yet.
///
/// While it runs, the thread that recorded it goes on recording. Its values are taken in (``Recorder/land(isOwn:)``) before
/// anything else runs and before anything is read.
final class Flight: Sendable {
  typealias Outcome = Result<[Buffer], ExecutionError>

  private let program: CachedProgram
  /// Given up before anybody learns that the program has ended, since the next one may want to overwrite them.
  nonisolated(unsafe) private var inputs: [Buffer]
  private let scalars: [UInt64]
  private let monitor = Monitor()
  // Guarded by `monitor`.
  nonisolated(unsafe) private var outcome: Outcome?

  init(_ program: CachedProgram, inputs: [Buffer], scalars: [UInt64]) {
    (self.program, self.inputs, self.scalars) = (program, inputs, scalars)
  }

  /// Runs the program on the calling thread.
  func run() {
    let outcome = program.run(inputs: inputs, scalars: scalars)
    inputs = []
    monitor.locked {
      self.outcome = outcome
      monitor.notifyAll()
    }
  }

  /// What the program gave, once it has ended.
  func wait() -> Outcome {
    monitor.locked {
      while outcome == nil { monitor.wait() }
      return outcome!
    }
  }
}

/// What a recorder remembers about its flight, by positions, which move when nodes are swept away.
struct FlightPlan {
  let flight: Flight
  /// The position of every node of the program; a failing one is looked up here.
  var positions: [Int]
  /// The positions of the values that it computes.
  var targets: [Int]
  var restorePoints: [RestorePoint]
  /// How many nodes there were when recording went on; -1 once they have been swept again.
  var nodeCount: Int

  mutating func renumber(_ position: (Int) -> Int) {
    for index in positions.indices { positions[index] = position(positions[index]) }
    for index in targets.indices { targets[index] = position(targets[index]) }
    for index in restorePoints.indices { restorePoints[index].position = position(restorePoints[index].position) }
    nodeCount = -1
  }
}

/// A thread that runs one flight after the other.
final class FlightThread: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  nonisolated(unsafe) private var waiting: [Flight] = []
  nonisolated(unsafe) private var isStarted = false

  /// Runs a flight; on this thread if the system has no other to give.
  func submit(_ flight: Flight) {
    let isRunning = monitor.locked {
      if !isStarted { isStarted = startThread { self.work() } }
      if isStarted { waiting.append(flight) }
      monitor.notifyAll()
      return isStarted
    }
    if !isRunning { flight.run() }
  }

  private func work() -> Never {
    while true {
      let flight = monitor.locked {
        while waiting.isEmpty { monitor.wait() }
        return waiting.removeFirst()
      }
      flight.run()
    }
  }
}
