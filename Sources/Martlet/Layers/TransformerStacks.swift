public import MartletGraph

/// Attention to what is written, attention to what is read, and a feed-forward network: a block of a decoder.
///
/// - Note: Vaswani et al., *Attention is all you need*, NeurIPS 2017.
public struct TransformerDecoderBlock: Module {
  public let attentionNorm, crossNorm, feedForwardNorm: LayerNorm
  public let attention, crossAttention: MultiHeadAttention
  public let feedForward: FeedForward
  public let dropout: Dropout
  public let normPlacement: NormPlacement

  /// - Parameters:
  ///   - width: The size of the last dimension, a multiple of `headCount`.
  ///   - expansion: How many times wider the feed-forward network is inside.
  ///   - isCausal: Whether a position sees only itself and those before it, of what is written.
  ///   - dropoutProbability: Of an element of each part's result to become zero while training.
  ///   - seed: Determines initial weights and dropout; see ``withSeed(_:_:)``.
  public init(
    _ width: Int, headCount: Int, expansion: Int = 4, isCausal: Bool = true, hasBias: Bool = true,
    activation: Activation = .relu, normPlacement: NormPlacement = .after, dropoutProbability: Double = 0,
    epsilon: Double = 1e-5, initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    func norm() -> LayerNorm { LayerNorm(width, epsilon: epsilon, hasShift: hasBias, dtype: dtype) }
    (attentionNorm, crossNorm, feedForwardNorm) = (norm(), norm(), norm())
    self.normPlacement = normPlacement
    func attention(_ isCausal: Bool) -> MultiHeadAttention {
      MultiHeadAttention(
        width, headCount: headCount, isCausal: isCausal, hasBias: hasBias, initializer: initializer, dtype: dtype,
        fileID: fileID, line: line)
    }
    (self.attention, crossAttention, feedForward, dropout) = withSeed(seed) {
      (
        attention(isCausal), attention(false),
        FeedForward(
          width, expansion: expansion, activation: activation, hasBias: hasBias, initializer: initializer,
          dtype: dtype),
        Dropout(probability: dropoutProbability, fileID: fileID, line: line)
      )
    }
  }

  /// - Parameters:
  ///   - x: What is written, `[batch, length, width]`.
  ///   - memory: What is read, `[batch, memoryLength, width]`.
  ///   - mask: Of the attention to what is written.
  ///   - memoryMask: Of the attention to what is read; broadcasts to `[batch, heads, length, memoryLength]`.
  ///   - cache: Keys and values of what was written before.
  /// - Returns: The shape of `x`.
  public func callAsFunction(
    _ x: Tensor, memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil, cache: KeyValueCache? = nil
  ) -> Tensor {
    func part(_ x: Tensor, _ norm: LayerNorm, _ body: (Tensor) -> Tensor) -> Tensor {
      normPlacement == .before ? x + dropout(body(norm(x))) : norm(x + dropout(body(x)))
    }
    let first = part(x, attentionNorm) { attention($0, mask: mask, cache: cache) }
    let second = part(first, crossNorm) { crossAttention($0, context: memory, mask: memoryMask) }
    return part(second, feedForwardNorm) { feedForward($0) }
  }
}

/// Blocks of an encoder one after the other, and a last normalization if blocks normalize before.
public struct TransformerEncoder: Layer {
  public let blocks: [TransformerBlock]
  public let norm: LayerNorm?

  /// - Parameter block: Makes each block.
  public init(_ layerCount: Int, norm: LayerNorm? = nil, _ block: () -> TransformerBlock) {
    blocks = (0..<layerCount).map { _ in block() }
    self.norm = norm
  }

  /// - Parameter x: `[batch, length, width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, mask: nil) }

  /// - Parameter mask: Of every block's attention.
  public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
    let result = blocks.reduce(x) { $1($0, mask: mask) }
    return norm.map { $0(result) } ?? result
  }
}

/// Blocks of a decoder one after the other, and a last normalization if blocks normalize before.
public struct TransformerDecoder: Module {
  public let blocks: [TransformerDecoderBlock]
  public let norm: LayerNorm?

  /// - Parameter block: Makes each block.
  public init(_ layerCount: Int, norm: LayerNorm? = nil, _ block: () -> TransformerDecoderBlock) {
    blocks = (0..<layerCount).map { _ in block() }
    self.norm = norm
  }

  /// - Parameters:
  ///   - x: What is written, `[batch, length, width]`.
  ///   - memory: What is read, `[batch, memoryLength, width]`.
  ///   - mask: Of the attention to what is written.
  ///   - memoryMask: Of the attention to what is read.
  ///   - caches: For each block, keys and values of what was written before.
  /// - Returns: The shape of `x`.
  public func callAsFunction(
    _ x: Tensor, memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil, caches: [KeyValueCache]? = nil
  ) -> Tensor {
    let result = blocks.indices.reduce(x) {
      blocks[$1]($0, memory: memory, mask: mask, memoryMask: memoryMask, cache: caches?[$1])
    }
    return norm.map { $0(result) } ?? result
  }
}
