public import Martlet

/// A model that says which token comes next, one sequence at a time, and remembers what it has read.
public protocol LanguageModel: Module {
  /// What a sequence leaves behind for its next tokens.
  associatedtype Cache: LanguageModelCache
  /// The most tokens that the model sees at once.
  var context: Int { get }
  /// An empty memory for `capacity` positions.
  func makeCache(capacity: Int) -> Cache
  /// The logits after the last of some more tokens of one sequence.
  ///
  /// - Parameters:
  ///   - tokens: `[1, length]`; the cache has room for them.
  ///   - cache: What the sequence left so far; the tokens are added to it.
  /// - Returns: `[vocabulary]`.
  func nextLogits(after tokens: Tensor, cache: Cache) -> Tensor
}

/// The keys and values of a sequence so far.
public protocol LanguageModelCache: Module {
  /// The most positions.
  var capacity: Int { get }
  /// Forgets all positions.
  func reset()
}

extension GPTCache: LanguageModelCache {}

extension GPT: LanguageModel {
  /// The most tokens that the model sees at once.
  public var context: Int { configuration.context }
  /// An empty memory for `capacity` positions.
  public func makeCache(capacity: Int) -> GPTCache { GPTCache(configuration, capacity: capacity) }
}
