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
  private let cache: any LanguageModelCache
  private let logits: (Tensor) -> Tensor
  /// Tokens that the model has to see before it says the next one.
  private var unread: [Int32]
  /// The last tokens, read or not, at most a context of them.
  private var recent: [Int32] = []
  private var position = 0

  /// A generation that begins behind `prompt`.
  ///
  /// - Parameters:
  ///   - prompt: Of a prompt longer than the context, the end.
  ///   - capacity: The most tokens that are kept in mind; the model's context, which may be long, if nil.
  /// - Precondition: A prompt of at least one token, all of the model's vocabulary.
  public init(
    of model: some LanguageModel, after prompt: [Int32], sampling: Sampling = Sampling(), capacity: Int? = nil
  ) {
    precondition(!prompt.isEmpty, "Generation: the prompt is empty")
    let capacity = Swift.min(capacity ?? model.context, model.context)
    let cache = model.makeCache(capacity: capacity)
    self.sampling = sampling
    self.cache = cache
    unread = Array(prompt.suffix(capacity))
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
