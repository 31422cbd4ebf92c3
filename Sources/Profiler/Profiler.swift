public import Martlet
@_exported public import MartletProfiling
import MartletKernels
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
/// its end for what it computes, so that its time is its own. One thread goes through the steps; what others compute
/// meanwhile is recorded by ``threadRecorder``.
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
  /// Which profiles are saved while the loop goes on; none if nil.
  public var dumps: ProfileDumps?
  /// Is given a sentence when a profile cannot be saved.
  public var warn: (String) -> Void = { print($0) }

  private let session = ProfilingSession()
  private let modules: [(path: String, type: String)]
  /// All that the model has, read or not.
  private let variables: [Variable]
  /// What the machine can do, if somebody said; measured otherwise.
  private let machine: MachineFacts?
  private var stepCount = 0
  private var recordsNext = false
  private var plainSteps: [UInt64] = []
  /// When the step before ended, if it was recorded.
  private var previousEnd: UInt64?
  /// How much main memory the process had, and when that was asked.
  private var lastResident: (time: UInt64, bytes: Int) = (0, 0)

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
    (variables, modules) = (model.variables, model.modules)
    self.machine = machine
  }

  /// A profiler of code without a model, whose operations are sorted by the names of the variables that they use.
  public init(name: String = "program", schedule: Schedule = Schedule(), machine: MachineFacts? = nil) {
    self.name = name
    self.schedule = schedule
    (variables, modules) = ([], [])
    self.machine = machine
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
    session.isInStep.store(true, ordering: .relaxed)
    defer { session.isInStep.store(false, ordering: .relaxed) }
    let inputEnd = martlet_nanoseconds()
    let processor = martlet_processor_nanoseconds()
    let start = previousEnd ?? inputEnd
    let result = try session.recording(thread: 0, body)
    let end = martlet_nanoseconds()
    session.ended(
      ProfilingSession.Step(
        index: number, start: start, end: end, inputEnd: inputEnd, examples: examples, tokens: tokens,
        paddedTokens: paddedTokens, processorNanoseconds: Int(martlet_processor_nanoseconds() - processor),
        residentBytes: residentBytes(at: end)))
    session.keepSteps(schedule.maximumSteps)
    previousEnd = end
    if let dumps, dumps.steps.contains(number) { dump(number, dumps) }
    return result
  }

  /// Bytes of the process in main memory, asked again after ten milliseconds: the answer takes the system some of the time
  /// that a short step takes.
  private func residentBytes(at now: UInt64) -> Int {
    if now - lastResident.time >= 10_000_000 { lastResident = (now, Processor.residentBytes) }
    return lastResident.bytes
  }

  private func dump(_ number: Int, _ dumps: ProfileDumps) {
    do {
      try dumps.save(profile(), after: number)
    } catch {
      warn("no profile of step \(number): \(error)")
    }
    // What saving took is no waiting for input.
    previousEnd = nil
  }

  /// Records what threads other than that of the steps compute.
  public var threadRecorder: ThreadRecorder { ThreadRecorder(session: session) }

  /// Records what `body` does as one step, whatever the schedule.
  @discardableResult
  public func record<Result>(_ body: () throws -> Result) rethrows -> Result {
    recordNextStep()
    return try step(body)
  }

  /// Records the next step, whatever the schedule.
  public func recordNextStep() { recordsNext = true }

  private func isWanted(_ number: Int) -> Bool {
    if recordsNext || dumps?.steps.contains(number) == true { return true }
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
}

// MARK: - Result

extension Profiler {
  /// What was recorded so far.
  public func profile() -> Profile {
    let costs = machine == nil ? KnownMachine.shared.costs(threads: martlet_pool_threads()) : nil
    var assembly = ProfileAssembly(session, name: name, machine: machine ?? .measured(), costs: costs)
    var profile = assembly.assemble(modules, variables)
    profile.overhead.plainStepNanoseconds = Int(plainSteps.sorted().dropFirst(plainSteps.count / 2).first ?? 0)
    let recorded = profile.steps.map { step in
      step.nanoseconds
        - step.waits.filter { $0.kind == .input || $0.kind == .compile }.reduce(0) { $0 + $1.nanoseconds }
    }
    profile.overhead.recordedStepNanoseconds = recorded.sorted().dropFirst(recorded.count / 2).first ?? 0
    return profile
  }
}
