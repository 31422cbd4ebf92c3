import MartletProfiler
public import MartletProfiling

extension Profile {
  /// Records some steps of a workload.
  ///
  /// - Returns: nil if there is no workload of that name.
  /// - Throws: An `ExecutionError` if memory runs out.
  public static func recording(workload name: String, plan: RecordingPlan = RecordingPlan()) throws -> Profile? {
    guard var work = try Workloads.make(name) else { return nil }
    return try recording(work.module, name: name, plan: plan, examples: work.itemsPerStep) { _ = try work.step() }
  }
}
