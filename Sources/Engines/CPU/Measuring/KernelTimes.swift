import MartletGraph
import MartletKernels
import MartletSupport

/// How long each kernel of a program took in one run; of the bodies of loops, all turns together.
///
/// Kernels are numbered as in ``PlanDescription/allKernels``.
package final class KernelTimes {
  /// What one kernel took.
  package struct Entry: Sendable {
    /// When it began first and ended last, in nanoseconds of the machine's clock.
    package var start: UInt64 = 0
    package var end: UInt64 = 0
    /// The time of all its runs together, that of bodies included.
    package var nanoseconds: UInt64 = 0
    package var runs = 0
    /// The most bytes in which it packed or added up, in any of its runs.
    package var scratchBytes = 0

    package init(start: UInt64 = 0, end: UInt64 = 0, nanoseconds: UInt64 = 0, runs: Int = 0) {
      (self.start, self.end, self.nanoseconds, self.runs) = (start, end, nanoseconds, runs)
    }
  }

  package private(set) var entries: [Entry]
  private let first: [ObjectIdentifier: Int]
  /// The most bytes that kernels needed since somebody last asked.
  private var scratchBytes = 0

  /// - Parameter first: The number of the first kernel of each plan.
  fileprivate init(_ first: [ObjectIdentifier: Int], count: Int) {
    self.first = first
    entries = [Entry](repeating: Entry(), count: count)
  }

  /// Runs the steps of a plan and notes their times.
  func run(_ plan: Plan, _ frame: Frame) throws(ExecutionError) {
    var number = first[ObjectIdentifier(plan)]!
    let outer = scratchBytes
    var most = 0
    _ = martlet_scratch_most_borrowed()
    var now = martlet_nanoseconds()
    for step in plan.steps {
      scratchBytes = 0
      try step.run(frame)
      let end = martlet_nanoseconds()
      note(number, now, end)
      scratchBytes = max(scratchBytes, martlet_scratch_most_borrowed())
      entries[number].scratchBytes = max(entries[number].scratchBytes, scratchBytes)
      most = max(most, scratchBytes)
      now = end
      number += 1 + step.bodies.reduce(0) { $0 + $1.plan.kernelCount }
    }
    scratchBytes = max(outer, most)
  }

  private func note(_ number: Int, _ start: UInt64, _ end: UInt64) {
    if entries[number].runs == 0 { entries[number].start = start }
    entries[number].end = end
    entries[number].nanoseconds += end - start
    entries[number].runs += 1
  }
}

extension Plan {
  /// The number of kernels, those of bodies included.
  var kernelCount: Int { steps.reduce(0) { $0 + 1 + $1.bodies.reduce(0) { $0 + $1.plan.kernelCount } } }

  /// Numbers the kernels of this plan and of its bodies from `next` on.
  fileprivate func number(from next: inout Int, _ first: inout [ObjectIdentifier: Int]) {
    first[ObjectIdentifier(self)] = next
    for step in steps {
      next += 1
      for body in step.bodies { body.plan.number(from: &next, &first) }
    }
  }
}

/// A planned program that tells what it consists of and how long its kernels take.
package struct MeasuredProgram: Sendable {
  package let description: PlanDescription
  private let planned: PlannedProgram
  private let first: [ObjectIdentifier: Int]
  private let count: Int

  init(_ planned: PlannedProgram) {
    self.planned = planned
    description = planned.plan.description ?? PlanDescription()
    var next = 0
    var first: [ObjectIdentifier: Int] = [:]
    planned.plan.number(from: &next, &first)
    (self.first, count) = (first, next)
  }

  /// By how much the block in which a run works is larger than its arena, because the pool rounds sizes up; nobody ever
  /// touches that, so it takes no memory.
  package var unusedBytes: Int {
    let arena = description.arenaBytes
    return arena > 0 ? SizeClass.size(SizeClass.index(of: arena)) - arena : 0
  }

  /// As ``Executable/run(inputs:scalars:)``, and the times.
  package func run(
    inputs: [Buffer], scalars: [UInt64]
  ) throws(ExecutionError) -> (outputs: [Buffer], times: KernelTimes) {
    let times = KernelTimes(first, count: count)
    return (try planned.run(inputs: inputs, scalars: scalars, times: times), times)
  }
}

extension CPUEngine {
  /// Plans a program as ``compile(_:)`` does, for a profiler.
  package func measured(_ program: Program) throws(GraphError) -> MeasuredProgram {
    let plan = try Plan(program.graph, isDonated: program.isDonated, describes: true)
    return MeasuredProgram(PlannedProgram(plan: plan, engine: self))
  }
}
