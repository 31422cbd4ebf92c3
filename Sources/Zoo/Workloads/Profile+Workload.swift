import MartletProfiler
public import MartletProfiling

extension Profile {
  /// Records some steps of a workload.
  ///
  /// - Parameters:
  ///   - steps: Steps that are recorded, after `warmupSteps` that are not.
  ///   - timeLimit: No further step begins after this long, once there are three.
  /// - Returns: nil if there is no workload of that name.
  /// - Throws: An `ExecutionError` if memory runs out.
  public static func recording(
    workload name: String, steps: Int = 10, warmupSteps: Int = 5, timeLimit: Duration = .seconds(20)
  ) throws -> Profile? {
    guard var work = try Workloads.make(name) else { return nil }
    let schedule = Profiler.Schedule(warmupSteps: warmupSteps, maximumSteps: max(steps, 1))
    let profiler =
      work.module.map { Profiler($0, name: name, schedule: schedule) } ?? Profiler(name: name, schedule: schedule)
    let start = ContinuousClock.now
    for step in 0..<warmupSteps + max(steps, 1) {
      if step >= warmupSteps + 3, ContinuousClock.now - start > timeLimit { break }
      try profiler.step(examples: work.itemsPerStep) { _ = try work.step() }
    }
    return profiler.profile()
  }
}
