public import Martlet
public import MartletGraph

/// A causal transformer as most open language models are: rotary positions, grouped queries, gated feed-forward networks,
/// normalization by the root mean square first. Llama, Mistral, Qwen 2 and Qwen 3 differ in the configuration alone.
///
/// - Note: Touvron et al., *LLaMA: open and efficient foundation language models*, 2023; Grattafiori et al., *The Llama 3
///   herd of models*, 2024; Yang et al., *Qwen3 technical report*, 2025.
public struct Llama: Layer {
  /// The sizes.
  public let configuration: LlamaConfiguration
  /// `[vocabulary, width]`.
  public let token: Embedding
  /// The transformer blocks.
  public let blocks: [LlamaBlock]
  /// Before the head.
  public let norm: RMSNorm
  /// To the logits; nil where it is the token embedding.
  public let head: Dense?

  /// A model with weights normal(0, 0.02).
  public init(_ configuration: LlamaConfiguration, dtype: DType = .float32) {
    self.configuration = configuration
    let small = Initializer.normal(standardDeviation: 0.02)
    let (vocabulary, width) = (configuration.vocabulary, configuration.width)
    token = Embedding(vocabulary, width, initializer: small, dtype: dtype)
    blocks = (0..<configuration.layers).map { _ in LlamaBlock(configuration, dtype) }
    norm = RMSNorm(width, epsilon: configuration.epsilon, dtype: dtype)
    head =
      configuration.isTied ? nil : Dense(width, vocabulary, hasBias: false, initializer: small, dtype: dtype)
  }

  /// - Parameter tokens: `[batch, length]` of any integer type, at most `context` long.
  /// - Returns: Logits of each next token, `[batch, length, vocabulary]`.
  public func callAsFunction(_ tokens: Tensor) -> Tensor { logits(features(tokens)) }

  /// The normalized vectors before the head, `[batch, length, width]`.
  public func features(_ tokens: Tensor) -> Tensor { norm(blocks.reduce(token(tokens)) { $1($0) }) }

  private func logits(_ x: Tensor) -> Tensor { head.map { $0(x) } ?? token.logits(x) }
}

extension Llama: LanguageModel {
  /// The most tokens that the model sees at once.
  public var context: Int { configuration.context }

  /// An empty memory for `capacity` positions.
  public func makeCache(capacity: Int) -> LlamaCache {
    let (heads, width) = (configuration.keyHeads, configuration.headWidth)
    let layers = blocks.map { _ in
      KeyValueCache(
        batch: 1, capacity: capacity, headCount: heads, headWidth: width, dtype: token.weight.type.dtype)
    }
    return LlamaCache(layers: layers, capacity: capacity)
  }

  public func nextLogits(after tokens: Tensor, cache: LlamaCache) -> Tensor {
    var x = token(tokens)
    for (block, layer) in zip(blocks, cache.layers) { x = block(x, cache: layer) }
    return logits(norm(x[0, tokens.shape[1] - 1]))
  }
}

/// The keys and values of a sequence so far, layer by layer.
public struct LlamaCache: LanguageModelCache {
  let layers: [KeyValueCache]
  /// The most positions.
  public let capacity: Int

  /// Forgets all positions.
  public func reset() { for layer in layers { layer.reset() } }
}

/// Attention and a gated feed-forward network, each on a normalized input and added to it.
public struct LlamaBlock: Layer {
  /// The norms of the two parts' inputs.
  public let attentionNorm, feedForwardNorm: RMSNorm
  /// Causal, with rotary positions.
  public let attention: GroupedQueryAttention
  /// The feed-forward network: `contract(silu(gate(x)) * expand(x))`.
  public let gate, expand, contract: Dense

  init(_ configuration: LlamaConfiguration, _ dtype: DType) {
    let (width, hidden) = (configuration.width, configuration.hiddenWidth)
    let small = Initializer.normal(standardDeviation: 0.02)
    attentionNorm = RMSNorm(width, epsilon: configuration.epsilon, dtype: dtype)
    feedForwardNorm = RMSNorm(width, epsilon: configuration.epsilon, dtype: dtype)
    attention = GroupedQueryAttention(
      width, headCount: configuration.heads, keyHeadCount: configuration.keyHeads, headWidth: configuration.headWidth,
      positions: .rotary(base: configuration.rotaryBase, scaling: configuration.rotaryScaling),
      normEpsilon: configuration.hasQueryNorm ? configuration.epsilon : nil, hasBias: configuration.hasQueryBias,
      hasOutputBias: configuration.hasOutputBias, initializer: small, dtype: dtype)
    func dense(_ a: Int, _ b: Int) -> Dense { Dense(a, b, hasBias: false, initializer: small, dtype: dtype) }
    (gate, expand, contract) = (dense(width, hidden), dense(width, hidden), dense(hidden, width))
  }

  /// - Parameter x: `[batch, length, width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, cache: nil) }

  func callAsFunction(_ x: Tensor, cache: KeyValueCache?) -> Tensor {
    let x = x + attention(attentionNorm(x), cache: cache)
    let normalized = feedForwardNorm(x)
    return x + contract(silu(gate(normalized)) * expand(normalized))
  }
}
