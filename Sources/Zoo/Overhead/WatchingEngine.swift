import Martlet
import MartletCPU
import MartletGraph
import Synchronization

/// The CPU engine, and a note of when it was called and for what.
final class WatchingEngine: Engine {
  struct Notes {
    /// The last program that was planned.
    var program: Program?
    /// When the last run began.
    var began = ContinuousClock.now
  }

  let name = "cpu (watched)"
  private let state = Mutex(Notes())

  var notes: Notes { state.withLock { $0 } }

  func compile(_ program: Program) throws(GraphError) -> any Executable {
    state.withLock { $0.program = program }
    return Watched(executable: try CPUEngine.shared.compile(program), engine: self)
  }

  func allocate(byteCount: Int) throws(ExecutionError) -> Buffer {
    try CPUEngine.shared.allocate(byteCount: byteCount)
  }

  /// Calls `body` while this thread computes with the engine.
  func whileUsed<Result>(_ body: () throws -> Result) rethrows -> Result {
    let recorder = Recorder.current
    let usual = recorder.engine
    recorder.engine = self
    defer { recorder.engine = usual }
    return try body()
  }

  private struct Watched: Executable {
    let executable: any Executable
    let engine: WatchingEngine

    func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
      let began = ContinuousClock.now
      engine.state.withLock { $0.began = began }
      return try executable.run(inputs: inputs, scalars: scalars)
    }
  }
}
