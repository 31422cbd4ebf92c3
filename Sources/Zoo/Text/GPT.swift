public import Martlet

/// A causal transformer over tokens: learned positions, normalization first, the head tied to the token embedding.
///
/// - Note: Radford et al., *Language models are unsupervised multitask learners*, 2019 (GPT-2); without biases it is
///   nanoGPT's default.
public struct GPT: Layer {
  /// The sizes.
  public let configuration: GPTConfiguration
  /// `[vocabulary, width]` and `[context, width]`.
  public let token, position: Embedding
  /// The transformer blocks.
  public let blocks: [GPTBlock]
  /// Before the head.
  public let norm: LayerNorm

  /// A model with weights normal(0, 0.02); those that write to the residual stream normal(0, 0.02 / √(2 · layers)).
  public init(_ configuration: GPTConfiguration) {
    self.configuration = configuration
    let small = Initializer.normal(standardDeviation: 0.02)
    token = Embedding(configuration.vocabulary, configuration.width, initializer: small)
    position = Embedding(configuration.context, configuration.width, initializer: small)
    blocks = (0..<configuration.layers).map { _ in GPTBlock(configuration) }
    norm = LayerNorm(configuration.width, hasShift: configuration.hasBias)
  }

  /// - Parameter tokens: `[batch, length]` of any integer type, at most `context` long.
  /// - Returns: Logits of each next token, `[batch, length, vocabulary]`.
  public func callAsFunction(_ tokens: Tensor) -> Tensor {
    var x = token(tokens) + position.weight.tensor[0..<tokens.shape[1]]
    for block in blocks { x = block(x) }
    return token.logits(norm(x))
  }

  /// The logits after the last of some more tokens of one sequence.
  ///
  /// - Parameters:
  ///   - tokens: `[1, length]`; the cache has room for them.
  ///   - cache: What the sequence left so far; the tokens are added to it.
  /// - Returns: `[vocabulary]`.
  public func nextLogits(after tokens: Tensor, cache: GPTCache) -> Tensor {
    let length = tokens.shape[1]
    let places = Tensor.range(0..<length) + cache.count.tensor
    var x = token(tokens) + position(places)
    let isVisible = Tensor.range(0..<cache.capacity) .<= places.expandingDimensions(at: 1)
    for (block, layer) in zip(blocks, cache.layers) { x = block(x, cache: layer, places: places, isVisible: isVisible) }
    cache.count.tensor = cache.count.tensor + Double(length)
    return token.logits(norm(x[0, length - 1]))
  }
}

/// Attention and a feed-forward network, each on a normalized input and added to it.
public struct GPTBlock: Layer {
  let attentionNorm, feedForwardNorm: LayerNorm
  /// Maps to queries, keys and values, in this order, `[width, 3 * width]`.
  let queryKeyValue: Dense
  let project, expand, contract: Dense
  let heads: Int
  let usesTanhGELU: Bool

  init(_ configuration: GPTConfiguration) {
    let (width, hasBias) = (configuration.width, configuration.hasBias)
    let small = Initializer.normal(standardDeviation: 0.02)
    let residual = Initializer.normal(standardDeviation: 0.02 / (2 * Double(configuration.layers)).squareRoot())
    attentionNorm = LayerNorm(width, hasShift: hasBias)
    feedForwardNorm = LayerNorm(width, hasShift: hasBias)
    queryKeyValue = Dense(width, 3 * width, hasBias: hasBias, initializer: small)
    project = Dense(width, width, hasBias: hasBias, initializer: residual)
    expand = Dense(width, 4 * width, hasBias: hasBias, initializer: small)
    contract = Dense(4 * width, width, hasBias: hasBias, initializer: residual)
    heads = configuration.heads
    usesTanhGELU = configuration.usesTanhGELU
  }

  /// - Parameter x: `[batch, length, width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (query, key, value) = split(x)
    return finish(x, attention(query, key, value, isCausal: true))
  }

  /// As above for more positions of a sequence whose keys and values are in `cache`.
  func callAsFunction(_ x: Tensor, cache: GPTCache.Layer, places: Tensor, isVisible: Tensor) -> Tensor {
    let (query, key, value) = split(x)
    cache.keys.tensor = cache.keys.tensor.scattering(key, at: places, axis: 1)
    cache.values.tensor = cache.values.tensor.scattering(value, at: places, axis: 1)
    return finish(x, attention(query, cache.keys.tensor, cache.values.tensor, mask: isVisible))
  }

  private func split(_ x: Tensor) -> (Tensor, Tensor, Tensor) {
    let parts = queryKeyValue(attentionNorm(x)).chunks(3, axis: -1).map { $0.unflattened(axis: -1, to: [heads, -1]) }
    return (parts[0], parts[1], parts[2])
  }

  private func finish(_ x: Tensor, _ attended: Tensor) -> Tensor {
    let x = x + project(attended.flattened(from: 2))
    return x + contract(gelu(expand(feedForwardNorm(x)), approximation: usesTanhGELU ? .tanh : .none))
  }
}

/// The keys and values of a sequence so far, so that each further token costs one position.
public struct GPTCache: Module {
  struct Layer: Module {
    /// `[1, capacity, heads, width / heads]`.
    let keys, values: State
  }

  let layers: [Layer]
  /// Positions that are filled, `int64 []`.
  public let count: State
  /// The most positions.
  public let capacity: Int

  /// An empty cache of a model.
  ///
  /// - Precondition: At most the model's context.
  public init(_ configuration: GPTConfiguration, capacity: Int? = nil) {
    let capacity = capacity ?? configuration.context
    precondition(capacity <= configuration.context, "a cache of \(capacity) positions exceeds the model's context")
    self.capacity = capacity
    let shape: Shape = [1, capacity, configuration.heads, configuration.width / configuration.heads]
    layers = (0..<configuration.layers).map { _ in Layer(keys: State(.zeros(shape)), values: State(.zeros(shape))) }
    count = State(.zeros([], dtype: .int64))
  }

  /// Forgets all positions.
  public func reset() { count.tensor = .zeros([], dtype: .int64) }
}
