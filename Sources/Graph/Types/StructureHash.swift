/// A fast hash of the structure of graphs: of operations, attributes, types and wiring, never of values.
///
/// Each word is folded in by a full 64 × 64 multiplication, the mixing step of the wyhash family. It needs to be
/// good, not secure: both sides of every comparison are made by this process.
@frozen
public struct StructureHash: Sendable, Hashable {
  @usableFromInline var word: UInt64

  /// The hash of what has been folded in so far.
  @inlinable public var state: UInt64 { word }

  @inlinable public init(seed: UInt64 = 0x9E37_79B9_7F4A_7C15) { self.init(raw: seed) }
  @usableFromInline init(raw: UInt64) { word = raw }

  /// Folds one word in.
  @inlinable
  public mutating func mix(_ next: UInt64) {
    let product = (word ^ next ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: next ^ 0xE703_7ED1_A0B4_28DB)
    word = product.high ^ product.low ^ word &+ 0x8EBC_6AF0_9C88_C6E3
  }

  @inlinable public mutating func mix(_ word: Int) { mix(UInt64(bitPattern: Int64(word))) }
  @inlinable public mutating func mix(_ flag: Bool) { mix(flag ? 1 as UInt64 : 2) }
  @inlinable public mutating func mix(_ axes: AxisList) { mix(axes.bits) }
  @inlinable public mutating func mix(_ kind: some RawRepresentable<UInt8>) { mix(UInt64(kind.rawValue)) }

  @inlinable
  public mutating func mix(_ shape: Shape) {
    mix(shape.rank)
    for i in 0..<shape.rank { mix(shape.sizes[i]) }
  }

  @inlinable
  public mutating func mix(_ type: TensorType) {
    mix(type.dtype)
    mix(type.shape)
  }
}
