public import MartletGraph

/// A linear map to a greater width, an activation, and one back.
public struct FeedForward: Layer {
  public let expand, contract: Dense
  public let activation: Activation

  /// - Parameters:
  ///   - width: The size of the last dimension.
  ///   - expansion: How many times wider the middle is.
  public init(
    _ width: Int, expansion: Int = 4, activation: Activation = .gelu, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil
  ) {
    (expand, contract) = withSeed(seed) {
      (
        Dense(width, width * expansion, hasBias: hasBias, initializer: initializer, dtype: dtype),
        Dense(width * expansion, width, hasBias: hasBias, initializer: initializer, dtype: dtype)
      )
    }
    self.activation = activation
  }

  /// - Parameter x: `[..., width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { contract(activation(expand(x))) }
}

/// Where a Transformer normalizes.
public enum NormPlacement: Sendable, Hashable {
  /// The input of each part, as in GPT-2 (pre-norm).
  case before
  /// The sum of each part and its input, as in the original (post-norm).
  case after
}

/// Attention and a feed-forward network, each normalized and added to its input: a block of an encoder or, if causal, of
/// a language model.
public struct TransformerBlock: Layer {
  public let attentionNorm: LayerNorm
  public let attention: MultiHeadAttention
  public let feedForwardNorm: LayerNorm
  public let feedForward: FeedForward
  public let dropout: Dropout
  public let normPlacement: NormPlacement

  /// - Parameters:
  ///   - width: The size of the last dimension, a multiple of `headCount`.
  ///   - expansion: How many times wider the feed-forward network is inside.
  ///   - dropoutProbability: Of an element of either part's result to become zero while training.
  ///   - seed: Determines initial weights and dropout; see ``withSeed(_:_:)``.
  public init(
    _ width: Int, headCount: Int, expansion: Int = 4, isCausal: Bool = false, hasBias: Bool = true,
    activation: Activation = .gelu, normPlacement: NormPlacement = .before, dropoutProbability: Double = 0,
    epsilon: Double = 1e-5, initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self.normPlacement = normPlacement
    attentionNorm = LayerNorm(width, epsilon: epsilon, hasShift: hasBias, dtype: dtype)
    feedForwardNorm = LayerNorm(width, epsilon: epsilon, hasShift: hasBias, dtype: dtype)
    (attention, feedForward, dropout) = withSeed(seed) {
      (
        MultiHeadAttention(
          width, headCount: headCount, isCausal: isCausal, hasBias: hasBias, initializer: initializer, dtype: dtype,
          fileID: fileID, line: line),
        FeedForward(
          width, expansion: expansion, activation: activation, hasBias: hasBias, initializer: initializer,
          dtype: dtype),
        Dropout(probability: dropoutProbability, fileID: fileID, line: line)
      )
    }
  }

  /// - Parameter x: `[batch, length, width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, mask: nil) }

  /// - Parameters:
  ///   - x: `[batch, length, width]`.
  ///   - mask: Of attention: added to its scores, or bool; broadcasts to `[batch, heads, length, length]`.
  ///   - cache: Keys and values of earlier positions, to which those of `x` are appended.
  /// - Returns: The shape of `x`.
  public func callAsFunction(_ x: Tensor, mask: Tensor?, cache: KeyValueCache? = nil) -> Tensor {
    if normPlacement == .after {
      let middle = attentionNorm(x + dropout(attention(x, mask: mask, cache: cache)))
      return feedForwardNorm(middle + dropout(feedForward(middle)))
    }
    let middle = x + dropout(attention(attentionNorm(x), mask: mask, cache: cache))
    return middle + dropout(feedForward(feedForwardNorm(middle)))
  }
}
