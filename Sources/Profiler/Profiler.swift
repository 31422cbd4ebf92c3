public import Martlet
@_exported public import MartletProfiling
import MartletSupport
import Synchronization

/// Records what a training loop, or any other code, does, for a ``Profile``.
///
/// ```swift
/// let profiler = Profiler(model)
/// for batch in batches {
///   profiler.step {
///     let (loss, gradients) = valueAndGradient { softmaxCrossEntropy(model(batch.images), labels: batch.labels) }
///     optimizer.update(with: gradients)
///   }
/// }
/// print(try profiler.profile().report(.scope))
/// ```
/// The first steps are not recorded, because they plan programs and fill caches. While a step is recorded, it waits at
/// its end for what it computes, so that its time is its own. One thread uses a profiler.
public final class Profiler {
  /// Which steps are recorded.
  public struct Schedule: Sendable {
    /// Steps before the first that is recorded; the last few of them are timed, to know what recording costs.
    public var warmupSteps: Int
    /// At most how many steps are kept: the last ones.
    public var maximumSteps: Int
    /// The numbers of the steps to record, counted from 0; after the warm-up all if nil.
    public var steps: Set<Int>?
    /// Whether a step in which a program is planned that was not seen before is recorded, whatever its number.
    public var includesNewPrograms: Bool

    public init(
      warmupSteps: Int = 10, maximumSteps: Int = 100, steps: Set<Int>? = nil, includesNewPrograms: Bool = false
    ) {
      (self.warmupSteps, self.maximumSteps) = (max(warmupSteps, 0), max(maximumSteps, 1))
      (self.steps, self.includesNewPrograms) = (steps, includesNewPrograms)
    }
  }

  /// What reports call the root: the type of the model.
  public let name: String
  /// Which steps are recorded; may be changed while the loop runs.
  public var schedule: Schedule
  /// Whether anything is recorded; a step that is not costs nothing but a call.
  public var isEnabled = true

  private let session = ProfilingSession()
  private let modules: [(path: String, type: String)]
  private let probe: () -> MachineFacts
  private var stepCount = 0
  private var recordsNext = false
  private var plainSteps: [UInt64] = []
  /// When the step before ended, if it was recorded.
  private var previousEnd: UInt64?

  /// A profiler of a model, by whose layers operations are sorted.
  ///
  /// - Parameters:
  ///   - model: The model; its variables are given their paths as names.
  ///   - name: What reports call the root; the type of the model if nil.
  ///   - schedule: Which steps are recorded.
  ///   - machine: What the machine can do; measured once if nil, see ``MachineFacts/measured(threads:)``.
  public init(_ model: any Module, name: String? = nil, schedule: Schedule = Schedule(), machine: MachineFacts? = nil) {
    self.name = name ?? Profiler.name(of: model)
    self.schedule = schedule
    _ = model.variables
    modules = model.modules
    probe = { machine ?? .measured() }
  }

  /// A profiler of code without a model, whose operations are sorted by the names of the variables that they use.
  public init(name: String = "program", schedule: Schedule = Schedule(), machine: MachineFacts? = nil) {
    self.name = name
    self.schedule = schedule
    modules = []
    probe = { machine ?? .measured() }
  }
}

extension Profiler {
  static func name(of model: any Module) -> String { String("\(type(of: model))".prefix { $0 != "<" }) }
}

// MARK: - Steps

extension Profiler {
  /// Runs one step of a loop, and records it if its turn has come.
  ///
  /// The time from the end of one recorded step to the beginning of the next counts as waiting for input.
  ///
  /// - Parameters:
  ///   - examples: Examples in the batch, for a rate.
  ///   - tokens: Tokens or other elements of the batch, padding included.
  ///   - paddedTokens: How many of them are padding.
  @discardableResult
  public func step<Result>(
    examples: Int = 0, tokens: Int = 0, paddedTokens: Int = 0, _ body: () throws -> Result
  ) rethrows -> Result {
    let number = stepCount
    stepCount += 1
    guard isEnabled, isWanted(number) else { return try plain(number, body) }
    recordsNext = false
    let inputEnd = martlet_nanoseconds()
    let processor = martlet_processor_nanoseconds()
    let start = previousEnd ?? inputEnd
    let result = try recording(body)
    let end = martlet_nanoseconds()
    session.ended(
      ProfilingSession.Step(
        index: number, start: start, end: end, inputEnd: inputEnd, examples: examples, tokens: tokens,
        paddedTokens: paddedTokens, processorNanoseconds: Int(martlet_processor_nanoseconds() - processor)))
    session.keepSteps(schedule.maximumSteps)
    previousEnd = end
    return result
  }

  /// Records what `body` does as one step, whatever the schedule.
  @discardableResult
  public func record<Result>(_ body: () throws -> Result) rethrows -> Result {
    recordNextStep()
    return try step(body)
  }

  /// Records the next step, whatever the schedule.
  public func recordNextStep() { recordsNext = true }

  private func isWanted(_ number: Int) -> Bool {
    if recordsNext { return true }
    if let steps = schedule.steps { return steps.contains(number) }
    return number >= schedule.warmupSteps
  }

  /// Runs a step that is not recorded; the last ones of the warm-up are timed.
  private func plain<Result>(_ number: Int, _ body: () throws -> Result) rethrows -> Result {
    previousEnd = nil
    let planned = Recorder.current.plannedPrograms
    defer {
      if schedule.includesNewPrograms, Recorder.current.plannedPrograms > planned { recordNextStep() }
    }
    let timed = schedule.warmupSteps - min(5, (schedule.warmupSteps + 1) / 2)
    guard isEnabled, schedule.steps == nil, number >= timed else { return try body() }
    let start = martlet_nanoseconds()
    defer { plainSteps.append(martlet_nanoseconds() - start) }
    let result = try body()
    Recorder.current.finishFlight()
    return result
  }

  @inline(never)
  private func recording<Result>(_ body: () throws -> Result) rethrows -> Result {
    let recorder = Recorder.current
    recorder.finishFlight()
    let usual = (engine: recorder.engine, trace: recorder.trace)
    recorder.engine = ProfilingEngine(base: recorder.engine, session: session)
    recorder.trace = session.trace
    // All but the call here.
    session.trace.ignore(outerCalls: max(martlet_call_count() - 1, 0))
    defer { (recorder.engine, recorder.trace) = usual }
    let result = try body()
    // This wait is the profiler's own.
    recorder.trace = nil
    recorder.finishFlight()
    return result
  }
}

// MARK: - Result

extension Profiler {
  /// What was recorded so far.
  public func profile() -> Profile {
    var assembly = ProfileAssembly(session, name: name, machine: probe())
    var profile = assembly.assemble(modules)
    profile.overhead.plainStepNanoseconds = Int(plainSteps.sorted().dropFirst(plainSteps.count / 2).first ?? 0)
    let recorded = profile.steps.map { step in
      step.nanoseconds
        - step.waits.filter { $0.kind == .input || $0.kind == .compile }.reduce(0) { $0 + $1.nanoseconds }
    }
    profile.overhead.recordedStepNanoseconds = recorded.sorted().dropFirst(recorded.count / 2).first ?? 0
    return profile
  }
}
