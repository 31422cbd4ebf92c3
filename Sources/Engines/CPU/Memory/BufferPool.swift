import MartletGraph
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A bounded cache of memory blocks, so that a step finds the pages of the step before.
///
/// Fresh pages cost about as much as the work done on them, so blocks that are given back are kept by size class,
/// up to a budget, beyond which the largest classes go back to the system first.
public final class BufferPool: Sendable {
  /// What the pool holds and has given out.
  public struct Statistics: Sendable, Hashable {
    /// Blocks that somebody holds, and their bytes as they were asked for.
    public var liveBuffers = 0
    public var liveBytes = 0
    /// Blocks that are kept for reuse, in bytes of their size classes.
    public var cachedBuffers = 0
    public var cachedBytes = 0
    /// Bytes that may be cached.
    public var budget = 0
    /// Live bytes that hold weights in the form in which contractions read them; at most a quarter of the budget.
    public var packedBytes = 0
    /// Most bytes that were live at any time.
    public var peakLiveBytes = 0

    fileprivate mutating func addLive(_ byteCount: Int) {
      liveBuffers += 1
      liveBytes += byteCount
      peakLiveBytes = max(peakLiveBytes, liveBytes)
    }
  }

  private struct State {
    var free: [[UInt]] = Array(repeating: [], count: SizeClass.count)
    var statistics = Statistics()
  }

  private let state: Mutex<State>

  /// An empty pool that keeps at most `budget` bytes for reuse.
  public init(budget: Int) {
    state = Mutex(State())
    state.withLock { $0.statistics.budget = budget }
  }

  // Engines of tests come and go; what they keep for reuse must not stay.
  deinit { clear() }

  /// Live and cached bytes, at this moment.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// Changes how many bytes may be kept for reuse; what is too much goes back to the system at once.
  public func setBudget(_ bytes: Int) {
    let surplus = state.withLock { state in
      state.statistics.budget = bytes
      return BufferPool.trim(&state)
    }
    for (block, size) in surplus { SizeClass.release(block, size) }
  }

  /// Gives every cached block back to the system.
  public func clear() {
    let budget = statistics.budget
    setBudget(0)
    state.withLock { $0.statistics.budget = budget }
  }

  /// A block of at least `byteCount` bytes, aligned to 64, or nil when there is no memory.
  func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let sizeClass = SizeClass.index(of: byteCount)
    let cached = state.withLock { state -> UInt? in
      guard let block = state.free[sizeClass].popLast() else { return nil }
      state.statistics.cachedBuffers -= 1
      state.statistics.cachedBytes -= SizeClass.size(sizeClass)
      state.statistics.addLive(byteCount)
      return block
    }
    if let cached { return UnsafeMutableRawPointer(bitPattern: cached) }
    guard let block = SizeClass.acquire(SizeClass.size(sizeClass)) else { return nil }
    state.withLock { $0.statistics.addLive(byteCount) }
    return block
  }

  /// Takes back a block that ``take(_:)`` gave for the same byte count.
  func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
    let sizeClass = SizeClass.index(of: byteCount)
    let surplus = state.withLock { state in
      state.free[sizeClass].append(UInt(bitPattern: block))
      state.statistics.liveBuffers -= 1
      state.statistics.liveBytes -= byteCount
      state.statistics.cachedBuffers += 1
      state.statistics.cachedBytes += SizeClass.size(sizeClass)
      return BufferPool.trim(&state)
    }
    for (block, size) in surplus { SizeClass.release(block, size) }
  }

  /// A block for a packed operand, nil also when there are so many that other memory is worth more.
  func takePacked(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let hasRoom = state.withLock { state in
      guard state.statistics.packedBytes + byteCount <= state.statistics.budget / 4 else { return false }
      state.statistics.packedBytes += byteCount
      return true
    }
    guard hasRoom else { return nil }
    if let block = take(byteCount) { return block }
    state.withLock { $0.statistics.packedBytes -= byteCount }
    return nil
  }

  /// Takes back a block that ``takePacked(_:)`` gave for the same byte count.
  func givePacked(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
    state.withLock { $0.statistics.packedBytes -= byteCount }
    give(block, byteCount)
  }

  private static func trim(_ state: inout State) -> [(UInt, Int)] {
    guard state.statistics.cachedBytes > state.statistics.budget else { return [] }
    var surplus: [(UInt, Int)] = []
    for sizeClass in (0..<SizeClass.count).reversed() {
      let size = SizeClass.size(sizeClass)
      while state.statistics.cachedBytes > state.statistics.budget, let block = state.free[sizeClass].popLast() {
        state.statistics.cachedBytes -= size
        state.statistics.cachedBuffers -= 1
        surplus.append((block, size))
      }
    }
    return surplus
  }
}

extension BufferPool.Statistics: CustomStringConvertible {
  /// Reads like `3 buffers, 12 MiB live (peak 40 MiB); 20 MiB of 4096 MiB cached`.
  public var description: String {
    func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 19)) >> 20) MiB" }
    let packed = packedBytes == 0 ? "" : "\(mebibytes(packedBytes)) of it packed weights, "
    return "\(liveBuffers) buffers, \(mebibytes(liveBytes)) live (\(packed)peak \(mebibytes(peakLiveBytes))); "
      + "\(mebibytes(cachedBytes)) of \(mebibytes(budget)) cached"
  }
}
