public import Martlet

/// The sizes and variants of a ``Llama``.
public struct LlamaConfiguration: Sendable, Hashable {
  /// Kinds of token.
  public var vocabulary: Int
  /// Size of a token's vector, and of the middle of a feed-forward network.
  public var width, hiddenWidth: Int
  /// Transformer blocks.
  public var layers: Int
  /// Heads of queries, and of keys and values, of `headWidth` elements each.
  public var heads, keyHeads, headWidth: Int
  /// The most tokens the model sees at once.
  public var context: Int
  /// What norms add to the mean square.
  public var epsilon = 1e-6
  /// The base of the rotary positions' speeds, and how they are stretched.
  public var rotaryBase = 10_000.0
  public var rotaryScaling: RotaryScaling?
  /// Whether the head is the token embedding.
  public var isTied = false
  /// Whether the maps to queries, keys and values have a bias (Qwen 2), and the one back too (Llama with
  /// `attention_bias`).
  public var hasQueryBias = false, hasOutputBias = false
  /// Whether each head's queries and keys are normalized (Qwen 3).
  public var hasQueryNorm = false

  /// A configuration of the given sizes.
  ///
  /// - Parameters:
  ///   - keyHeads: As many as `heads` if nil.
  ///   - headWidth: `width / heads` if nil.
  public init(
    vocabulary: Int, width: Int, hiddenWidth: Int, layers: Int, heads: Int, keyHeads: Int? = nil,
    headWidth: Int? = nil, context: Int
  ) {
    (self.vocabulary, self.width, self.hiddenWidth) = (vocabulary, width, hiddenWidth)
    (self.layers, self.heads, self.context) = (layers, heads, context)
    self.keyHeads = keyHeads ?? heads
    self.headWidth = headWidth ?? width / max(heads, 1)
  }
}
