import Martlet

/// The tokens that a model says after a prompt, one after the other, without end.
///
/// ```swift
/// for token in Generation(of: model, after: prompt, sampling: sampling).prefix(200) { … }
/// ```
/// Each token costs one position, thanks to a cache of keys and values. When the model's context is full, its later half
/// is read again and the earlier one forgotten.
public struct Generation: Sequence, IteratorProtocol {
  private let sampling: Sampling
  private let cache: GPTCache
  private let logits: (Tensor) -> Tensor
  /// Tokens that the model has to see before it says the next one.
  private var unread: [Int32]
  /// The last tokens, read or not, at most a context of them.
  private var recent: [Int32] = []
  private var position = 0

  /// A generation that begins behind `prompt`.
  ///
  /// - Parameter prompt: Of a prompt longer than the context, the end.
  /// - Precondition: A prompt of at least one token, all of the model's vocabulary.
  public init(of model: GPT, after prompt: [Int32], sampling: Sampling = Sampling()) {
    precondition(!prompt.isEmpty, "Generation: the prompt is empty")
    let cache = GPTCache(model.configuration)
    self.sampling = sampling
    self.cache = cache
    unread = Array(prompt.suffix(model.configuration.context))
    logits = compiled { model.nextLogits(after: $0, cache: cache) }
  }

  /// The next token; never nil.
  public mutating func next() -> Int32? {
    recent = (recent + unread).suffix(cache.capacity)
    if position > 0 && filled + unread.count > cache.capacity { forgetHalf() }
    let input = Tensor(unread, shape: [1, unread.count])
    filled += unread.count
    let token = Int32(sampling.token(from: logits(input).scalars(as: Float.self), position: position))
    position += 1
    unread = [token]
    return token
  }

  /// Positions of the cache that are filled.
  private var filled = 0

  private mutating func forgetHalf() {
    unread = Array(recent.suffix(Swift.max(1, cache.capacity / 2)))
    filled = 0
    cache.reset()
  }
}
