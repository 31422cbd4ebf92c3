import Martlet
import MartletCPU
import MartletGraph
import MartletKernels
import MartletSupport

/// An engine that plans and runs programs as another does, and notes how long their kernels take.
struct ProfilingEngine: Engine {
  let base: any Engine
  let session: ProfilingSession
  /// The number of the thread whose programs it runs.
  let thread: Int

  /// Programs that another session or thread planned are none of this one's.
  var name: String { "\(base.name), profiled for \(session.number), thread \(thread)" }

  func compile(_ program: Program) throws(GraphError) -> any Executable {
    let start = martlet_nanoseconds()
    if let cpu = base as? CPUEngine {
      let measured = try cpu.measured(program)
      let number = session.compiled(program, measured.description, since: start)
      return MeasuredExecutable(measured: measured, number: number, session: session, thread: thread, pool: cpu.pool)
    }
    let plain = try base.compile(program)
    let number = session.compiled(program, PlanDescription(unplanned: program.graph), since: start)
    return PlainExecutable(executable: plain, number: number, session: session, thread: thread)
  }

  func allocate(byteCount: Int) throws(ExecutionError) -> Buffer { try base.allocate(byteCount: byteCount) }
}

// Programs stay planned when the profiler has gone, and results may outlive it; a session that they kept would keep the
// variables of its model.

/// A program whose kernels are timed.
private struct MeasuredExecutable: Executable {
  let measured: MeasuredProgram
  let number: Int
  weak let session: ProfilingSession?
  let thread: Int
  let pool: BufferPool

  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    var memory = ProfilingSession.Memory(liveBytes: pool.statistics.liveBytes)
    let start = martlet_nanoseconds()
    let (outputs, times) = try measured.run(inputs: inputs, scalars: scalars)
    let end = martlet_nanoseconds()
    let after = pool.statistics
    memory.reservedBytes = after.liveBytes + after.cachedBytes - measured.unusedBytes
    memory.scratchBytes = martlet_scratch_bytes()
    session?.ran(
      ProfilingSession.Run(
        program: number, start: start, end: end, kernels: times.entries, thread: thread, memory: memory))
    guard let session else { return outputs }
    let given = Set(inputs.map(ObjectIdentifier.init))
    return outputs.enumerated().map { index, buffer in
      given.contains(ObjectIdentifier(buffer))
        ? buffer : session.tracked(buffer, program: number, output: index, since: start)
    }
  }
}

/// A program of an engine that tells no more than how long it takes.
private struct PlainExecutable: Executable {
  let executable: any Executable
  let number: Int
  weak let session: ProfilingSession?
  let thread: Int

  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    let start = martlet_nanoseconds()
    let outputs = try executable.run(inputs: inputs, scalars: scalars)
    let end = martlet_nanoseconds()
    let whole = KernelTimes.Entry(start: start, end: end, nanoseconds: end - start, runs: 1)
    session?.ran(
      ProfilingSession.Run(
        program: number, start: start, end: end, kernels: [whole], thread: thread, memory: .init()))
    return outputs
  }
}
