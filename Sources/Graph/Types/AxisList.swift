/// A short list of axes in one machine word, so that attributes of primitives stay plain data.
@frozen
public struct AxisList: Sendable, Hashable {
  // One byte an axis, the first in the lowest byte; 0xFF marks the end.
  @usableFromInline var packed: UInt64

  /// No axes.
  @inlinable public init() { packed = .max }

  /// The axes of `elements`, in order.
  ///
  /// - Precondition: At most eight of them, each in `0..<8`.
  @inlinable
  public init(_ elements: some Sequence<Int>) {
    self.init()
    for axis in elements { append(axis) }
  }

  /// Adds an axis at the end.
  @inlinable
  public mutating func append(_ axis: Int) {
    precondition(axis >= 0 && axis < Shape.maximumRank && count < Shape.maximumRank, "axis list out of range")
    let shift = UInt64(count * 8)
    packed = (packed & ~(0xFF << shift)) | (UInt64(axis) << shift)
  }
}

extension AxisList: RandomAccessCollection, ExpressibleByArrayLiteral, CustomStringConvertible {
  @inlinable public init(arrayLiteral elements: Int...) { self.init(elements) }

  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { (64 - (~packed).leadingZeroBitCount + 7) / 8 }
  @inlinable public var count: Int { endIndex }
  @inlinable public subscript(index: Int) -> Int { Int((packed >> UInt64(index * 8)) & 0xFF) }

  /// The word that holds the list, for hashing.
  @inlinable public var bits: UInt64 { packed }

  public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}
