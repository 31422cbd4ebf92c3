/// Bytes that do not change and that any number of values may share: a mapped file, an array, or a part of either.
///
/// Copying and slicing share the memory and keep it alive; nothing is copied until somebody asks.
public struct SharedBytes: @unchecked Sendable {
  // Unchecked because of the pointer: the memory behind it is never written while an owner is alive.
  private enum Storage {
    case array([UInt8])
    case memory(UnsafeRawBufferPointer, owner: any AnyObject & Sendable)
  }

  private let storage: Storage

  /// The part of the storage that is seen; also the byte offset in the file, when the whole file was mapped.
  package let range: Range<Int>

  /// The bytes of an array, shared with it.
  public init(_ array: [UInt8]) {
    storage = .array(array)
    range = 0..<array.count
  }

  /// Memory that belongs to `owner`.
  ///
  /// - Precondition: The memory stays valid and unchanged for as long as `owner` is alive.
  public init(_ memory: UnsafeRawBufferPointer, keptAliveBy owner: any AnyObject & Sendable) {
    storage = .memory(memory, owner: owner)
    range = 0..<memory.count
  }

  private init(storage: Storage, range: Range<Int>) {
    self.storage = storage
    self.range = range
  }

  /// The number of bytes.
  public var count: Int { range.count }

  /// Whether there are none.
  public var isEmpty: Bool { range.isEmpty }

  /// The bytes from `offsets.lowerBound` up to but not including `offsets.upperBound`, counted from the first.
  ///
  /// - Precondition: `0 <= offsets.lowerBound` and `offsets.upperBound <= count`.
  public subscript(offsets: Range<Int>) -> SharedBytes {
    precondition(offsets.lowerBound >= 0 && offsets.upperBound <= count, "range outside of the bytes")
    let start = range.lowerBound + offsets.lowerBound
    return SharedBytes(storage: storage, range: start..<(start + offsets.count))
  }

  /// The bytes from `offsets.lowerBound` to the end.
  public subscript(offsets: PartialRangeFrom<Int>) -> SharedBytes { self[offsets.lowerBound..<count] }
}

extension SharedBytes {
  /// Calls `body` with a pointer to the bytes, valid during the call only; of no particular alignment.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .memory(let memory, let owner):
      defer { withExtendedLifetime(owner) {} }
      return try body(UnsafeRawBufferPointer(rebasing: memory[range]))
    case .array(let array):
      return try array.withUnsafeBufferPointer { (buffer) throws(Failure) in
        try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[range]))
      }
    }
  }

  /// Calls `body` with the bytes as a bounds-checked span.
  public func withSpan<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBytes { (buffer) throws(Failure) in
      try body(buffer.assumingMemoryBound(to: UInt8.self).span)
    }
  }

  /// Copies all bytes to the start of `target`, those of a mapped file in the way that is fastest.
  ///
  /// - Precondition: `target` has at least ``count`` bytes.
  package func copy(to target: UnsafeMutableRawBufferPointer) {
    precondition(target.count >= count, "\(count) bytes do not fit into \(target.count)")
    if case .memory(_, let owner) = storage, let file = owner as? MappedFile { return file.copy(range, to: target) }
    withUnsafeBytes { target.copyMemory(from: $0) }
  }

  /// The bytes as an array; copies, unless they are the whole of one already.
  public var array: [UInt8] {
    if case .array(let array) = storage, array.count == count { return array }
    return withUnsafeBytes { [UInt8]($0) }
  }
}
