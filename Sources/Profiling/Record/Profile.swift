/// What was seen of a running program: everything that views, reports and advice are made from.
///
/// A profile is a plain value. Times are nanoseconds since the profile began, sizes are bytes, and everything that
/// refers to something else does so by its index: an operation names its stack in ``stacks``, a run its program in
/// ``programs``.
public struct Profile: Sendable, Hashable {
  /// What the reports call the root of their trees: the name of the model or program.
  public var name: String
  /// What ran it, and how fast that could be.
  public var machine: MachineFacts
  /// Places in source files.
  public var frames: [Frame]
  /// Call stacks: indices of ``frames``, innermost first.
  public var stacks: [[Int]]
  /// Parameters, state and slots of optimisers.
  public var variables: [VariableRecord]
  /// Each program that was compiled, with its operations and kernels.
  public var programs: [ProgramRecord]
  /// The recorded steps, in the order in which they ran.
  public var steps: [StepRecord]
  /// What held memory, and when.
  public var memory: MemoryRecord
  /// What the recording itself cost.
  public var overhead: ProfileOverhead

  /// A profile with nothing in it.
  public init(name: String = "model", machine: MachineFacts = MachineFacts()) {
    (self.name, self.machine) = (name, machine)
    (frames, stacks, variables, programs, steps) = ([], [], [], [], [])
    (memory, overhead) = (MemoryRecord(), ProfileOverhead())
  }
}
