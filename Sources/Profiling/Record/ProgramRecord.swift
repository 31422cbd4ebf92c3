/// A compiled program.
public struct ProgramRecord: Sendable, Hashable {
  /// The hash of its structure: the same program has the same identifier in other profiles.
  public var id: UInt64
  /// What reports call it.
  public var name: String
  /// What it computes, operands before their users.
  public var operations: [OperationRecord]
  /// What the engine made of the operations, in the order in which they run.
  public var kernels: [KernelRecord]
  /// Memory that a run holds.
  public var buffers: [BufferRecord]
  /// Bytes of the arena that buffers share; 0 if they do not.
  public var arenaBytes: Int
  /// How long planning and compiling took.
  public var compileNanoseconds: Int

  /// A program.
  public init(
    id: UInt64 = 0, name: String, operations: [OperationRecord] = [], kernels: [KernelRecord] = [],
    buffers: [BufferRecord] = [], arenaBytes: Int = 0, compileNanoseconds: Int = 0
  ) {
    (self.id, self.name, self.operations, self.kernels) = (id, name, operations, kernels)
    (self.buffers, self.arenaBytes, self.compileNanoseconds) = (buffers, arenaBytes, compileNanoseconds)
  }
}
