import MartletGraph

/// A machine and the speeds that were measured on it.
public struct MachineFacts: Sendable, Hashable {
  /// The processor's name.
  public var name: String
  /// Threads that the program computed with.
  public var threads: Int
  /// Processors that the program may use.
  public var processors: Int
  /// Arithmetic speed that a contraction reaches at best.
  public var computePeaks: [ComputePeak]
  /// Bandwidth of each level of memory, the smallest and fastest first.
  public var bandwidths: [MemoryBandwidth]
  /// Bytes of main memory.
  public var memoryBytes: Int

  /// Facts of a machine; nothing is known unless told.
  public init(
    name: String = "", threads: Int = 1, processors: Int = 1, computePeaks: [ComputePeak] = [],
    bandwidths: [MemoryBandwidth] = [], memoryBytes: Int = 0
  ) {
    (self.name, self.threads, self.processors) = (name, threads, processors)
    (self.computePeaks, self.bandwidths, self.memoryBytes) = (computePeaks, bandwidths, memoryBytes)
  }
}

/// The best measured arithmetic speed for one element type and number of threads.
public struct ComputePeak: Sendable, Hashable {
  /// The type of the operands.
  public var elementType: DType
  /// How many threads computed.
  public var threads: Int
  /// Additions and multiplications in a second, together.
  public var floatingPointOperationsPerSecond: Double

  /// A peak.
  public init(_ elementType: DType, threads: Int, floatingPointOperationsPerSecond: Double) {
    (self.elementType, self.threads) = (elementType, threads)
    self.floatingPointOperationsPerSecond = floatingPointOperationsPerSecond
  }
}

/// The measured bandwidth of one level of memory.
public struct MemoryBandwidth: Sendable, Hashable {
  /// `L1`, `L2`, `L3` or `memory`.
  public var level: String
  /// Bytes that fit in this level; 0 for main memory.
  public var capacityBytes: Int
  /// How many threads read and wrote.
  public var threads: Int
  /// Bytes moved in a second, read and written together.
  public var bytesPerSecond: Double

  /// The bandwidth of a level.
  public init(level: String, capacityBytes: Int, threads: Int, bytesPerSecond: Double) {
    (self.level, self.capacityBytes) = (level, capacityBytes)
    (self.threads, self.bytesPerSecond) = (threads, bytesPerSecond)
  }
}
