/// What held memory beyond single runs of programs, and how much the process had.
public struct MemoryRecord: Sendable, Hashable {
  /// Memory that outlives a run: variables, slots of optimisers, inputs, outputs, what the user holds.
  public var allocations: [AllocationRecord]
  /// How much was reserved from the system, from time to time.
  public var samples: [MemorySample]
  /// Bytes that the engine may use; 0 if there is no limit.
  public var budgetBytes: Int

  /// A record of memory.
  public init(allocations: [AllocationRecord] = [], samples: [MemorySample] = [], budgetBytes: Int = 0) {
    (self.allocations, self.samples, self.budgetBytes) = (allocations, samples, budgetBytes)
  }
}

/// A piece of memory and its life.
public struct AllocationRecord: Sendable, Hashable {
  /// What it holds: the name of a variable or operation.
  public var name: String
  /// Its size.
  public var bytes: Int
  /// What it is for.
  public var kind: MemoryKind
  /// When it was reserved; what was there when the profile began has 0.
  public var startNanoseconds: Int
  /// When it was given back; nil if it was still there at the end.
  public var endNanoseconds: Int?
  /// The layer that it belongs to.
  public var layerPath: String
  /// Where it was made: an index of ``Profile/stacks``.
  public var stack: Int?

  /// An allocation.
  public init(
    name: String, bytes: Int, kind: MemoryKind, startNanoseconds: Int = 0, endNanoseconds: Int? = nil,
    layerPath: String = "", stack: Int? = nil
  ) {
    (self.name, self.bytes, self.kind) = (name, bytes, kind)
    (self.startNanoseconds, self.endNanoseconds) = (startNanoseconds, endNanoseconds)
    (self.layerPath, self.stack) = (layerPath, stack)
  }
}

/// The memory of the process at one moment.
public struct MemorySample: Sendable, Hashable {
  /// When.
  public var nanoseconds: Int
  /// Bytes that the engine had reserved, used or not, those in which kernels work among them.
  public var reservedBytes: Int
  /// Bytes of the process in main memory; 0 if not read.
  public var residentBytes: Int

  /// A sample.
  public init(nanoseconds: Int, reservedBytes: Int, residentBytes: Int = 0) {
    (self.nanoseconds, self.reservedBytes, self.residentBytes) = (nanoseconds, reservedBytes, residentBytes)
  }
}
