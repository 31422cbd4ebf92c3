import MartletGraph

/// The engine that runs programs on the processor.
public final class CPUEngine: Engine {
  /// The engine that everybody uses; others exist for tests.
  public static let shared = CPUEngine(cacheBudget: Debugging.cacheBudget, check: Debugging.resultCheck)

  public let name: String

  /// Where buffers of tensors and working memory come from.
  public let pool: BufferPool

  /// Which runs are compared with the reference interpreter; none when nil.
  public let check: ResultCheck?

  /// An engine with a pool of its own.
  ///
  /// - Parameters:
  ///   - cacheBudget: Bytes of unused memory that may be kept for reuse.
  ///   - check: Which runs are compared with the reference interpreter.
  public convenience init(cacheBudget: Int = 4 << 30, check: ResultCheck? = nil) {
    self.init(pool: BufferPool(budget: cacheBudget), check: check, name: "cpu")
  }

  // Made once, since every buffer holds it.
  private let giveBack: @Sendable (UnsafeMutableRawPointer, Int) -> Void

  private init(pool: BufferPool, check: ResultCheck?, name: String) {
    (self.pool, self.check, self.name) = (pool, check, name)
    giveBack = { address, count in pool.give(address, count) }
  }

  /// An engine that takes its memory from the same pool and compares some runs with the reference interpreter.
  public func checking(_ check: ResultCheck) -> CPUEngine {
    CPUEngine(pool: pool, check: check, name: "cpu (checking \(check.probability) up to \(check.operationLimit))")
  }

  public func compile(_ program: Program) throws(GraphError) -> any Executable {
    if program.isDonated.count != program.graph.inputs.count {
      throw GraphError("cpu", "\(program.isDonated.count) donation flags for \(program.graph.inputs.count) inputs")
    }
    let plan = try Plan(program.graph, isDonated: program.isDonated)
    if Debugging.explainsPlans {
      Debugging.print("program of \(program.graph.nodes.count) nodes\n\(plan.explanation)\n")
    }
    let planned = PlannedProgram(plan: plan, engine: self)
    guard let check, check.covers(program.graph) else { return planned }
    let unchecked = CPUEngine(pool: pool, check: nil, name: "cpu")
    return CheckedProgram(planned, program, check, engine: unchecked)
  }

  /// The steps of a program, for a reader: what is fused, what is copied, how memory is used.
  public func explain(_ program: Program) throws(GraphError) -> String {
    try Plan(program.graph, isDonated: program.isDonated, describes: true).explanation
  }

  /// Memory that a run gives back when it ends.
  func workspace(byteCount: Int) throws(ExecutionError) -> UnsafeMutableRawPointer {
    if let block = pool.take(byteCount) { return block }
    throw ExecutionError(
      node: nil, message: "out of memory: \(byteCount) bytes of working space; \(pool.statistics)")
  }

  public func allocate(byteCount: Int) throws(ExecutionError) -> Buffer {
    guard let block = pool.take(byteCount) else {
      throw ExecutionError(node: nil, message: "out of memory: \(byteCount) bytes for a tensor; \(pool.statistics)")
    }
    return Buffer(address: block, byteCount: byteCount, release: giveBack)
  }
}
