import MartletData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the next token is chosen from a model's logits.
public struct Sampling: Sendable, Hashable {
  /// Divides the logits: below 1 the likely becomes likelier, 0 always takes the most probable token.
  public var temperature = 1.0
  /// Only so many of the most probable tokens are considered; nil for all.
  public var topK: Int?
  /// Only the most probable tokens that together reach this probability are considered; nil for all.
  ///
  /// Holtzman et al., *The curious case of neural text degeneration*, ICLR 2020.
  public var topP: Double?
  /// Determines the choices: the same seed, logits and position give the same token.
  public var seed: UInt64 = 0

  /// Sampling from the model's own probabilities.
  public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil, seed: UInt64 = 0) {
    (self.temperature, self.topK, self.topP, self.seed) = (temperature, topK, topP, seed)
  }

  /// The token at a position.
  ///
  /// - Precondition: At least one logit; a temperature that is not negative, `topK` at least 1 and `topP` above 0.
  public func token(from logits: [Float], position: Int) -> Int {
    precondition(!logits.isEmpty, "Sampling: there are no logits")
    precondition(temperature >= 0 && topK ?? 1 >= 1 && topP ?? 1 > 0, "Sampling: \(self) makes no sense")
    // Equal logits in the order of their tokens, so that the choice is determined.
    let order = logits.indices.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }
    if temperature == 0 { return order[0] }
    let candidates = order.prefix(topK ?? order.count)
    let peak = Double(logits[order[0]])
    var weights = candidates.map { exp((Double(logits[$0]) - peak) / temperature) }
    if let topP { weights.removeLast(weights.count - nucleusCount(weights, topP)) }
    var generator = SampleGenerator(seed: seed, epoch: 0, index: position)
    var rest = generator.unit() * weights.reduce(0, +)
    for (token, weight) in zip(candidates, weights) {
      rest -= weight
      if rest < 0 { return token }
    }
    return candidates[weights.count - 1]
  }

  /// How many of the falling weights it takes to reach a share of their sum.
  private func nucleusCount(_ weights: [Double], _ share: Double) -> Int {
    let limit = share * weights.reduce(0, +)
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += weight
      if sum >= limit { return index + 1 }
    }
    return weights.count
  }
}
