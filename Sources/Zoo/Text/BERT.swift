public import Martlet

/// The sizes of a ``BERT``.
public struct BERTConfiguration: Sendable, Hashable {
  /// Kinds of token, positions, and segments.
  public var vocabulary, context, segments: Int
  /// Size of a token's vector, transformer blocks, heads of attention, and how many times wider the middle of a
  /// feed-forward network is.
  public var width, layers, heads, expansion: Int
  /// What norms add to the variance.
  public var epsilon: Double
  /// Whether there is a dense layer behind the first position.
  public var hasPooler: Bool

  /// A configuration of the given sizes.
  public init(
    vocabulary: Int = 30_522, context: Int = 512, segments: Int = 2, width: Int = 768, layers: Int = 12,
    heads: Int = 12, expansion: Int = 4, epsilon: Double = 1e-12, hasPooler: Bool = true
  ) {
    (self.vocabulary, self.context, self.segments) = (vocabulary, context, segments)
    (self.width, self.layers, self.heads, self.expansion) = (width, layers, heads, expansion)
    (self.epsilon, self.hasPooler) = (epsilon, hasPooler)
  }
}

/// An encoder of texts: every position sees every other.
///
/// - Note: Devlin et al., *BERT: pre-training of deep bidirectional transformers for language understanding*, NAACL 2019.
public struct BERT: Module {
  /// The sizes.
  public let configuration: BERTConfiguration
  /// What tells tokens, positions and segments apart.
  public let token, position, segment: Embedding
  /// Of their sum.
  public let norm: LayerNorm
  /// The blocks, which normalize after each part.
  public let encoder: TransformerEncoder
  /// Of the first position, with a hyperbolic tangent behind it.
  public let pooler: Dense?

  /// A model with random weights.
  public init(_ configuration: BERTConfiguration) {
    let width = configuration.width
    let small = Initializer.normal(standardDeviation: 0.02)
    self.configuration = configuration
    token = Embedding(configuration.vocabulary, width, initializer: small)
    position = Embedding(configuration.context, width, initializer: small)
    segment = Embedding(configuration.segments, width, initializer: small)
    norm = LayerNorm(width, epsilon: configuration.epsilon)
    encoder = TransformerEncoder(configuration.layers) {
      TransformerBlock(
        width, headCount: configuration.heads, expansion: configuration.expansion, normPlacement: .after,
        epsilon: configuration.epsilon, initializer: small)
    }
    pooler = configuration.hasPooler ? Dense(width, width, initializer: small) : nil
  }

  /// The vectors of all positions.
  ///
  /// - Parameters:
  ///   - tokens: `[batch, length]` of any integer type, at most `context` long.
  ///   - mask: bool `[batch, length]`, `false` where a text is filled up; all are true if nil.
  ///   - segments: `[batch, length]` of any integer type; all of the first if nil.
  /// - Returns: `[batch, length, width]`.
  public func callAsFunction(_ tokens: Tensor, mask: Tensor? = nil, segments: Tensor? = nil) -> Tensor {
    let places = position.weight.tensor[0..<tokens.shape[1]]
    let kinds = segments.map { segment($0) } ?? segment.weight.tensor[0]
    let x = norm(token(tokens) + kinds + places)
    return encoder(x, mask: mask.map { $0.expandingDimensions(at: 1).expandingDimensions(at: 1) })
  }

  /// What the pooler makes of the first position: `[batch, length, width]` gives `[batch, width]`.
  ///
  /// - Precondition: The model has a pooler.
  public func pooled(_ x: Tensor) -> Tensor {
    guard let pooler else { preconditionFailure("BERT: a model without a pooler was asked for what it pools") }
    return tanh(pooler(x[0..., 0]))
  }
}
