public import Martlet

extension Trainer {
  /// Records the updates of a run, as the profiler's schedule says.
  ///
  /// ```swift
  /// let profiler = Profiler(model, schedule: .init(warmupSteps: 20, maximumSteps: 50))
  /// profiler.dumps = ProfileDumps("runs/digits/profiles", steps: [100, 1000])
  /// trainer.record(with: profiler, examples: 128)
  /// try trainer.run()
  /// print(try profiler.profile().report(.scope))
  /// ```
  /// Steps are counted from where the run begins or goes on. The time between updates counts as waiting for input: for
  /// the next batch, but also for callbacks, checkpoints and validation.
  ///
  /// - Parameter examples: Examples in an update, for a rate.
  public func record(with profiler: Profiler, examples: Int = 0) {
    aroundSteps = { _, body in try profiler.step(examples: examples, body) }
  }
}
