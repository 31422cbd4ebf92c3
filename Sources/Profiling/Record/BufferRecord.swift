/// What memory is held for.
public enum MemoryKind: String, Sendable, Hashable, CaseIterable {
  /// Parameters and other state of a model.
  case variable
  /// Moments and other slots of an optimiser.
  case optimizerState
  /// Results of the forward pass that the backward pass needs.
  case savedForBackward
  /// Results that are soon used up.
  case temporary
  /// Numbers that the program contains.
  case constant
  /// What the program was given.
  case input
  /// What the program returns.
  case output
  /// What kernels pack and add up in, and the bodies of loops work in.
  case workspace
  /// Memory that is kept for reuse.
  case cache

  /// The name in words: `optimizer state`.
  public var label: String {
    rawValue.map { $0.isUppercase ? " " + $0.lowercased() : String($0) }.joined()
  }
}

/// Memory that one run of a program holds for a while.
public struct BufferRecord: Sendable, Hashable {
  /// Its size.
  public var bytes: Int
  /// The kernel that fills it first.
  public var firstKernel: Int
  /// The last kernel that uses it.
  public var lastKernel: Int
  /// The operation whose result it is.
  public var operation: Int?
  /// What it is for.
  public var kind: MemoryKind
  /// Where it lies in the program's arena; nil if it is not in the arena.
  public var offset: Int?
  /// Whether ``MemoryRecord/allocations`` has it as well, so that it must not be counted again for each run.
  public var isAllocatedOutside: Bool

  /// A buffer.
  public init(
    bytes: Int, firstKernel: Int, lastKernel: Int, operation: Int? = nil, kind: MemoryKind = .temporary,
    offset: Int? = nil, isAllocatedOutside: Bool = false
  ) {
    (self.bytes, self.firstKernel, self.lastKernel) = (bytes, firstKernel, lastKernel)
    (self.operation, self.kind) = (operation, kind)
    (self.offset, self.isAllocatedOutside) = (offset, isAllocatedOutside)
  }
}
