/// Uniform random bits, a pure function of key, stream and position: the same on every engine and thread count.
///
/// The operand is `uint64 [2]`: the key and the stream. Word *i* of the result, in row-major order and in units of
/// 32 bits, is word *i* mod 4 of the Philox-4×32-10 block with counter (*i* / 4 low, *i* / 4 high, stream low,
/// stream high) and that key. A `uint64` element takes two words, the low half first.
///
/// - Note: Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC 2011.
public struct RandomBits: PrimitiveRules {
  /// `uint32` or `uint64`, of any shape.
  public var type: TensorType

  public init(_ type: TensorType) { self.type = type }

  public var name: String { "randomBits" }
  public var primitive: Primitive { .randomBits(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    if type.dtype != .uint32 && type.dtype != .uint64 {
      throw GraphError(name, "bits are uint32 or uint64, not \(type.dtype)")
    }
    let key = operands[operands.startIndex]
    if key != TensorType(.uint64, [2]) { throw GraphError(name, "key and stream are uint64 [2], not \(key)") }
    return type
  }
}
