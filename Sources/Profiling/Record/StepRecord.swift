/// One step of a training loop, or whatever was marked as a step.
public struct StepRecord: Sendable, Hashable {
  /// Its number in the training loop, which need not begin with 0.
  public var index: Int
  /// When it began.
  public var startNanoseconds: Int
  /// When it ended.
  public var endNanoseconds: Int
  /// What ran in it.
  public var runs: [ProgramRun]
  /// When the program stood still.
  public var waits: [Wait]
  /// Examples in its batch; 0 if not told.
  public var examples: Int
  /// Tokens or other elements of its batch, padding included; 0 if not told.
  public var tokens: Int
  /// How many of ``tokens`` were padding.
  public var paddedTokens: Int
  /// Processor time of the whole process during the step, over all threads; 0 if not read.
  public var processorNanoseconds: Int

  /// A step.
  public init(
    index: Int, startNanoseconds: Int, endNanoseconds: Int, runs: [ProgramRun] = [], waits: [Wait] = [],
    examples: Int = 0, tokens: Int = 0, paddedTokens: Int = 0, processorNanoseconds: Int = 0
  ) {
    (self.index, self.startNanoseconds, self.endNanoseconds) = (index, startNanoseconds, endNanoseconds)
    (self.runs, self.waits, self.examples) = (runs, waits, examples)
    (self.tokens, self.paddedTokens) = (tokens, paddedTokens)
    self.processorNanoseconds = processorNanoseconds
  }

  /// How long it took.
  public var nanoseconds: Int { endNanoseconds - startNanoseconds }

  /// The part of a wait in which no program ran: reading a value mostly waits for what is being computed.
  public func idleNanoseconds(_ wait: Wait) -> Int {
    var idle = wait.nanoseconds
    for run in runs {
      idle -= max(
        0, min(run.endNanoseconds, wait.endNanoseconds) - max(run.startNanoseconds, wait.startNanoseconds))
    }
    return max(0, idle)
  }
}

/// One run of a program.
public struct ProgramRun: Sendable, Hashable {
  /// The index in ``Profile/programs``.
  public var program: Int
  /// When it began.
  public var startNanoseconds: Int
  /// When it ended.
  public var endNanoseconds: Int
  /// When its kernels ran; empty if that was not measured.
  public var kernels: [KernelTime]

  /// A run.
  public init(program: Int, startNanoseconds: Int, endNanoseconds: Int, kernels: [KernelTime] = []) {
    (self.program, self.kernels) = (program, kernels)
    (self.startNanoseconds, self.endNanoseconds) = (startNanoseconds, endNanoseconds)
  }
}

/// When one kernel ran.
public struct KernelTime: Sendable, Hashable {
  /// The index in ``ProgramRecord/kernels``.
  public var kernel: Int
  /// When it began.
  public var startNanoseconds: Int
  /// When it ended.
  public var endNanoseconds: Int
  /// The thread that started it; 0 is the first. On an accelerator, the queue.
  public var thread: Int

  /// A time.
  public init(kernel: Int, startNanoseconds: Int, endNanoseconds: Int, thread: Int = 0) {
    (self.kernel, self.thread) = (kernel, thread)
    (self.startNanoseconds, self.endNanoseconds) = (startNanoseconds, endNanoseconds)
  }

  /// How long it took.
  public var nanoseconds: Int { endNanoseconds - startNanoseconds }
}

/// A time in which the program stood still.
public struct Wait: Sendable, Hashable {
  /// What for.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The next batch.
    case input
    /// A value that the program read.
    case read
    /// A program to be compiled.
    case compile
    /// Operations to be recorded.
    case record
    /// Other processes or machines.
    case collective
  }

  /// What for.
  public var kind: Kind
  /// When it began.
  public var startNanoseconds: Int
  /// When it ended.
  public var endNanoseconds: Int
  /// What asked for it: an index of ``Profile/stacks``.
  public var stack: Int?

  /// A wait.
  public init(kind: Kind, startNanoseconds: Int, endNanoseconds: Int, stack: Int? = nil) {
    (self.kind, self.stack) = (kind, stack)
    (self.startNanoseconds, self.endNanoseconds) = (startNanoseconds, endNanoseconds)
  }

  /// How long it took.
  public var nanoseconds: Int { endNanoseconds - startNanoseconds }
}
