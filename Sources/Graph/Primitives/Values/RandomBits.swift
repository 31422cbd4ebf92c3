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

  /// Bits are no function that could be differentiated, and have no floating-point operand.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    [nil]
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    try graph.batchedOneByOne(self, context)
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost { Cost(moving: operands, to: result) }

  /// None: every element depends on where it is.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let seed = operands[0].integers.map { UInt64(bitPattern: $0) }
    let words = RandomBits.words(result.sizeInBytes / 4, key: seed[0], stream: seed[1])
    if result.dtype == .uint32 { return [ReferenceTensor(result, wrapping: words.map(Int64.init))] }
    let pairs = (0..<result.elementCount).map { UInt64(words[2 * $0]) | UInt64(words[2 * $0 + 1]) << 32 }
    return [ReferenceTensor(result, wrapping: pairs.map { Int64(bitPattern: $0) })]
  }
}

extension RandomBits {
  /// The first `count` words for a key and a stream.
  static func words(_ count: Int, key: UInt64, stream: UInt64) -> [UInt32] {
    var words: [UInt32] = []
    for block in 0..<UInt64((count + 3) / 4) {
      words += philox(counter: [block.low, block.high, stream.low, stream.high], key: [key.low, key.high])
    }
    return Array(words.prefix(count))
  }

  /// One block of Philox-4×32 with ten rounds.
  ///
  /// - Parameters:
  ///   - counter: Four words, the lowest first.
  ///   - key: Two words, the lower first.
  package static func philox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var (c0, c1, c2, c3) = (counter[0], counter[1], counter[2], counter[3])
    var (k0, k1) = (key[0], key[1])
    for _ in 0..<10 {
      // The multipliers and Weyl increments are those of the paper's table 2 and section 4.
      let a = c0.multipliedFullWidth(by: 0xD251_1F53)
      let b = c2.multipliedFullWidth(by: 0xCD9E_8D57)
      (c0, c1, c2, c3) = (b.high ^ c1 ^ k0, b.low, a.high ^ c3 ^ k1, a.low)
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return [c0, c1, c2, c3]
  }
}

extension UInt64 {
  fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: self) }
  fileprivate var high: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}
