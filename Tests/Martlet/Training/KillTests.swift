import Martlet
import MartletFormats
import MartletTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite(.endsAtZero) struct KillTests {
  /// A run that saves after every step, and so is writing a checkpoint most of the time.
  private static func options(_ folder: String) -> TrainingOptions {
    var options = quietOptions(.epochs(6), output: folder)
    options.checkpointInterval = 1
    return options
  }

  @Test func `runs killed at 50 random instants lose no checkpoint, go on, and end as a straight one`() async throws {
    let scratch = try TrainingScratch()
    let straight = Run(KillTests.options(scratch.file("straight")))
    let duration = try ContinuousClock().measure { try straight.trainer.run() }
    let longest = UInt32(duration / .microseconds(2))
    var random = TrainingRandom(state: 4)
    var interruptedWrites = 0
    for round in 0..<10 {
      let folder = scratch.file("killed\(round)")
      var reached = 0
      for _ in 0..<5 {
        await runUntilKilled(in: folder, after: UInt32.random(in: 0...longest, using: &random))
        let step = try newestStep(in: folder)
        #expect(step >= reached)
        reached = step
        if leftovers(in: folder) > 0 { interruptedWrites += 1 }
      }
      let last = Run(KillTests.options(folder))
      try last.trainer.run()
      #expect(last.bits == straight.bits)
      for file in ["log.jsonl", "weights.safetensors", "checkpoints/step-00000030/optimizer.safetensors"] {
        #expect(
          try FileSystem.read("\(folder)/\(file)") == FileSystem.read(scratch.file("straight/\(file)")), "\(file)")
      }
      #expect(leftovers(in: folder) == 0)
    }
    // Otherwise the instants were not where it hurts.
    #expect(interruptedWrites > 0)
  }

  /// Goes on with the run of a folder in a process that is killed some microseconds after it began.
  private func runUntilKilled(in folder: String, after delay: UInt32) async {
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, delay = delay as UInt32] in
      let run = Run(KillTests.options(folder))
      _ = startThread {
        usleep(delay)
        kill(getpid(), SIGKILL)
      }
      try run.trainer.run()
      // A fast machine may finish first.
      while true { usleep(1000) }
    }
  }

  /// The step of the newest checkpoint, each of which must load into a model made anew.
  private func newestStep(in folder: String) throws -> Int {
    let checkpoints = try Checkpoint.all(in: folder + "/checkpoints")
    for checkpoint in checkpoints {
      try checkpoint.verify()
      let fresh = Run(quietOptions(.epochs(1)))
      let variables = Dictionary(uniqueKeysWithValues: fresh.model.namedVariables.map { ($0.name, $0.variable) })
      let states = Dictionary(uniqueKeysWithValues: fresh.optimizer.states.map { ($0.name, $0 as Variable) })
      try checkpoint.load(model: variables, optimizer: states)
    }
    return checkpoints.last?.step ?? 0
  }

  /// Folders that a kill left half written, or half removed.
  private func leftovers(in folder: String) -> Int {
    let names = (try? FileSystem.contents(of: folder + "/checkpoints")) ?? []
    return names.count { $0.hasPrefix(".") }
  }
}
