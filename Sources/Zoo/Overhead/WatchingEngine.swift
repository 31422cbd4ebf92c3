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

  let name: String
  /// Without it programs give memory in which nothing was written: what is left is what the framework costs.
  let computes: Bool
  private let state = Mutex(Notes())

  init(computes: Bool) {
    self.computes = computes
    name = computes ? "cpu (watched)" : "none (watched)"
  }

  var notes: Notes { state.withLock { $0 } }

  func compile(_ program: Program) throws(GraphError) -> any Executable {
    state.withLock { $0.program = program }
    let executable = computes ? try CPUEngine.shared.compile(program) : nil
    return Watched(executable: executable, outputTypes: program.graph.outputTypes, engine: self)
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
    let executable: (any Executable)?
    let outputTypes: [TensorType]
    let engine: WatchingEngine

    func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
      let began = ContinuousClock.now
      engine.state.withLock { $0.began = began }
      if let executable { return try executable.run(inputs: inputs, scalars: scalars) }
      var outputs: [Buffer] = []
      for type in outputTypes { outputs.append(try engine.allocate(byteCount: type.sizeInBytes)) }
      return outputs
    }
  }
}
